//! Structs, and members wherever they stand: in structs, arms and arguments.

use playhouse_schema::model::{Member, TypeDef, TypeId, Value};

use super::names::ident;
use super::scope::Scope;
use super::text::Text;
use super::values::{Place, quoted};

/// The struct `def`.
pub(super) fn emit(
    scope: &Scope<'_>,
    text: &mut Text,
    id: TypeId,
    def: &TypeDef,
    members: &[Member],
) {
    let facts = scope.world.facts.of(id);
    let name = &def.head.name;
    let redacted = def.head.marks.redact || members.iter().any(|member| member.marks.redact);
    let default = if facts.default {
        default_of(scope, members)
    } else {
        RustDefault::None
    };

    declaration_docs(text, def);
    let mut derives = Vec::new();
    if !redacted {
        derives.push("Debug");
    }
    derives.push("Clone");
    if facts.copy {
        derives.push("Copy");
    }
    if matches!(default, RustDefault::Derived) {
        derives.push("Default");
    }
    derives.push("PartialEq");
    if !facts.floats {
        derives.extend(["Eq", "Hash"]);
    }
    text.line(&format!("#[derive({})]", derives.join(", ")));
    fields(text, name, members, |member| {
        scope.held_type(id, &member.ty)
    });

    if redacted {
        text.gap();
        let shown: Vec<(&str, bool)> = members
            .iter()
            .map(|member| {
                (
                    member.name.as_str(),
                    member.marks.redact || def.head.marks.redact,
                )
            })
            .collect();
        redacted_debug(text, name, &shown);
    }
    if matches!(default, RustDefault::Written) {
        text.gap();
        default_impl(scope, text, name, members);
    }
    text.gap();
    codec_impls(scope, text, name, id, members);
    if facts.rounds {
        text.gap();
        round_impl(text, name, members);
    }
}

/// Docs, and what every declaration carries.
pub(super) fn declaration_docs(text: &mut Text, def: &TypeDef) {
    if let Some(instance) = &def.instance {
        let mut docs = def.head.docs.clone();
        if !docs.is_empty() {
            docs.push(String::new());
        }
        docs.push(format!("This is `{instance}`."));
        text.docs(&docs);
    } else {
        text.docs(&def.head.docs);
    }
    deprecated(text, def.head.marks.deprecated.as_deref());
}

/// `#[deprecated]`
pub(super) fn deprecated(text: &mut Text, note: Option<&str>) {
    match note {
        None => {}
        Some("") => text.line("#[deprecated]"),
        Some(note) => text.attribute("deprecated", &format!("note = {note:?}")),
    }
}

/// `pub struct Name { .. }`
fn fields(text: &mut Text, name: &str, members: &[Member], ty: impl Fn(&Member) -> String) {
    if members.is_empty() {
        return text.line(&format!("pub struct {name} {{}}"));
    }
    text.open(&format!("pub struct {name} {{"));
    for member in members {
        text.docs(&member.docs);
        deprecated(text, member.marks.deprecated.as_deref());
        text.broken(
            &format!("pub {}:", ident(&member.name)),
            &format!("{},", ty(member)),
        );
    }
    text.close("}");
}

/// Most members of a struct whose codec other crates may inline; for larger ones a call costs nothing to speak of.
const INLINE_MEMBERS: usize = 8;

fn inline(text: &mut Text, members: &[Member]) {
    if members.len() <= INLINE_MEMBERS {
        text.line("#[inline]");
    }
}

/// What reads, writes and checks a struct.
fn codec_impls(scope: &Scope<'_>, text: &mut Text, name: &str, id: TypeId, members: &[Member]) {
    let place = |member: &Member| Place::value(format!("self.{}", ident(&member.name)));
    text.open(&format!("impl v1::Struct for {name} {{"));
    inline(text, members);
    text.open("fn slots(&self) -> usize {");
    slot_count(scope, text, members, place);
    text.close("}");
    text.close("}");
    text.gap();

    text.open(&format!("impl v1::Encode for {name} {{"));
    inline(text, members);
    text.open("fn encode(&self, w: &mut v1::Writer) {");
    if members.is_empty() {
        text.line("w.slots(0);");
    } else {
        text.line("let mut slots = w.slots(v1::Struct::slots(self));");
        put_members(text, "slots", members, place);
    }
    text.close("}");
    text.close("}");
    text.gap();

    decode_impl(scope, text, name, Some(id), members);
    text.gap();
    check_impl(scope, text, name, Some(id), members);
}

