//! What the schema crate says about a component, an entity or a service: the first group of `implement!`.
//!
//! ```text
//! { entity keyed "Avatar" "idl/world.idl" 15
//!   [ { rpc 1 rename 38 "rpc 1 rename(name: Name) throws NameError" [ name "Name", ] "Result<(), CallError<NameError>>" } .. ]
//!   [ { 1 transform 16 "Transform" } .. ] }
//! ```
//!
//! Types are texts, for messages: what they are is found through the user's own path.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr, Result, Token, braced, bracketed};

/// A component, an entity or a service of the schema.
#[derive(Debug)]
pub(crate) struct Owner {
    /// What it is.
    pub(crate) kind: OwnerKind,
    /// Its name in the schema.
    name: String,
    /// The `.idl` file.
    file: String,
    /// The line of its declaration.
    line: u32,
    /// Its calls: those that the server handles, and those that it sends.
    pub(crate) calls: Vec<Call>,
    /// Its slots, in order of activation.
    pub(crate) slots: Vec<Slot>,
}

/// What has calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerKind {
    Component,
    Service,
    Entity(EntityKind),
}

/// How an entity comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntityKind {
    Keyed,
    Instance,
    Singleton,
    PerNode,
    Local,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) tag: u8,
    /// As in Rust, raw if it must be.
    pub(crate) name: Ident,
    pub(crate) line: u32,
    /// As the schema writes it.
    pub(crate) text: String,
    pub(crate) arguments: Vec<Argument>,
    /// The Rust type of the handler's result, in full.
    pub(crate) result: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    Rpc,
    Oneway,
    Timer,
    /// Sent by the server.
    Event,
    /// Asked by the server, answered by the client.
    Client,
}

/// An argument: its name and its Rust type.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) ty: String,
}

/// A slot of an entity.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) tag: u8,
    pub(crate) name: Ident,
    pub(crate) line: u32,
    pub(crate) component: String,
}

impl Owner {
    /// ``component `Inventory` ``
    pub(crate) fn title(&self) -> String {
        format!("{} `{}`", self.kind.word(), self.name)
    }

    /// Its name in the schema.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `idl/world.idl:34`, of the declaration itself.
    pub(crate) fn place(&self) -> String {
        self.place_of(self.line)
    }

    /// `idl/world.idl:41`
    pub(crate) fn place_of(&self, line: u32) -> String {
        format!("{}:{line}", self.file)
    }

    /// The receiver of its handlers.
    pub(crate) fn receiver(&self) -> &'static str {
        match self.kind {
            OwnerKind::Service => "&self",
            OwnerKind::Component | OwnerKind::Entity(_) => "&mut self",
        }
    }

    /// A handler of `call`, as the user would write it.
    pub(crate) fn signature(&self, call: &Call) -> String {
        let mut text = format!("async fn {}({}, cx: &mut Cx", call.name, self.receiver());
        for argument in &call.arguments {
            text.push_str(&format!(", {}: {}", argument.name, argument.ty));
        }
        text.push(')');
        if call.result != "()" {
            text.push_str(" -> ");
            text.push_str(&call.result);
        }
        text
    }
}

impl OwnerKind {
    /// As the attribute is called.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Service => "service",
            Self::Entity(_) => "entity",
        }
    }

    /// With its article.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Component => "a component",
            Self::Service => "a service",
            Self::Entity(_) => "an entity",
        }
    }
}

impl EntityKind {
    /// Whether a first use, or the start of a node, makes it.
    pub(crate) const fn makes_itself(self) -> bool {
        matches!(self, Self::Keyed | Self::Singleton | Self::PerNode)
    }
}

impl Call {
    /// Its name, without `r#`.
    pub(crate) fn bare_name(&self) -> String {
        self.name.unraw().to_string()
    }

    /// Whether the user writes a handler.
    pub(crate) const fn is_handled(&self) -> bool {
        matches!(
            self.kind,
            CallKind::Rpc | CallKind::Oneway | CallKind::Timer
        )
    }

    /// Whether it throws an error of the schema.
    pub(crate) fn throws(&self) -> bool {
        self.result.contains("CallError<")
    }
}

impl CallKind {
    /// As the schema calls it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Oneway => "oneway",
            Self::Timer => "timer",
            Self::Event => "event",
            Self::Client => "client rpc",
        }
    }

    /// With its article.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Rpc => "an rpc",
            Self::Oneway => "a oneway",
            Self::Timer => "a timer",
            Self::Event => "an event",
            Self::Client => "a client rpc",
        }
    }
}

impl Parse for Owner {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let owner;
        braced!(owner in input);
        let kind = owner.parse()?;
        let name = owner.parse::<LitStr>()?.value();
        let file = owner.parse::<LitStr>()?.value();
        let line = number(&owner)?;
        let (call_list, slot_list);
        bracketed!(call_list in owner);
        bracketed!(slot_list in owner);
        Ok(Self {
            kind,
            name,
            file,
            line,
            calls: all(&call_list)?,
            slots: all(&slot_list)?,
        })
    }
}

impl Parse for OwnerKind {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "component" => Ok(Self::Component),
            "service" => Ok(Self::Service),
            "entity" => input.parse().map(Self::Entity),
            _ => Err(stale(&word)),
        }
    }
}

