//! Unions and errors.

mod debug;
mod errors;

use playhouse_schema::model::{Arm, ArmBody, Member, Type, TypeDef, TypeId};

use super::names::{ident, variant};
use super::scope::Scope;
use super::structs::{
    check_member, declaration_docs, deprecated, put_members, read_members, slot_count,
};
use super::text::Text;
use super::values::{Place, quoted};

/// The union or error `def`.
pub(super) struct Union<'m> {
    pub(super) id: TypeId,
    pub(super) def: &'m TypeDef,
    pub(super) arms: &'m [Arm],
    pub(super) closed: bool,
    pub(super) is_error: bool,
}

/// Writes a union or error out.
pub(super) fn emit(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    definition(scope, text, union);
    if is_redacted(union) {
        text.gap();
        debug::debug_impl(text, union);
    }
    text.gap();
    encode_impl(scope, text, union);
    text.gap();
    decode_impl(scope, text, union);
    text.gap();
    check_impl(scope, text, union);
    if union.is_error {
        errors::emit(scope, text, union);
    }
}

fn is_redacted(union: &Union<'_>) -> bool {
    union.def.head.marks.redact || union.arms.iter().any(arm_redacts)
}

fn arm_redacts(arm: &Arm) -> bool {
    let members: &[Member] = match &arm.body {
        ArmBody::Members(members) => members,
        _ => &[],
    };
    arm.marks.redact || members.iter().any(|member| member.marks.redact)
}

fn definition(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    let (def, arms) = (union.def, union.arms);
    declaration_docs(text, def);
    let debug = if is_redacted(union) { "" } else { "Debug, " };
    let exact = if scope.world.facts.of(union.id).floats {
        ""
    } else {
        ", Eq, Hash"
    };
    text.line(&format!("#[derive({debug}Clone, PartialEq{exact})]"));
    text.open(&format!("pub enum {} {{", def.head.name));
    // A variant of several lines, docs included, has all the others' fields on lines of their own.
    let fits = |arm: &Arm| match &arm.body {
        ArmBody::Members(members) => text.variant_fits(&arm_field_lines(scope, union.id, members)),
        ArmBody::Nothing | ArmBody::Type(_) => true,
    };
    let on_one_line = |arm: &&Arm| {
        arm.docs.is_empty() && arm.marks.deprecated.is_none() && are_bare(arm) && fits(arm)
    };
    let single = arms.iter().filter(on_one_line).count();
    let multiple = arms.len() - single + usize::from(!union.closed);
    let expand = single > 0 && multiple > 0;
    for arm in arms {
        text.docs(&arm.docs);
        deprecated(text, arm.marks.deprecated.as_deref());
        let name = variant(&arm.name);
        match &arm.body {
            ArmBody::Nothing => text.line(&format!("{name},")),
            ArmBody::Type(ty) => {
                text.line(&format!("{name}({}),", scope.held_type(union.id, ty)));
            }
            ArmBody::Members(members) => {
                let fields = arm_field_lines(scope, union.id, members);
                if members.is_empty() {
                    text.line(&format!("{name} {{}},"));
                } else if !expand && are_bare(arm) && text.variant_fits(&fields) {
                    text.line(&format!("{name} {{ {} }},", fields.join(", ")));
                } else {
                    text.open(&format!("{name} {{"));
                    for (member, field) in members.iter().zip(&fields) {
                        text.docs(&member.docs);
                        deprecated(text, member.marks.deprecated.as_deref());
                        text.line(&format!("{field},"));
                    }
                    text.close("},");
                }
            }
        }
    }
    if !union.closed {
        text.line("/// An arm that a newer schema has, kept as it came.");
        text.line("Unknown(v1::UnknownArm),");
    }
    text.close("}");
}

/// The fields of a variant.
fn arm_field_lines(scope: &Scope<'_>, id: TypeId, members: &[Member]) -> Vec<String> {
    let field = |member: &Member| {
        format!(
            "{}: {}",
            ident(&member.name),
            scope.held_type(id, &member.ty)
        )
    };
    members.iter().map(field).collect()
}

/// Whether none of an arm's members has docs or attributes.
fn are_bare(arm: &Arm) -> bool {
    let ArmBody::Members(members) = &arm.body else {
        return true;
    };
    members
        .iter()
        .all(|member| member.docs.is_empty() && member.marks.deprecated.is_none())
}

/// What a member is called where a pattern binds it: not as what generated code calls its own.
fn bound(name: &str) -> String {
    match name {
        "w" | "f" | "slots" | "count" => format!("{name}__"),
        _ => ident(name),
    }
}

/// The field of a pattern that binds a member.
fn binding(member: &Member) -> String {
    let (field, bound) = (ident(&member.name), bound(&member.name));
    if field == bound {
        field
    } else {
        format!("{field}: {bound}")
    }
}

