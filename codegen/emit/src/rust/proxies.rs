//! What is called and sent: proxies with a method a call, ways to get one, events and client rpcs.
//!
//! Names of calls come first: where one is called like a method that every proxy has, `at` and `deadline`, the method
//! gets an underscore, as accessors do.

use playhouse_schema::model::{Call, CallKind, Entity, Head, Member, Service, Shape};

use super::Side;
use super::entities::{KeyParam, entity_params, which};
use super::names::{Owner, ident, is_callable};
use super::properties::Claimed;
use super::scope::Scope;
use super::structs::deprecated;
use super::text::Text;

/// A slot whose component can be called: the method's name, the tag, the component's proxy.
type SlotProxy = (String, u8, String);

/// The proxy of `head`; nothing if nobody can call it.
pub(super) fn emit(
    scope: &Scope<'_>,
    text: &mut Text,
    head: &Head,
    calls: &[Call],
    slots: &[SlotProxy],
) {
    let Some(proxy) = scope.proxy(head) else {
        return;
    };
    let owner = Owner {
        name: &head.name,
        package: head.package,
        calls,
    };
    let from = scope.std("From");
    text.gap();
    text.line(&format!(
        "/// Stands for [`{}`], wherever it is: each call of the schema is a method.",
        head.name
    ));
    text.line("#[derive(Debug, Clone)]");
    text.line(&format!("pub struct {proxy}(v1::Proxy);"));
    text.gap();
    text.open(&format!("impl {from}<v1::Proxy> for {proxy} {{"));
    text.open("fn from(proxy: v1::Proxy) -> Self {");
    text.line("Self(proxy)");
    text.close("}");
    text.close("}");
    text.gap();
    text.open(&format!("impl v1::Callable for {} {{", head.name));
    text.line(&format!("type Proxy = {proxy};"));
    text.close("}");
    text.gap();

    let mut claimed = Claimed::default();
    text.open(&format!("impl {proxy} {{"));
    for call in calls.iter().filter(|call| is_callable(call)) {
        let name = claimed.claim(&call.name);
        Sending {
            scope,
            owner: &owner,
            call,
        }
        .method(text, &name);
        text.gap();
    }
    for (name, tag, component) in slots {
        let method = ident(&claimed.claim(name));
        text.line(&format!("/// The component in the slot `{name}`."));
        text.line("#[must_use]");
        text.open(&format!("pub fn {method}(&self) -> {component} {{"));
        text.line(&format!("{component}::from(self.0.slot({tag}))"));
        text.close("}");
        text.gap();
    }
    fixed(scope, text, &mut claimed);
    text.close("}");
}

/// What every proxy has.
fn fixed(scope: &Scope<'_>, text: &mut Text, claimed: &mut Claimed) {
    if scope.world.side == Side::Server {
        let at = claimed.claim("at");
        text.line(
            "/// The same at the node with this address, instead of where it would be looked for.",
        );
        text.line("#[must_use]");
        let into = scope.std("Into");
        text.open(&format!(
            "pub fn {at}(self, address: impl {into}<v1::Address>) -> Self {{"
        ));
        text.line("Self(self.0.at(address))");
        text.close("}");
        text.gap();
    }
    let deadline = claimed.claim("deadline");
    text.line("/// The same with this deadline, instead of the one in the schema.");
    text.line("#[must_use]");
    text.open(&format!(
        "pub fn {deadline}(self, deadline: ::core::time::Duration) -> Self {{"
    ));
    text.line("Self(self.0.deadline(deadline))");
    text.close("}");
}

/// The way to an entity's proxy: `of`, or `only`. `reference` is the method that makes the reference.
pub(super) fn entity_of(
    scope: &Scope<'_>,
    text: &mut Text,
    claimed: &mut Claimed,
    entity: &Entity,
    reference: &str,
) {
    let (Some(proxy), Some(params)) = (scope.proxy(&entity.head), entity_params(scope, entity))
    else {
        return;
    };
    let name = if params.is_empty() { "only" } else { "of" };
    text.gap();
    text.line(&format!("/// Stands for {}, to call it.", which(entity)));
    text.line("#[must_use]");
    let heads: Vec<String> = params.iter().map(KeyParam::head).collect();
    let names: Vec<String> = params.into_iter().map(|param| param.name).collect();
    let name = claimed.claim(name);
    text.function(
        &format!("pub fn {name}("),
        &heads,
        &format!(") -> {proxy} {{"),
    );
    text.call(&format!("let reference = Self::{reference}("), &names, ");");
    text.line(&format!(
        "{proxy}(v1::Proxy::entity(reference.into_address()))"
    ));
    text.close("}");
}

