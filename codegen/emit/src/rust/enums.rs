//! Enums and flags.

use playhouse_schema::model::{EnumValue, Flag, Int, TypeDef};

use super::names::{ident, variant};
use super::scope::Scope;
use super::structs::{declaration_docs, deprecated};
use super::text::Text;
use super::types::int_name;
use crate::names::screaming;

/// The enum `def`.
pub(super) fn emit(
    scope: &Scope<'_>,
    text: &mut Text,
    def: &TypeDef,
    repr: Int,
    closed: bool,
    values: &[EnumValue],
) {
    let name = &def.head.name;
    let repr = int_name(repr);
    let has_default = values.iter().any(|value| value.number == 0);

    declaration_docs(text, def);
    let default = if has_default { ", Default" } else { "" };
    text.line(&format!("#[derive(Debug, Clone, Copy{default})]"));
    text.open(&format!("pub enum {name} {{"));
    for value in values {
        text.docs(&value.docs);
        deprecated(text, value.marks.deprecated.as_deref());
        if value.number == 0 {
            text.line("#[default]");
        }
        text.line(&format!("{},", variant(&value.name)));
    }
    if !closed {
        text.line("/// A value that a newer schema has.");
        text.line(&format!("Unknown({repr}),"));
    }
    text.close("}");
    text.gap();

    text.open(&format!("impl {name} {{"));
    text.line("/// The number that stands for the value on the wire.");
    text.line("#[must_use]");
    text.open(&format!("pub const fn number(self) -> {repr} {{"));
    text.open("match self {");
    for value in values {
        text.line(&format!(
            "Self::{} => {},",
            variant(&value.name),
            value.number
        ));
    }
    if !closed {
        text.line("Self::Unknown(number) => number,");
    }
    text.close("}");
    text.close("}");
    text.gap();
    if closed {
        text.line("/// The value with this number.");
        text.line("#[must_use]");
        let option = scope.std("Option");
        text.open(&format!(
            "pub const fn from_number(number: {repr}) -> {option}<Self> {{"
        ));
        text.open("match number {");
        for value in values {
            let some = scope.std("Some");
            text.line(&format!(
                "{} => {some}(Self::{}),",
                value.number,
                variant(&value.name)
            ));
        }
        text.line(&format!("_ => {},", scope.std("None")));
    } else {
        text.line("/// The value with this number, known or not.");
        text.line("#[must_use]");
        text.open(&format!(
            "pub const fn from_number(number: {repr}) -> Self {{"
        ));
        text.open("match number {");
        for value in values {
            text.line(&format!(
                "{} => Self::{},",
                value.number,
                variant(&value.name)
            ));
        }
        text.line("number => Self::Unknown(number),");
    }
    text.close("}");
    text.close("}");
    text.close("}");
    text.gap();
    let openness = if closed { "closed" } else { "open" };
    text.line(&format!("v1::{openness}_enumeration!({name}: {repr});"));
}

/// The flags `def`.
pub(super) fn emit_flags(text: &mut Text, def: &TypeDef, repr: Int, flags: &[Flag]) {
    let name = &def.head.name;
    let repr = int_name(repr);
    declaration_docs(text, def);
    text.line("#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]");
    text.line(&format!("pub struct {name}(pub {repr});"));
    text.gap();
    text.open(&format!("impl {name} {{"));
    for flag in flags {
        text.docs(&flag.docs);
        deprecated(text, flag.marks.deprecated.as_deref());
        let bits = match flag.bit {
            Some(bit) => format!("1 << {bit}"),
            None => format!("{:#x}", flag.bits),
        };
        text.line(&format!(
            "pub const {}: Self = Self({bits});",
            constant(&flag.name)
        ));
    }
    text.close("}");
    text.gap();
    text.open(&format!("v1::flags!({name}: {repr} {{"));
    for flag in flags.iter().filter(|flag| flag.bit.is_some()) {
        text.line(&format!("{} = {:?},", constant(&flag.name), flag.name));
    }
    text.close("});");
}

fn constant(name: &str) -> String {
    let name = screaming(name);
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        ident(&name)
    }
}
