//! Statements that read values.

use playhouse_schema::model::{Bound, Int, Member, Shape, Type, TypeKind, Value};

use super::literal::{float, integer};
use super::names::{local, quoted};
use super::unit::Unit;

impl Unit<'_> {
    /// Reads the slots of a struct into local variables; `count` is the variable that holds how many there are.
    pub(super) fn read_members(&mut self, members: &[Member], count: &str) {
        let mut slot = 0;
        for member in members {
            self.skip_gap(slot, member.tag - 1, count);
            self.read_member(member, count);
            slot = member.tag;
        }
        self.code.line(format!("r.leaveSlots({count}, {slot});"));
    }

    /// Skips the slots from `from` up to `to`.
    fn skip_gap(&mut self, from: u8, to: u8, count: &str) {
        for slot in from..to {
            self.code
                .line(format!("if ({count} > {slot}) r.skipSlot();"));
        }
    }

    fn read_member(&mut self, member: &Member, count: &str) {
        let name = quoted(&member.name);
        let variable = local(&member.name);
        let there = format!("{count} > {}", member.tag - 1);
        let Some(default) = &member.default else {
            self.code.line(format!("r.require({name}, {there});"));
            return self.read_into(&variable, &member.ty, 0);
        };
        let there = format!("{there} && r.slot({name})");
        let present = Type {
            optional: false,
            ..member.ty.clone()
        };
        if let Some(value) = self.read_inline(&present) {
            let default = self.literal(&member.ty, default);
            return self
                .code
                .line(format!("const {variable} = {there} ? {value} : {default};"));
        }
        let (ty, container) = (
            self.type_text(&member.ty),
            self.empty(&self.plain(&member.ty).shape),
        );
        if *default == Value::Empty {
            self.code
                .line(format!("const {variable}: {ty} = {container};"));
            self.code.open(format!("if ({there}) {{"));
            self.fill(&variable, &present, 0);
        } else {
            self.code.line(format!("let {variable}: {ty};"));
            self.code.open(format!("if ({there}) {{"));
            self.code.line(format!("{variable} = {container};"));
            self.fill(&variable, &present, 0);
            let default = self.literal(&member.ty, default);
            self.code.between("} else {");
            self.code.line(format!("{variable} = {default};"));
        }
        self.code.close("}");
    }

    /// Declares `variable` and reads a value of type `ty` into it.
    pub(super) fn read_into(&mut self, variable: &str, ty: &Type, level: usize) {
        let present = Type {
            optional: false,
            ..ty.clone()
        };
        if let Some(value) = self.read_inline(&present) {
            let value = if ty.optional {
                format!("r.nil() ? undefined : {value}")
            } else {
                value
            };
            return self.code.line(format!("const {variable} = {value};"));
        }
        let (text, container) = (self.type_text(ty), self.empty(&self.plain(ty).shape));
        if ty.optional {
            self.code.line(format!("let {variable}: {text};"));
            self.code.open("if (!r.nil()) {");
            self.code.line(format!("{variable} = {container};"));
            self.fill(variable, &present, level);
            self.code.close("}");
        } else {
            self.code
                .line(format!("const {variable}: {text} = {container};"));
            self.fill(variable, &present, level);
        }
    }

    /// Reads a value of type `ty` and returns the expression that holds it.
    pub(super) fn read_value(&mut self, ty: &Type, variable: &str, level: usize) -> String {
        let present = Type {
            optional: false,
            ..ty.clone()
        };
        match self.read_inline(&present) {
            Some(value) if ty.optional => format!("r.nil() ? undefined : {value}"),
            Some(value) => value,
            None => {
                self.read_into(variable, ty, level);
                variable.to_owned()
            }
        }
    }

    /// The expression that reads a value of type `ty`, if it is none of the containers, whose elements take a loop.
    fn read_inline(&mut self, ty: &Type) -> Option<String> {
        let plain = self.plain(ty);
        Some(match &plain.shape {
            Shape::Bool => "r.bool()".to_owned(),
            Shape::Int(int) => bounded(&format!("r.{}()", int.name()), &plain.bound, Some(*int)),
            Shape::Timestamp | Shape::Duration => bounded("r.i64()", &plain.bound, Some(Int::I64)),
            Shape::F32 => bounded("r.f32()", &plain.bound, None),
            Shape::F64 => bounded("r.f64()", &plain.bound, None),
            Shape::String => format!("r.string({})", length_arguments(&plain.bound)),
            Shape::Bytes => format!("r.binary({})", length_arguments(&plain.bound)),
            Shape::Uuid => "r.uuid()".to_owned(),
            Shape::Ref(target) => {
                let name = quoted(&self.target_name(*target));
                match self.target_numbers(*target) {
                    Some((package, number)) => format!("r.entityRef<{name}>({package}, {number})"),
                    None => format!("r.componentRef<{name}>()"),
                }
            }
            Shape::Named(id) => match &self.definition(*id).kind {
                TypeKind::Enum {
                    repr,
                    closed: false,
                    ..
                }
                | TypeKind::Flags { repr, .. } => {
                    bounded(&format!("r.{}()", repr.name()), &plain.bound, Some(*repr))
                }
                _ => format!("{}(r)", self.function("decode", *id)),
            },
            Shape::List(_) | Shape::Set(_) | Shape::Map(..) => return None,
        })
    }

    /// Reads the elements of a list, set or map into `target`.
    pub(super) fn fill(&mut self, target: &str, ty: &Type, level: usize) {
        let plain = self.plain(ty);
        // A loop's own variables must not hide the one that it fills.
        let inner = |name: &str| {
            let name = numbered(name, level);
            if name == target {
                format!("{name}_")
            } else {
                name
            }
        };
        let (i, length) = (inner("i"), inner("length"));
        let arguments = length_arguments(&plain.bound);
        let begin = match plain.shape {
            Shape::Set(_) => "set",
            Shape::Map(..) => "map",
            _ => "list",
        };
        self.code.open(format!(
            "for (let {i} = 0, {length} = r.{begin}({arguments}); {i} < {length}; {i}++) {{"
        ));
        match &plain.shape {
            Shape::Set(element) => {
                let item = inner("item");
                self.code.line(format!("r.index({i});"));
                self.read_into(&item, element, level + 1);
                self.code
                    .line(format!("if ({target}.has({item})) throw r.duplicate();"));
                self.code.line(format!("{target}.add({item});"));
            }
            Shape::Map(key, value) => {
                let name = inner("key");
                self.code.line(format!("r.index({i});"));
                self.read_into(&name, key, level + 1);
                self.code.line(format!(
                    "if ({target}.has({name})) throw r.duplicateKey({name});"
                ));
                self.code.line(format!("r.key({name});"));
                let value = self.read_value(value, &inner("value"), level + 1);
                self.code.line(format!("{target}.set({name}, {value});"));
            }
            Shape::List(element) => {
                self.code.line(format!("r.index({i});"));
                let value = self.read_value(element, &inner("item"), level + 1);
                self.code.line(format!("{target}.push({value});"));
            }
            _ => {}
        }
        self.code.close("}");
        self.code.line("r.leave();");
    }

    /// A function that reads a value of type `ty`, as an expression.
    pub(super) fn reader_of(&mut self, ty: &Type) -> String {
        if let Some((id, _)) = self.named(ty)
            && !ty.optional
            && self.integer(ty).is_none()
        {
            return self.function("decode", id);
        }
        let before = self.code.length();
        self.code.indent();
        let value = self.read_value(ty, "value", 0);
        let body = self.code.split_off(before);
        self.code.dedent();
        if body.is_empty() {
            return format!("(r) => {value}");
        }
        let indentation = self.code.indentation();
        format!("(r) => {{\n{body}{indentation}  return {value};\n{indentation}}}")
    }
}

