//! The arguments of calls: a struct for who receives them, functions for who sends them, and by the struct all that is
//! known of the call.

use playhouse_schema::model::{Call, CallKind, Member, Shape, Type};

use super::names::{Owner, ident};
use super::scope::Scope;
use super::structs::{codec_impls_with, deprecated, put_members, redacted_debug, slot_count};
use super::text::Text;
use super::values::{Place, quoted};

/// The arguments of all calls of `owner`, whose descriptor is `descriptor`.
pub(super) fn emit(scope: &Scope<'_>, text: &mut Text, owner: &Owner<'_>, descriptor: &str) {
    for (index, call) in owner.calls.iter().enumerate() {
        text.gap();
        let name = scope.world.names.arguments(owner, call);
        Arguments {
            scope,
            owner,
            call,
            name,
        }
        .emit(text, descriptor, index);
    }
}

struct Arguments<'s, 'm> {
    scope: &'s Scope<'m>,
    owner: &'s Owner<'m>,
    call: &'s Call,
    name: &'s str,
}

impl Arguments<'_, '_> {
    fn emit(&self, text: &mut Text, descriptor: &str, index: usize) {
        self.definition(text);
        text.gap();
        self.functions(text);
        text.gap();
        let params = &self.call.params;
        codec_impls_with(
            self.scope,
            text,
            self.name,
            params,
            |text| {
                let mut args: Vec<String> = params.iter().map(|param| self.lent(param)).collect();
                args.insert(0, "w".to_owned());
                text.call("Self::encode_from(", &args, ");");
            },
            |text| {
                let args: Vec<String> = params.iter().map(|param| self.lent(param)).collect();
                text.call("Self::check_from(", &args, ")");
            },
        );
        text.gap();
        self.arguments_impl(text, descriptor, index);
        text.gap();
        text.open(&format!(
            "impl v1::HasCall<{}> for {} {{",
            self.call.tag, self.owner.name
        ));
        text.line(&format!("type Args = {};", self.name));
        text.close("}");
        if matches!(self.call.kind, CallKind::Rpc | CallKind::ClientRpc) {
            text.gap();
            self.rpc_impl(text);
        }
    }

    fn arguments_impl(&self, text: &mut Text, descriptor: &str, index: usize) {
        let params = &self.call.params;
        text.open(&format!("impl v1::Arguments for {} {{", self.name));
        text.line(&format!("const TAG: u8 = {};", self.call.tag));
        text.gap();
        text.line(&format!("type Owner = {};", self.owner.name));
        let types: Vec<String> = params
            .iter()
            .map(|param| self.scope.rust_type(&param.ty))
            .collect();
        text.tuple("type Parts =", &types, ";");
        text.gap();
        let fields: Vec<String> = params
            .iter()
            .map(|param| format!("self.{}", ident(&param.name)))
            .collect();
        if fields.is_empty() {
            text.line("fn into_parts(self) -> Self::Parts {}");
        } else {
            text.open("fn into_parts(self) -> Self::Parts {");
            text.tuple("", &fields, "");
            text.close("}");
        }
        text.gap();
        text.open("fn call() -> &'static v1::descriptor::Call {");
        text.line(&format!("&descriptor::{descriptor}.calls[{index}]"));
        text.close("}");
        text.close("}");
    }

    fn rpc_impl(&self, text: &mut Text) {
        let scope = self.scope;
        let (output, codec) = match &self.call.result {
            Some(ty) => (scope.rust_type(ty), scope.codec(ty)),
            None => ("()".to_owned(), "()".to_owned()),
        };
        let fault = match self.call.throws {
            Some(id) => {
                let error = scope.declared(&scope.model().type_def(id).head);
                format!("v1::CallError<{error}>")
            }
            None => "v1::Failure".to_owned(),
        };
        text.open(&format!("impl v1::Rpc for {} {{", self.name));
        text.line(&format!("type Output = {output};"));
        text.line(&format!("type Codec = {codec};"));
        text.line(&format!("type Fault = {fault};"));
        text.close("}");
    }

    fn definition(&self, text: &mut Text) {
        let (scope, params) = (self.scope, &self.call.params);
        let kind = match self.call.kind {
            CallKind::Rpc => "rpc",
            CallKind::Oneway => "oneway",
            CallKind::Event => "event",
            CallKind::Timer => "timer",
            CallKind::ClientRpc => "client rpc",
        };
        let mut docs = vec![format!(
            "The arguments of {kind} `{}` of [`{}`].",
            self.call.name, self.owner.name
        )];
        if !self.call.docs.is_empty() {
            docs.push(String::new());
            docs.extend(self.call.docs.iter().cloned());
        }
        text.docs(&docs);
        deprecated(text, self.call.marks.deprecated.as_deref());
        let redacted = self.call.marks.redact || params.iter().any(|param| param.marks.redact);
        let debug = if redacted { "" } else { "Debug, " };
        let floats = params
            .iter()
            .any(|param| scope.world.facts.floats(&param.ty));
        let exact = if floats { "" } else { ", Eq, Hash" };
        text.line(&format!("#[derive({debug}Clone, PartialEq{exact})]"));
        if params.is_empty() {
            text.line(&format!("pub struct {} {{}}", self.name));
        } else {
            text.open(&format!("pub struct {} {{", self.name));
            for param in params {
                text.docs(&param.docs);
                deprecated(text, param.marks.deprecated.as_deref());
                let ty = format!("{},", scope.rust_type(&param.ty));
                text.broken(&format!("pub {}:", ident(&param.name)), &ty);
            }
            text.close("}");
        }
        if redacted {
            text.gap();
            let fields: Vec<(&str, bool)> = params
                .iter()
                .map(|param| {
                    (
                        param.name.as_str(),
                        self.call.marks.redact || param.marks.redact,
                    )
                })
                .collect();
            redacted_debug(text, self.name, &fields);
        }
    }

