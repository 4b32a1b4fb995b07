//! Default and constant values as expressions, and comparison with them.

use playhouse_schema::model::{Int, Shape, Type, TypeKind, Value};

use super::names::{member, quoted};
use super::unit::Unit;

/// Longest list that is written out element by element.
const WRITTEN_OUT: u32 = 16;

impl Unit<'_> {
    /// `value` of type `ty` as an expression. Inside of a function: enums and flags are named where they can be.
    pub(super) fn literal(&mut self, ty: &Type, value: &Value) -> String {
        if let (Some((id, definition)), Value::Int(_) | Value::Flags(_)) = (self.named(ty), value) {
            let name = match (&definition.kind, value) {
                (TypeKind::Enum { values, .. }, Value::Int(number)) => values
                    .iter()
                    .find(|known| i128::from(known.number) == *number)
                    .map(|known| &known.name),
                (TypeKind::Flags { flags, .. }, Value::Flags(bits)) => flags
                    .iter()
                    .find(|known| known.bits == *bits)
                    .map(|known| &known.name),
                _ => None,
            };
            if let Some(name) = name {
                return format!("{}.{}", self.type_name(id, true), member(name));
            }
        }
        self.bare_literal(ty, value)
    }

    /// `value` of type `ty` as an expression that names nothing of another module.
    pub(super) fn bare_literal(&mut self, ty: &Type, value: &Value) -> String {
        match value {
            Value::None => "undefined".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(number) => integer(*number, self.integer(ty)),
            Value::Flags(bits) => integer(i128::from(*bits), self.integer(ty)),
            Value::Float(number) => self.float(ty, *number),
            Value::String(text) => quoted(text),
            Value::Empty => self.empty(&self.plain(ty).shape),
            Value::Repeat(count, value) => self.repeated(ty, *count, value),
            Value::Struct => self.named(ty).map_or_else(String::new, |(id, _)| {
                format!("{}()", self.function("default", id))
            }),
        }
    }

    /// An empty string, container, or no bytes.
    pub(super) fn empty(&self, shape: &Shape) -> String {
        match shape {
            Shape::String => "\"\"".to_owned(),
            Shape::Bytes => "new Uint8Array(0)".to_owned(),
            Shape::Set(_) => "new Set()".to_owned(),
            Shape::Map(..) => "new Map()".to_owned(),
            _ => "[]".to_owned(),
        }
    }

    fn float(&self, ty: &Type, number: f64) -> String {
        // What a float 32 holds is not what was written: compare with what a reader would see.
        let number = if self.plain(ty).shape == Shape::F32 {
            f64::from(number as f32)
        } else {
            number
        };
        float(number)
    }

    fn repeated(&mut self, ty: &Type, count: u32, value: &Value) -> String {
        let Shape::List(element) = self.plain(ty).shape else {
            return "[]".to_owned();
        };
        let value = self.literal(&element, value);
        if count <= WRITTEN_OUT {
            format!("[{}]", vec![value; count as usize].join(", "))
        } else {
            format!("Array.from({{ length: {count} }}, () => {value})")
        }
    }

    /// An expression that is true if `subject`, of type `ty`, is (or with `not`: is not) `default`.
    pub(super) fn compared(
        &mut self,
        subject: &str,
        ty: &Type,
        default: &Value,
        not: bool,
    ) -> String {
        let equal = if not { "!==" } else { "===" };
        let negation = if not { "!" } else { "" };
        match default {
            Value::Bool(expected) => {
                let negation = if *expected == not { "!" } else { "" };
                format!("{negation}{subject}")
            }
            // Bit by bit: what tells -0 from 0 on the wire must not be lost by leaving it off.
            Value::Float(_) => {
                let subject = match self.plain(ty).shape {
                    Shape::F32 => format!("Math.fround({subject})"),
                    _ => subject.to_owned(),
                };
                let value = self.literal(ty, default);
                format!("{negation}Object.is({subject}, {value})")
            }
            Value::Flags(_) if self.integer(ty) == Some(Int::U32) => {
                format!("{subject} >>> 0 {equal} {}", self.literal(ty, default))
            }
            Value::Empty => {
                let (length, zero) = match self.plain(ty).shape {
                    Shape::String => ("", "\"\""),
                    Shape::Set(_) | Shape::Map(..) => (".size", "0"),
                    _ => (".length", "0"),
                };
                format!("{subject}{length} {equal} {zero}")
            }
            Value::Repeat(count, value) => {
                let Shape::List(element) = self.plain(ty).shape else {
                    return "false".to_owned();
                };
                let each = self.compared("item", &element, value, false);
                format!(
                    "{negation}({subject}.length === {count} && {subject}.every((item) => {each}))"
                )
            }
            Value::Struct => self.named(ty).map_or_else(String::new, |(id, _)| {
                format!("{negation}{}({subject})", self.function("isDefault", id))
            }),
            Value::None | Value::Int(_) | Value::String(_) | Value::Flags(_) => {
                format!("{subject} {equal} {}", self.literal(ty, default))
            }
        }
    }
}

/// An integer literal of what carries `int`.
pub(super) fn integer(number: i128, int: Option<Int>) -> String {
    match int {
        Some(Int::U64 | Int::I64) => format!("{number}n"),
        _ => number.to_string(),
    }
}

/// A float literal.
pub(super) fn float(number: f64) -> String {
    if number == f64::INFINITY {
        return "Infinity".to_owned();
    }
    if number == f64::NEG_INFINITY {
        return "-Infinity".to_owned();
    }
    let text = format!("{number:?}");
    text.strip_suffix(".0")
        .map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_integers_are_bigints() {
        assert_eq!(
            integer(i128::from(u64::MAX), Some(Int::U64)),
            "18446744073709551615n"
        );
        assert_eq!(integer(-5, Some(Int::I32)), "-5");
    }

    #[test]
    fn floats_are_written_shortest() {
        assert_eq!(float(1.0), "1");
        assert_eq!(float(-0.0), "-0");
        assert_eq!(float(5e-324), "5e-324");
        assert_eq!(float(f64::from(0.1_f32)), "0.10000000149011612");
    }
}