fn encode_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    text.open(&format!("impl v1::Encode for {} {{", union.def.head.name));
    text.open("fn encode(&self, w: &mut v1::Writer) {");
    text.open("match self {");
    for arm in union.arms {
        let (name, tag) = (variant(&arm.name), arm.tag);
        match &arm.body {
            ArmBody::Nothing => text.line(&format!("Self::{name} => w.bare_arm({tag}),")),
            ArmBody::Type(_) => {
                text.open(&format!("Self::{name}(value) => {{"));
                text.line(&format!("w.arm({tag});"));
                text.line("w.put(value);");
                text.close("}");
            }
            ArmBody::Members(members) => {
                let place = |member: &Member| Place::reference(bound(&member.name));
                let fields: Vec<String> = members.iter().map(binding).collect();
                let pattern = text.pattern(&format!("Self::{name}"), &fields, false);
                text.open(&format!("{pattern} => {{"));
                text.line(&format!("w.arm({tag});"));
                if members.is_empty() {
                    text.line("w.slots(0);");
                } else {
                    arm_slots(scope, text, members, place);
                    put_members(text, "slots", members, place);
                }
                text.close("}");
            }
        }
    }
    if !union.closed {
        text.line("Self::Unknown(arm) => w.put(arm),");
    }
    text.close("}");
    text.close("}");
    text.close("}");
}

/// `let mut slots = ..`, with the count worked out before if it depends on the values.
fn arm_slots(
    scope: &Scope<'_>,
    text: &mut Text,
    members: &[Member],
    place: impl Fn(&Member) -> Place,
) {
    match members.last() {
        Some(last) if last.default.is_some() => {
            let mut count = Text::default();
            slot_count(scope, &mut count, members, place);
            text.value("let count =", &count.into_string());
            text.line("let mut slots = w.slots(count);");
        }
        Some(last) => text.line(&format!("let mut slots = w.slots({});", last.tag)),
        None => {}
    }
}

fn decode_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    let name = &union.def.head.name;
    text.open(&format!("impl v1::Decode for {name} {{"));
    text.open("fn decode(r: &mut v1::Reader<'_>) -> v1::Result<Self> {");
    text.line("let mut arm = r.arm()?;");
    text.open("let value = match arm.tag() {");
    for arm in union.arms {
        let (name, tag) = (variant(&arm.name), arm.tag);
        match &arm.body {
            ArmBody::Nothing => text.line(&format!("{tag} => Self::{name},")),
            ArmBody::Type(ty) => {
                let codec = scope.held_codec(Some(union.id), ty);
                let codec = if ty.optional {
                    format!("v1::Maybe<{codec}>")
                } else {
                    codec
                };
                let call = format!("Self::{name}(arm.value::<{codec}>({:?})?)", arm.name);
                text.arm(&tag.to_string(), &call);
            }
            ArmBody::Members(members) => {
                text.open(&format!("{tag} => {{"));
                if members.is_empty() {
                    text.line(&format!("arm.members({:?})?.end()?;", arm.name));
                    text.line(&format!("Self::{name} {{}}"));
                } else {
                    text.line(&format!("let mut slots = arm.members({:?})?;", arm.name));
                    let head = format!("let value = Self::{name}");
                    read_members(scope, text, &head, Some(union.id), members);
                    text.line("slots.end()?;");
                    text.line("value");
                }
                text.close("}");
            }
        }
    }
    if union.closed {
        text.line(&format!("_ => return {}(arm.refused()),", scope.std("Err")));
    } else {
        text.line("_ => Self::Unknown(arm.unknown()?),");
    }
    text.close("};");
    text.line("arm.end()?;");
    text.line(&format!("{}(value)", scope.std("Ok")));
    text.close("}");
    text.close("}");
}

fn check_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    let name = &union.def.head.name;
    let bounded = |ty: &Type| scope.world.facts.bounded(ty);
    if !scope.world.facts.of(union.id).bounded {
        return text.line(&format!("impl v1::Check for {name} {{}}"));
    }
    let ok = format!("{}(())", scope.std("Ok"));
    text.open(&format!("impl v1::Check for {name} {{"));
    text.open("fn check(&self) -> v1::Result<()> {");
    text.open("match self {");
    let mut rest = !union.closed;
    for arm in union.arms {
        let variant = variant(&arm.name);
        match &arm.body {
            ArmBody::Type(ty) if bounded(ty) => {
                let codec = scope.held_codec(Some(union.id), ty);
                let codec = if ty.optional {
                    format!("v1::Maybe<{codec}>")
                } else {
                    codec
                };
                let args = [quoted(&arm.name), "value".to_owned()];
                let pattern = format!("Self::{variant}(value)");
                text.arm_call(&pattern, &format!("v1::check::<{codec}>("), &args, ")");
            }
            ArmBody::Members(members) if members.iter().any(|member| bounded(&member.ty)) => {
                let (held, others): (Vec<&Member>, Vec<&Member>) =
                    members.iter().partition(|member| bounded(&member.ty));
                let fields: Vec<String> = held.iter().map(|member| binding(member)).collect();
                let open_ended = !others.is_empty();
                let pattern = text.pattern(&format!("Self::{variant}"), &fields, open_ended);
                text.open(&format!("{pattern} => {{"));
                for member in held {
                    let place = bound(&member.name);
                    check_member(scope, text, Some(union.id), Some(&arm.name), member, place);
                }
                text.line(&ok);
                text.close("}");
            }
            _ => rest = true,
        }
    }
    if rest {
        text.line(&format!("_ => {ok},"));
    }
    text.close("}");
    text.close("}");
    text.close("}");
}