/// `r.bounded(read, min, max)`, or `read` where the bound says nothing.
fn bounded(read: &str, bound: &Bound, int: Option<Int>) -> String {
    match (bound, int) {
        (Bound::Int { min, max }, Some(int)) if narrows(*min, *max, int) => {
            let method = if matches!(int, Int::U64 | Int::I64) {
                "bounded64"
            } else {
                "bounded"
            };
            format!(
                "r.{method}({read}, {}, {})",
                integer(*min, Some(int)),
                integer(*max, Some(int))
            )
        }
        (Bound::Float { min, max }, _) => {
            format!("r.bounded({read}, {}, {})", float(*min), float(*max))
        }
        _ => read.to_owned(),
    }
}

/// Whether a bound excludes something that the type has.
pub(super) fn narrows(min: i128, max: i128, int: Int) -> bool {
    let (least, greatest) = int.range();
    min > least || max < greatest
}

/// The arguments `min, max` of a length, as short as they can be.
fn length_arguments(bound: &Bound) -> String {
    match bound {
        Bound::Length { min: 0, max: None } => String::new(),
        Bound::Length { min, max: None } => min.to_string(),
        Bound::Length {
            min,
            max: Some(max),
        } => format!("{min}, {max}"),
        _ => String::new(),
    }
}

/// A variable of a nested loop: `item`, then `item1`.
pub(super) fn numbered(name: &str, level: usize) -> String {
    if level == 0 {
        name.to_owned()
    } else {
        format!("{name}{level}")
    }
}