    /// `encode_from` and `check_from`, for senders that own nothing.
    fn functions(&self, text: &mut Text) {
        let (scope, params) = (self.scope, &self.call.params);
        let free = |wanted: &str| {
            let taken = params.iter().any(|param| param.name == wanted);
            if taken {
                format!("{wanted}__")
            } else {
                wanted.to_owned()
            }
        };
        let (w, slots) = (free("w"), free("slots"));
        let lent: Vec<String> = params
            .iter()
            .map(|param| format!("{}: {}", ident(&param.name), self.lent_type(&param.ty)))
            .collect();

        text.open(&format!("impl {} {{", self.name));
        text.line("/// Writes the arguments, of which nothing need be owned.");
        let mut encode_params = lent.clone();
        encode_params.insert(0, format!("{w}: &mut v1::Writer"));
        text.function("pub fn encode_from(", &encode_params, ") {");
        let place = |param: &Member| self.place(param);
        match params.last() {
            None => text.line(&format!("{w}.slots(0);")),
            Some(last) => {
                if last.default.is_some() {
                    let mut count = Text::default();
                    slot_count(scope, &mut count, params, place);
                    let name = free("count");
                    text.value(&format!("let {name} ="), &count.into_string());
                    text.line(&format!("let mut {slots} = {w}.slots({name});"));
                } else {
                    text.line(&format!("let mut {slots} = {w}.slots({});", last.tag));
                }
                put_members(text, &slots, params, place);
            }
        }
        text.close("}");
        text.gap();

        text.line("/// Holds the arguments to their bounds.");
        text.line("///");
        text.line("/// # Errors");
        text.line("///");
        text.line("/// The first bound that is broken, and where.");
        let bounded: Vec<&Member> = params
            .iter()
            .filter(|param| scope.world.facts.bounded(&param.ty))
            .collect();
        let unused = |param: &Member| !scope.world.facts.bounded(&param.ty);
        let check_params: Vec<String> = params
            .iter()
            .map(|param| {
                let name = if unused(param) {
                    "_".to_owned()
                } else {
                    ident(&param.name)
                };
                format!("{name}: {}", self.lent_type(&param.ty))
            })
            .collect();
        text.function("pub fn check_from(", &check_params, ") -> v1::Result<()> {");
        for param in bounded {
            self.check(text, param);
        }
        text.line(&format!("{}(())", scope.std("Ok")));
        text.close("}");
        text.close("}");
    }

    fn check(&self, text: &mut Text, param: &Member) {
        let name = ident(&param.name);
        let codec = self.scope.plain_codec(&param.ty);
        let copy = self.scope.world.facts.copy(&param.ty);
        let (function, reference) = match (param.ty.optional, copy) {
            (true, true) => ("check_optional", format!("{name}.as_ref()")),
            (true, false) => ("check_optional", name),
            (false, true) => ("check", format!("&{name}")),
            (false, false) => ("check", name),
        };
        let args = [quoted(&param.name), reference];
        text.call(&format!("v1::{function}::<{codec}>("), &args, ")?;");
    }

    /// The type of a parameter that isn't owned.
    fn lent_type(&self, ty: &Type) -> String {
        let scope = self.scope;
        if scope.world.facts.copy(ty) {
            return scope.rust_type(ty);
        }
        let lent = match &ty.shape {
            Shape::String => "&str".to_owned(),
            Shape::List(element) => format!("&[{}]", scope.rust_type(element)),
            _ => format!("&{}", scope.plain_type(ty)),
        };
        if ty.optional {
            format!("{}<{lent}>", scope.std("Option"))
        } else {
            lent
        }
    }

    /// How `encode_from` reaches a parameter.
    fn place(&self, param: &Member) -> Place {
        let name = ident(&param.name);
        if param.ty.optional || self.scope.world.facts.copy(&param.ty) {
            Place::value(name)
        } else {
            Place::reference(name)
        }
    }

    /// A field of the struct, lent.
    fn lent(&self, param: &Member) -> String {
        let field = format!("self.{}", ident(&param.name));
        let sliced = matches!(param.ty.shape, Shape::String | Shape::List(_));
        match (self.scope.world.facts.copy(&param.ty), param.ty.optional) {
            (true, _) => field,
            (false, false) => format!("&{field}"),
            (false, true) if sliced => format!("{field}.as_deref()"),
            (false, true) => format!("{field}.as_ref()"),
        }
    }
}
