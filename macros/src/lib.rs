//! `#[component]`, `#[entity]`, `#[service]`, `#[rpc]` and `#[hook]`: thin over what the schema crate exports.
//!
//! The attribute knows nothing of the schema. It emits the user's item as it is, and hands what it saw of it to a
//! macro that the schema crate exports under the same name as the type; that one adds what the schema says and calls
//! `implement!`. So `use arena_schema::world::Inventory` brings both, and aliases, module paths and globs
//! work as they do for types.
//!
//! Names and numbers of arguments are judged here, on the user's tokens. Types are judged by rustc, through traits that
//! are local to each argument and say in its words what the schema wants. Each mistake is one error: what is wrong gets
//! no handler, and what the schema misses is listed once.
//!
//! Read [`component`] first, then `implement`.

mod attribute;
mod calls;
mod handler;
mod hooks;
mod implement;
mod near;
mod payload;
mod ready;
mod result;
mod seen;
mod signature;
mod slots;
mod structs;

use proc_macro::TokenStream;

use seen::Word;

/// Makes a struct fill slots of a component type, and an impl say what the component does.
///
/// On the struct, which has a field `props` of the generated type; its other fields are private state:
///
/// ```text
/// #[component(Inventory)]
/// #[derive(Default)]
/// struct InventoryLogic { props: Inventory, opened: u32 }
/// ```
///
/// On one impl of it, which holds a handler for every rpc, oneway and timer, as `#[rpc]`, and whatever hooks it likes:
///
/// ```text
/// #[component(Inventory)]
/// impl InventoryLogic {
///     #[rpc]
///     async fn trade(&mut self, cx: &mut Cx, to: Ref<Inventory>, give: Vec<Stack>)
///         -> Result<Receipt, CallError<TradeError>> { .. }
///     #[hook]
///     async fn loaded(&mut self, cx: &mut Cx) { .. }
///     fn helper(&self) { .. }
/// }
/// ```
///
/// An rpc returns its result, a `Result` of it and [`Failure`], or a `Result` of it and what the schema says it throws,
/// bare or in a [`CallError`]. Oneways and timers return nothing, or `Result<(), Failure>`.
///
/// [`Failure`]: https://docs.rs/playhouse
/// [`CallError`]: https://docs.rs/playhouse
#[proc_macro_attribute]
pub fn component(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Word::Component, arguments.into(), item.into()).into()
}

/// Makes a struct an entity, and an impl say what it does beside its components.
///
/// On the struct, the slots and what fills them; `..` fills the others with components that have no calls to handle:
///
/// ```text
/// #[entity(Avatar { bag: InventoryLogic, vault: InventoryLogic = InventoryLogic::locked(), .. })]
/// struct AvatarLogic { props: Avatar, seen: u32 }
/// ```
///
/// On one impl of it, as for [`macro@component`]. An entity that its first use makes has a hook that does so, which takes
/// the key, or implements `Default`:
///
/// ```text
/// #[entity(Avatar)]
/// impl AvatarLogic {
///     #[hook]
///     fn construct(account: AccountId) -> Self { .. }
/// }
/// ```
#[proc_macro_attribute]
pub fn entity(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Word::Entity, arguments.into(), item.into()).into()
}

/// Makes an impl serve a service. Its calls run beside one another, so handlers take `&self`.
///
/// ```text
/// #[service(Login)]
/// impl LoginLogic {
///     #[rpc]
///     async fn enter(&self, cx: &mut Cx, token: String) -> Result<Ticket, CallError<LoginError>> { .. }
/// }
/// ```
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Word::Service, arguments.into(), item.into()).into()
}

/// Marks a method that handles a call of the schema: an rpc, a oneway or a timer.
#[proc_macro_attribute]
pub fn rpc(_: TokenStream, item: TokenStream) -> TokenStream {
    attribute::stray("rpc", item.into()).into()
}

/// Marks a method that the framework calls in the life of a component or an entity: `created`, `loaded`, `attached`,
/// `lost`, `resumed`, `replaced`, `tick`, `before_save`, `moving`, `destroyed`; and an entity's `construct`.
#[proc_macro_attribute]
pub fn hook(_: TokenStream, item: TokenStream) -> TokenStream {
    attribute::stray("hook", item.into()).into()
}

/// What the schema crate's macros call, with what the schema says and what an attribute saw.
#[doc(hidden)]
#[proc_macro]
pub fn implement(input: TokenStream) -> TokenStream {
    implement::expand(input.into()).into()
}
