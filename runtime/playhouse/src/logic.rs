//! What user code is to the host: components, entities and services with their handlers and hooks.
//!
//! Nobody implements these by hand: `#[component]`, `#[entity]` and `#[service]` do, from the user's struct (what it
//! is) and the user's impl (what it does). Generated code implements the `...Schema` traits.

use std::any::Any;
use std::cell::RefCell;

use playhouse_wire::EntityKey;

use crate::call::{Arguments, Failure, Rpc};
use crate::descriptor;
use crate::document::UpgradeHook;
use crate::host::{Cx, EntitySlots, Refusal};
use crate::properties::Properties;

/// A component of the schema. Generated code implements it for the property struct.
pub trait ComponentSchema: Properties + Sized + 'static {
    /// What the schema says.
    fn descriptor() -> &'static descriptor::Component;
}

/// An entity type of the schema. Generated code implements it for the property struct.
pub trait EntitySchema: Properties + Sized + 'static {
    /// What tells one from another: the key's type, several as a tuple; a number for `instance`, the node's name for
    /// `per_node`, nothing for `singleton` and `local`.
    type Key;

    /// What the schema says.
    fn descriptor() -> &'static descriptor::Entity;

    /// The key of these parts, if they are of its types.
    fn key(key: &EntityKey) -> Option<Self::Key>;
}

/// An entity type with a slot of this tag. Generated code implements it for the entity's property struct.
pub trait HasSlot<const TAG: u8> {
    /// The property struct of the component that fills it.
    type Component: ComponentSchema;
}

/// A service of the schema. Generated code implements it for a unit struct.
pub trait ServiceSchema: Sized + 'static {
    /// What the schema says.
    fn descriptor() -> &'static descriptor::Service;
}

/// A user's struct that fills slots of a component type: `#[component(Inventory)]` on the struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    label = "needs `#[component(..)]` on its struct",
    note = "the attribute names a component of the schema, on the struct and on its impl"
)]
pub trait Component: Sized + 'static {
    /// The property struct.
    type Schema: ComponentSchema;

    /// The field `props`.
    fn properties(&self) -> &Self::Schema;

    /// The field `props`.
    fn properties_mut(&mut self) -> &mut Self::Schema;
}

/// What a component does, from [`Hooks`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a component",
    label = "needs `#[component(..)]` on its struct",
    note = "the attribute names a component of the schema, on the struct and on its impl"
)]
pub trait ComponentCalls: Component + Hooks {
    /// Hands every handler to `calls`.
    fn register(calls: &mut impl Calls<Self>) {
        Self::handlers(calls);
    }
}

/// A user's struct that is an entity: `#[entity(Avatar { .. })]` on the struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    label = "needs `#[entity(..)]` on its struct",
    note = "the attribute names an entity of the schema, on the struct and on its impl"
)]
pub trait Entity: Sized + 'static {
    /// The property struct.
    type Schema: EntitySchema;
    /// Its components, each in a cell of its own.
    type Slots: Slots;

    /// The field `props`.
    fn properties(&self) -> &Self::Schema;

    /// The field `props`.
    fn properties_mut(&mut self) -> &mut Self::Schema;

    /// Components as an entity begins with them.
    fn slots() -> Self::Slots;

    /// Hands every slot to `slots`, in order of activation: what a component requires comes before it.
    fn register_slots(slots: &mut EntitySlots<'_, Self>);
}

/// What an entity does beside its components, from [`Hooks`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    label = "needs `#[entity(..)]` on its struct",
    note = "the attribute names an entity of the schema, on the struct and on its impl"
)]
pub trait EntityCalls: Entity + Hooks {
    /// Hands every handler to `calls`.
    fn register(calls: &mut impl Calls<Self>) {
        Self::handlers(calls);
    }

    /// The entity with this key, for those that their first use makes; none for others, and for a key of other types.
    #[must_use]
    fn construct(key: &EntityKey) -> Option<Self> {
        Self::from_key(key)
    }
}

/// An entity that is made without its key. `#[entity]` asks for it where the user wrote no `construct`.
#[diagnostic::on_unimplemented(
    message = "nothing makes a `{Self}` when its entity is first used",
    label = "needs the hook `construct`, or `Default`",
    note = "add `#[hook] fn construct(key) -> Self` to this impl, or `#[derive(Default)]` to the struct"
)]
pub trait Made: Sized {
    /// A new one.
    fn made() -> Self;
}

#[diagnostic::do_not_recommend]
impl<L: Default> Made for L {
    fn made() -> Self {
        Self::default()
    }
}

/// A user's struct that serves a service: `#[service(Login)]` on the struct's impl.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "needs an impl with `#[service(..)]`",
    note = "the attribute names a service of the schema"
)]
pub trait Service: Sized + 'static {
    /// The unit struct that stands for it.
    type Schema: ServiceSchema;

    /// Hands every handler to `calls`.
    fn register(calls: &mut impl ServiceCalls<Self>);
}