/// What reads, writes and checks the arguments of a call: the latter two by functions that own nothing.
pub(super) fn codec_impls_with(
    scope: &Scope<'_>,
    text: &mut Text,
    name: &str,
    members: &[Member],
    encode: impl FnOnce(&mut Text),
    check: impl FnOnce(&mut Text),
) {
    text.open(&format!("impl v1::Encode for {name} {{"));
    text.open("fn encode(&self, w: &mut v1::Writer) {");
    encode(text);
    text.close("}");
    text.close("}");
    text.gap();

    decode_impl(scope, text, name, None, members);
    text.gap();

    text.open(&format!("impl v1::Check for {name} {{"));
    text.open("fn check(&self) -> v1::Result<()> {");
    check(text);
    text.close("}");
    text.close("}");
}

/// `impl v1::Decode`
fn decode_impl(
    scope: &Scope<'_>,
    text: &mut Text,
    name: &str,
    owner: Option<TypeId>,
    members: &[Member],
) {
    text.open(&format!("impl v1::Decode for {name} {{"));
    inline(text, members);
    text.open("fn decode(r: &mut v1::Reader<'_>) -> v1::Result<Self> {");
    if members.is_empty() {
        text.line("r.slots()?.end()?;");
        text.line(&format!("{}(Self {{}})", scope.std("Ok")));
    } else {
        text.line("let mut slots = r.slots()?;");
        read_members(scope, text, "let value = Self", owner, members);
        text.line("slots.end()?;");
        text.line(&format!("{}(value)", scope.std("Ok")));
    }
    text.close("}");
    text.close("}");
}

/// `impl v1::Check`
fn check_impl(
    scope: &Scope<'_>,
    text: &mut Text,
    name: &str,
    owner: Option<TypeId>,
    members: &[Member],
) {
    let bounded: Vec<&Member> = members
        .iter()
        .filter(|member| scope.world.facts.bounded(&member.ty))
        .collect();
    if bounded.is_empty() {
        return text.line(&format!("impl v1::Check for {name} {{}}"));
    }
    text.open(&format!("impl v1::Check for {name} {{"));
    text.open("fn check(&self) -> v1::Result<()> {");
    for member in bounded {
        let field = format!("&self.{}", ident(&member.name));
        check_member(scope, text, owner, None, member, field);
    }
    text.line(&format!("{}(())", scope.std("Ok")));
    text.close("}");
    text.close("}");
}

/// A statement that checks a member, to which `reference` is a reference; in `arm`, if it stands in one.
pub(super) fn check_member(
    scope: &Scope<'_>,
    text: &mut Text,
    owner: Option<TypeId>,
    arm: Option<&str>,
    member: &Member,
    reference: String,
) {
    let codec = scope.held_codec(owner, &member.ty);
    let codec = if member.ty.optional {
        format!("v1::Maybe<{codec}>")
    } else {
        codec
    };
    let mut args: Vec<String> = arm.map(quoted).into_iter().collect();
    args.extend([quoted(&member.name), reference]);
    let function = if arm.is_some() { "check_in" } else { "check" };
    text.call(&format!("v1::{function}::<{codec}>("), &args, ")?;");
}

/// The number of slots up to the last member that isn't its default, as the value of a block.
pub(super) fn slot_count(
    scope: &Scope<'_>,
    text: &mut Text,
    members: &[Member],
    place: impl Fn(&Member) -> Place,
) {
    let mut conditions = Vec::new();
    for member in members.iter().rev() {
        let Some(default) = &member.default else {
            return text.choice(&conditions, &member.tag.to_string());
        };
        let differs = scope.differs(&place(member), &member.ty, default);
        conditions.push((differs, member.tag.to_string()));
    }
    text.choice(&conditions, "0");
}

/// Puts all members into the slots that are called `slots`, gaps among them.
pub(super) fn put_members(
    text: &mut Text,
    slots: &str,
    members: &[Member],
    place: impl Fn(&Member) -> Place,
) {
    let mut position = 1;
    for member in members {
        for _ in position..member.tag {
            text.line(&format!("{slots}.gap();"));
        }
        position = member.tag + 1;
        text.line(&format!("{slots}.put({});", place(member).by_ref()));
    }
}