/// The ways to a service's proxy.
pub(super) fn service_ways(scope: &Scope<'_>, text: &mut Text, service: &Service) {
    let Some(proxy) = scope.proxy(&service.head) else {
        return;
    };
    let package = scope.model().packages[service.head.package.0 as usize].number;
    let numbers = format!("{package}, {}", service.number);
    text.gap();
    text.open(&format!("impl {} {{", service.head.name));
    text.line("/// Any instance, to call it.");
    text.line("#[must_use]");
    text.open(&format!("pub fn any() -> {proxy} {{"));
    text.line(&format!("{proxy}(v1::Proxy::any({numbers}))"));
    text.close("}");
    text.gap();
    text.line("/// The instance that `key` falls to, for as long as the instances stay.");
    text.line("#[must_use]");
    text.open(&format!(
        "pub fn by_key(key: &(impl ::core::hash::Hash + ?Sized)) -> {proxy} {{"
    ));
    text.line(&format!("{proxy}(v1::Proxy::by_key({numbers}, key))"));
    text.close("}");
    text.gap();
    text.line("/// The instance on the node with this address.");
    text.line("#[must_use]");
    let into = scope.std("Into");
    text.open(&format!(
        "pub fn at(address: impl {into}<v1::Address>) -> {proxy} {{"
    ));
    text.line(&format!("{proxy}(v1::Proxy::any({numbers}).at(address))"));
    text.close("}");
    text.close("}");
}

/// What an owner sends to clients, as functions of its property struct.
pub(super) fn sent(scope: &Scope<'_>, text: &mut Text, claimed: &mut Claimed, owner: &Owner<'_>) {
    if scope.world.side == Side::Client {
        return;
    }
    for call in owner.calls {
        if !matches!(call.kind, CallKind::Event | CallKind::ClientRpc) {
            continue;
        }
        text.gap();
        let name = claimed.claim(&call.name);
        Sending { scope, owner, call }.function(text, &name);
    }
}

/// A call from its caller's side.
struct Sending<'s, 'm> {
    scope: &'s Scope<'m>,
    owner: &'s Owner<'s>,
    call: &'s Call,
}

impl Sending<'_, '_> {
    /// A method of a proxy.
    fn method(&self, text: &mut Text, name: &str) {
        let (kind, args) = match self.call.kind {
            CallKind::Rpc => ("rpc", true),
            _ => ("oneway", false),
        };
        self.docs(text, kind);
        let mut params = self.params();
        params.insert(0, "&self".to_owned());
        let returned = if args {
            format!("v1::Calling<{}>", self.args_name())
        } else {
            text.line("///");
            text.line("/// # Errors");
            text.line("///");
            text.line("/// If it is known here and now that it can't arrive.");
            format!("{}<(), v1::Failure>", self.scope.std("Result"))
        };
        deprecated(text, self.call.marks.deprecated.as_deref());
        text.function(
            &format!("pub fn {}(", ident(name)),
            &params,
            &format!(") -> {returned} {{"),
        );
        text.call_with(
            &format!("self.0.{kind}("),
            self.args_name(),
            &self.fields(),
            ")",
        );
        text.close("}");
    }

    /// A function of the property struct, for what is sent to clients.
    fn function(&self, text: &mut Text, name: &str) {
        let taken = |name: &str| self.call.params.iter().any(|param| param.name == name);
        let cx = if taken("cx") { "cx__" } else { "cx" };
        let mut params = self.params();
        params.insert(0, format!("{cx}: &mut v1::Cx"));
        let is_event = self.call.kind == CallKind::Event;
        self.docs(text, if is_event { "event" } else { "client rpc" });
        deprecated(text, self.call.marks.deprecated.as_deref());
        let (tail, function, end) = if is_event {
            (") {".to_owned(), "event", ");")
        } else {
            let asking = format!(") -> v1::Asking<{}> {{", self.args_name());
            (asking, "ask", ")")
        };
        text.function(&format!("pub fn {}(", ident(name)), &params, &tail);
        let (name, fields) = (self.args_name(), self.fields());
        text.call_after(&format!("v1::{function}("), cx, name, &fields, end);
        text.close("}");
    }

    fn docs(&self, text: &mut Text, kind: &str) {
        if self.call.docs.is_empty() {
            let what = match self.call.kind {
                CallKind::Event => "Sends the",
                CallKind::ClientRpc => "Asks the client whose session is bound: the",
                _ => "The",
            };
            text.line(&format!("/// {what} {kind} `{}`.", self.call.name));
        } else {
            text.docs(&self.call.docs);
        }
    }

    fn args_name(&self) -> &str {
        self.scope.world.names.arguments(self.owner, self.call)
    }

    fn params(&self) -> Vec<String> {
        let param = |param: &Member| {
            let ty = if is_text(param) {
                format!(
                    "impl {}<{}>",
                    self.scope.std("Into"),
                    self.scope.std("String")
                )
            } else {
                self.scope.rust_type(&param.ty)
            };
            format!("{}: {ty}", ident(&param.name))
        };
        self.call.params.iter().map(param).collect()
    }

    fn fields(&self) -> Vec<String> {
        let field = |param: &Member| {
            let name = ident(&param.name);
            if is_text(param) {
                format!("{name}: {name}.into()")
            } else {
                name
            }
        };
        self.call.params.iter().map(field).collect()
    }
}

/// Whether a parameter is plain text, for which a literal should do.
fn is_text(param: &Member) -> bool {
    param.ty.shape == Shape::String && !param.ty.optional
}

/// The slots of `entity` whose components can be called.
pub(super) fn slot_proxies(scope: &Scope<'_>, entity: &Entity) -> Vec<SlotProxy> {
    let slots = entity.slots.iter().filter_map(|slot| {
        let component = &scope.model().components[slot.component.0 as usize];
        let proxy = scope.proxy(&component.head)?;
        Some((slot.name.clone(), slot.tag, proxy))
    });
    slots.collect()
}