/// Takes the handlers of a component or an entity.
///
/// `ready`: the handler never waits, so it is polled where it stands and needs no memory of its own.
pub trait Calls<L> {
    /// The handler of an rpc.
    fn rpc<A: Rpc, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static;

    /// The handler of a oneway.
    fn oneway<A: Arguments, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static;

    /// The handler of a timer.
    fn timer<A: Arguments, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static;
}

/// Takes the handlers of a service, whose calls run beside one another on `&self`.
pub trait ServiceCalls<L> {
    /// The handler of an rpc.
    fn rpc<A: Rpc, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&L, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static;

    /// The handler of a oneway.
    fn oneway<A: Arguments, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static;
}

/// What the framework tells a component or an entity about its life. Each hook is `#[hook]` in the user's impl.
///
/// `#[component(Inventory)]` or `#[entity(Avatar)]` on the impl implements it, with the handlers: one trait for all that
/// the impl says, so that a second such impl is one error. Components are told in the order of what they require, the entity last; of endings the other way round.
#[diagnostic::on_unimplemented(
    message = "nothing says what `{Self}` does",
    label = "has no impl with an attribute",
    note = "add an impl with the same attribute as the struct, empty if there are no calls to handle"
)]
#[expect(
    async_fn_in_trait,
    reason = "entities stay on their shard: nothing here is sent"
)]
pub trait Hooks: Sized + 'static {
    /// Which of them the user wrote; the others cost nothing.
    const WRITTEN: HookSet = HookSet::NONE;

    /// Brings a document that an older release of the schema wrote to this one, before there is an entity: `#[hook] fn
    /// upgrade(draft: &mut Draft<'_>, from: u32) -> Result<(), Misfit>`, where `from` is that release. See
    /// [`document`](crate::document).
    const UPGRADE: Option<UpgradeHook> = None;

    /// Hands every handler to `calls`.
    fn handlers(_calls: &mut impl Calls<Self>) {}

    /// Whether [`from_key`](Self::from_key) makes it.
    const COMES_BACK: bool = false;

    /// The entity with this key; see [`EntityCalls::construct`].
    #[must_use]
    fn from_key(_key: &EntityKey) -> Option<Self> {
        None
    }

    /// The entity exists for the first time: nothing was saved of it. After a crash before its first save it runs again.
    async fn created(&mut self, _cx: &mut Cx) {}
    /// The entity is live, its state there; the first call comes after this.
    async fn loaded(&mut self, _cx: &mut Cx) {}
    /// A client's session is bound to the entity.
    async fn attached(&mut self, _cx: &mut Cx) {}
    /// The client's link is gone; it may resume.
    async fn lost(&mut self, _cx: &mut Cx) {}
    /// The client came back to the same session.
    async fn resumed(&mut self, _cx: &mut Cx) {}
    /// A second login took over.
    async fn replaced(&mut self, _cx: &mut Cx) {}
    /// A fixed step of an entity with `@tick`; `step` counts from 1.
    async fn tick(&mut self, _cx: &mut Cx, _step: u64) {}
    /// The state is about to be saved: at its interval, when the client is lost, when the node stops. Not by
    /// [`Cx::save`], whose handler brings its own state into order.
    async fn before_save(&mut self, _cx: &mut Cx) {}
    /// A durable oneway that this part sent will never take effect: give back what it took. What this changes is saved with
    /// the end of the message, once.
    async fn refused(&mut self, _cx: &mut Cx, _refusal: Refusal) {}
    /// The entity is about to move to another node.
    async fn moving(&mut self, _cx: &mut Cx) {}
    /// The entity ends: it was destroyed, or its node stops and nothing of it is saved.
    async fn destroyed(&mut self, _cx: &mut Cx) {}
}

/// A hook by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
#[expect(
    missing_docs,
    reason = "each stands for the method of `Hooks` of its name"
)]
pub enum Hook {
    Created = 1,
    Loaded = 2,
    Attached = 4,
    Lost = 8,
    Resumed = 16,
    Replaced = 32,
    Tick = 64,
    BeforeSave = 128,
    Moving = 256,
    Destroyed = 512,
    Refused = 1024,
}

/// A set of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HookSet(u16);

impl HookSet {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// With this one.
    #[must_use]
    pub const fn with(self, hook: Hook) -> Self {
        Self(self.0 | hook as u16)
    }

    /// With those of `other` too.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `hook` is among them.
    #[must_use]
    pub const fn has(self, hook: Hook) -> bool {
        self.0 & hook as u16 != 0
    }
}

/// The components of an entity. `#[entity]` implements it.
pub trait Slots: 'static {
    /// The slot with this tag, a [`Slot`] of what fills it.
    fn get(&self, tag: u8) -> Option<&dyn Any>;
}

/// A component in its slot.
#[derive(Debug, Default)]
pub struct Slot<L>(pub(crate) RefCell<L>);

impl<L> Slot<L> {
    /// A slot filled with this.
    pub const fn new(logic: L) -> Self {
        Self(RefCell::new(logic))
    }
}