impl Parse for EntityKind {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let word: Ident = input.parse()?;
        Ok(match word.to_string().as_str() {
            "keyed" => Self::Keyed,
            "instance" => Self::Instance,
            "singleton" => Self::Singleton,
            "per_node" => Self::PerNode,
            "local" => Self::Local,
            _ => return Err(stale(&word)),
        })
    }
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let call;
        braced!(call in input);
        let kind = call.parse()?;
        let tag = number(&call)?;
        let name = call.call(Ident::parse_any)?;
        let line = number(&call)?;
        let text = call.parse::<LitStr>()?.value();
        let argument_list;
        bracketed!(argument_list in call);
        Ok(Self {
            kind,
            tag,
            name,
            line,
            text,
            arguments: all(&argument_list)?,
            result: call.parse::<LitStr>()?.value(),
        })
    }
}

impl Parse for CallKind {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let word: Ident = input.parse()?;
        Ok(match word.to_string().as_str() {
            "rpc" => Self::Rpc,
            "oneway" => Self::Oneway,
            "timer" => Self::Timer,
            "event" => Self::Event,
            "client" => Self::Client,
            _ => return Err(stale(&word)),
        })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let ty = input.parse::<LitStr>()?.value();
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { name, ty })
    }
}

impl Parse for Slot {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let slot;
        braced!(slot in input);
        Ok(Self {
            tag: number(&slot)?,
            name: slot.call(Ident::parse_any)?,
            line: number(&slot)?,
            component: slot.parse::<LitStr>()?.value(),
        })
    }
}

fn number<N>(input: ParseStream<'_>) -> Result<N>
where
    N: std::str::FromStr<Err: std::fmt::Display>,
{
    input.parse::<LitInt>()?.base10_parse()
}

fn all<T: Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let mut list = Vec::new();
    while !input.is_empty() {
        list.push(input.parse()?);
    }
    Ok(list)
}

fn stale(word: &Ident) -> syn::Error {
    syn::Error::new(
        word.span(),
        format!(
            "the schema crate says `{word}`, which this version of `playhouse` does not know: \
             generate it again with `playhouse gen`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(text: &str) -> Result<Owner> {
        syn::parse_str(text)
    }

    #[test]
    fn an_entity_has_calls_and_slots() {
        let owner = owner(
            r#"{
                entity keyed "Avatar" "idl/world.idl" 15
                [
                    { rpc 1 rename 38 "rpc 1 rename(name: Name) throws NameError" [ name "Name", ]
                      "Result<(), CallError<NameError>>" }
                    { event 4 said 41 "event 4 said(line: string)" [ line "String", ] "()" }
                    { oneway 200 r#type 43 "oneway 200 type()" [ ] "()" }
                    { client 3 confirm 45 "client rpc 3 confirm() -> bool" [] "Result<bool, Failure>" }
                    { timer 5 spoil 47 "timer 5 spoil(a: u8, b: u8)" [ a "u8", b "u8", ] "()" }
                ]
                [ { 1 transform 16 "Transform" } { 2 bag 17 "Inventory" } ]
            }"#,
        )
        .expect("an owner");
        assert_eq!(owner.title(), "entity `Avatar`");
        assert_eq!(owner.place(), "idl/world.idl:15");
        assert_eq!(owner.kind, OwnerKind::Entity(EntityKind::Keyed));
        let handled: Vec<String> = owner
            .calls
            .iter()
            .filter(|call| call.is_handled())
            .map(|call| owner.signature(call))
            .collect();
        assert_eq!(
            handled,
            [
                "async fn rename(&mut self, cx: &mut Cx, name: Name) -> Result<(), CallError<NameError>>",
                "async fn r#type(&mut self, cx: &mut Cx)",
                "async fn spoil(&mut self, cx: &mut Cx, a: u8, b: u8)",
            ]
        );
        assert!(owner.calls[0].throws() && !owner.calls[3].throws());
        assert_eq!(owner.calls[2].bare_name(), "type");
        let slots: Vec<(u8, String, &str)> = owner
            .slots
            .iter()
            .map(|slot| (slot.tag, slot.name.to_string(), slot.component.as_str()))
            .collect();
        assert_eq!(
            slots,
            [
                (1, "transform".to_owned(), "Transform"),
                (2, "bag".to_owned(), "Inventory"),
            ]
        );
    }

    #[test]
    fn handlers_of_a_service_share_it() {
        let owner = owner(
            r#"{ service "Login" "a.idl" 1 [ { rpc 1 enter 2 "rpc" [ ] "Result<(), Failure>" } ] [] }"#,
        )
        .expect("an owner");
        let signature = owner.signature(&owner.calls[0]);
        assert_eq!(
            signature,
            "async fn enter(&self, cx: &mut Cx) -> Result<(), Failure>"
        );
    }

    #[test]
    fn what_a_later_generator_says_is_refused_with_a_hint() {
        for text in [
            r#"{ saga "A" "a.idl" 1 [] [] }"#,
            r#"{ entity roaming "A" "a.idl" 1 [] [] }"#,
            r#"{ service "A" "a.idl" 1 [ { stream 1 a 2 "" [] "()" } ] [] }"#,
        ] {
            let error = owner(text).expect_err(text).to_string();
            assert!(error.contains("playhouse gen"), "{text}: {error}");
        }
        for text in [
            "",
            "{ }",
            r#"{ component "A" "a.idl" 1 [] }"#,
            r#"{ component 1 }"#,
        ] {
            assert!(owner(text).is_err(), "{text}");
        }
    }
}