/// `head { .. };`, each member read from `slots`. Gaps are passed over between, so that they stand in blocks.
pub(super) fn read_members(
    scope: &Scope<'_>,
    text: &mut Text,
    head: &str,
    owner: Option<TypeId>,
    members: &[Member],
) {
    let mut position = 1;
    text.open(&format!("{head} {{"));
    for member in members {
        let name = ident(&member.name);
        let gaps = member.tag - position;
        position = member.tag + 1;
        let skip = match gaps {
            0 => String::new(),
            1 => ".gap()?".to_owned(),
            gaps => format!(".gaps({gaps})?"),
        };
        let (link, args) = read_member(scope, owner, member);
        text.method(&format!("{name}: slots"), &skip, &link, &args, ")?,");
    }
    text.close("};");
}

/// How a member is read: a method of the slots up to its arguments, and these.
fn read_member(scope: &Scope<'_>, owner: Option<TypeId>, member: &Member) -> (String, Vec<String>) {
    let ty = &member.ty;
    let codec = scope.held_codec(owner, ty);
    let mut args = vec![quoted(&member.name)];
    let method = match &member.default {
        None => "required",
        Some(Value::None) => "optional",
        Some(default) => match scope.cost(ty, default) {
            Some(cost) => {
                let value = scope.value(ty, default);
                let make = match value.strip_suffix("()") {
                    Some(path) if !path.contains(['(', '"']) => path.to_owned(),
                    _ => format!("|| {value}"),
                };
                args.extend([make, cost]);
                "or_else"
            }
            None if scope.is_rust_default(ty, default) => "or_default",
            None => {
                args.push(scope.value(ty, default));
                "or"
            }
        },
    };
    (format!(".{method}::<{codec}>("), args)
}

/// Whether and how a struct has a default.
enum RustDefault {
    None,
    Derived,
    Written,
}

fn default_of(scope: &Scope<'_>, members: &[Member]) -> RustDefault {
    let derived = members.iter().all(|member| {
        member
            .default
            .as_ref()
            .is_some_and(|default| scope.is_rust_default(&member.ty, default))
    });
    if derived {
        RustDefault::Derived
    } else {
        RustDefault::Written
    }
}

fn default_impl(scope: &Scope<'_>, text: &mut Text, name: &str, members: &[Member]) {
    text.open(&format!("impl {} for {name} {{", scope.std("Default")));
    text.open("fn default() -> Self {");
    let fields: Vec<String> = members
        .iter()
        .filter_map(|member| {
            let value = scope.value(&member.ty, member.default.as_ref()?);
            Some(format!("{}: {value}", ident(&member.name)))
        })
        .collect();
    text.literal("Self", &fields, "");
    text.close("}");
    text.close("}");
}

/// `Debug` that shows `(redacted)` in place of marked fields.
pub(super) fn redacted_debug(text: &mut Text, name: &str, fields: &[(&str, bool)]) {
    text.open(&format!("impl ::core::fmt::Debug for {name} {{"));
    text.open("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {");
    let fields: Vec<String> = fields
        .iter()
        .map(|(field, redacted)| {
            let value = if *redacted {
                "&v1::Redacted".to_owned()
            } else {
                format!("&self.{}", ident(field))
            };
            format!("{field:?}, {value}")
        })
        .collect();
    shown(text, "struct", name, &fields, "finish");
    text.close("}");
    text.close("}");
}

/// Statements that show fields, one each: a chain of calls would have to be laid out by its width.
pub(super) fn shown(text: &mut Text, kind: &str, name: &str, fields: &[String], finish: &str) {
    text.line(&format!("let mut shown = f.debug_{kind}({name:?});"));
    for field in fields {
        text.line(&format!("shown.field({field});"));
    }
    text.line(&format!("shown.{finish}()"));
}

fn round_impl(text: &mut Text, name: &str, members: &[Member]) {
    text.open(&format!("impl v1::Round for {name} {{"));
    text.open("fn rounded(&self, step: f64) -> Self {");
    let fields: Vec<String> = members
        .iter()
        .map(|member| {
            let name = ident(&member.name);
            format!("{name}: v1::Round::rounded(&self.{name}, step)")
        })
        .collect();
    text.literal("Self", &fields, "");
    text.close("}");
    text.close("}");
}
