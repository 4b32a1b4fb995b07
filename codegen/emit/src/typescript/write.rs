//! Statements that write values.

use playhouse_schema::model::{Int, Member, Shape, Type, TypeKind};

use super::names::member as member_name;
use super::read::numbered;
use super::unit::Unit;

impl Unit<'_> {
    /// Writes the members of `subject` as an array, leaving off trailing defaults; `count` is a free variable.
    pub(super) fn write_members(&mut self, members: &[Member], subject: &str, count: &str) {
        let required = members
            .iter()
            .rev()
            .find(|member| member.default.is_none())
            .map_or(0, |member| member.tag);
        let last = members.last().map_or(0, |member| member.tag);
        if last == required {
            self.code.line(format!("w.array({last});"));
        } else {
            self.write_count(members, subject, count, required);
            self.code.line(format!("w.array({count});"));
        }
        let mut slot = 0;
        for member in members {
            for gap in slot..member.tag - 1 {
                let condition = condition(count, gap, required);
                self.code.line(format!("{condition}w.nil();"));
            }
            slot = member.tag;
            let access = format!("{subject}.{}", member_name(&member.name));
            if slot <= required {
                self.write(&access, &member.ty, 0);
                continue;
            }
            let before = self.code.length();
            self.write(&access, &member.ty, 0);
            let written = self.code.split_off(before);
            let condition = condition(count, member.tag - 1, required);
            self.conditional(condition.trim_end(), &written);
        }
    }

    /// Declares `count`: how many slots stand before nothing but defaults.
    fn write_count(&mut self, members: &[Member], subject: &str, count: &str, required: u8) {
        let mut cases: Vec<String> = Vec::new();
        for member in members
            .iter()
            .rev()
            .take_while(|member| member.tag > required)
        {
            let Some(default) = &member.default else {
                break;
            };
            let access = format!("{subject}.{}", member_name(&member.name));
            cases.push(format!(
                "{} ? {}",
                self.compared(&access, &member.ty, default, true),
                member.tag
            ));
        }
        let line = format!("const {count} = {} : {required};", cases.join(" : "));
        if line.len() <= 100 {
            return self.code.line(line);
        }
        self.code.open(format!("const {count} ="));
        for (position, case) in cases.iter().enumerate() {
            self.code
                .line(format!("{}{case}", if position == 0 { "" } else { ": " }));
        }
        self.code.line(format!(": {required};"));
        self.code.dedent();
    }

    /// Puts statements that were written already under a condition: on its line if it is one, else in a block.
    fn conditional(&mut self, condition: &str, written: &str) {
        let mut lines = written.lines();
        match (lines.next(), lines.next()) {
            (Some(only), None) if !only.trim_start().starts_with("if ") => {
                self.code.line(format!("{condition} {}", only.trim_start()));
            }
            _ => {
                self.code.open(format!("{condition} {{"));
                self.code.deeper(written);
                self.code.close("}");
            }
        }
    }

    /// Writes `subject`, a value of type `ty`.
    pub(super) fn write(&mut self, subject: &str, ty: &Type, level: usize) {
        if !ty.optional {
            return self.write_present(subject, ty, level);
        }
        let present = Type {
            optional: false,
            ..ty.clone()
        };
        if let Some(statement) = self.write_inline(subject, &present) {
            self.code
                .line(format!("if ({subject} === undefined) w.nil();"));
            self.code.line(format!("else {statement}"));
        } else {
            self.code.open(format!("if ({subject} === undefined) {{"));
            self.code.line("w.nil();");
            self.code.between("} else {");
            self.write_present(subject, &present, level);
            self.code.close("}");
        }
    }

    fn write_present(&mut self, subject: &str, ty: &Type, level: usize) {
        if let Some(statement) = self.write_inline(subject, ty) {
            return self.code.line(statement);
        }
        let plain = self.plain(ty);
        match &plain.shape {
            Shape::List(element) => {
                self.code.line(format!("w.array({subject}.length);"));
                let item = numbered("item", level);
                self.write_loop(&format!("for (const {item} of {subject})"), |unit| {
                    unit.write(&item, element, level + 1);
                });
            }
            Shape::Set(element) => {
                self.code.line(format!("w.array({subject}.size);"));
                let item = numbered("item", level);
                let sorted = self.sorted(element, subject);
                self.write_loop(&format!("for (const {item} of {sorted})"), |unit| {
                    unit.write(&item, element, level + 1);
                });
            }
            Shape::Map(key, value) => {
                self.code.line(format!("w.map({subject}.size);"));
                let name = numbered("key", level);
                let sorted = self.sorted(key, &format!("{subject}.keys()"));
                self.code.open(format!("for (const {name} of {sorted}) {{"));
                self.write(&name, key, level + 1);
                let text = self.type_text(value);
                let found = format!("{subject}.get({name}) as {text}");
                if let Some(statement) = self.write_inline(&found, value) {
                    self.code.line(statement);
                } else {
                    let variable = numbered("value", level);
                    self.code.line(format!("const {variable} = {found};"));
                    self.write(&variable, value, level + 1);
                }
                self.code.close("}");
            }
            _ => {}
        }
    }

    /// A loop whose body is one statement or a block.
    fn write_loop(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        let before = self.code.length();
        body(self);
        let written = self.code.split_off(before);
        self.conditional(head, &written);
    }

    /// A function that writes a value of type `ty`, as an expression.
    pub(super) fn writer_of(&mut self, ty: &Type) -> String {
        if let Some((id, _)) = self.named(ty)
            && !ty.optional
            && self.integer(ty).is_none()
        {
            return self.function("encode", id);
        }
        if let Some(statement) = self.write_inline("value", ty) {
            return format!("(w, value) => {}", statement.trim_end_matches(';'));
        }
        let before = self.code.length();
        self.code.indent();
        self.write("value", ty, 0);
        let body = self.code.split_off(before);
        self.code.dedent();
        format!("(w, value) => {{\n{body}{}}}", self.code.indentation())
    }

    /// The call that orders `keys`, of type `ty`, as they are written.
    fn sorted(&mut self, ty: &Type, keys: &str) -> String {
        format!("{}({keys})", self.sorter_of(ty))
    }

    /// The function that orders keys of type `ty` as they are written.
    pub(super) fn sorter_of(&mut self, ty: &Type) -> String {
        let function = match (self.plain(ty).shape, self.integer(ty)) {
            (_, Some(Int::U64 | Int::I64)) => "sortedBigints",
            (_, Some(_)) => "sortedNumbers",
            (Shape::Bool, _) => "sortedBooleans",
            _ => "sortedStrings",
        };
        self.wire_value(function)
    }

    /// The statement that writes a value of type `ty`, if it is none of the containers.
    fn write_inline(&mut self, subject: &str, ty: &Type) -> Option<String> {
        if ty.optional {
            return None;
        }
        let plain = self.plain(ty);
        if let Some(int) = self.integer(&plain) {
            let flags = matches!(plain.shape, Shape::Named(id) if matches!(self.definition(id).kind, TypeKind::Flags { .. }));
            return Some(match int {
                // Combined with `|`, flags become negative numbers when the highest bit is set.
                Int::U32 if flags => format!("w.uint({subject} >>> 0);"),
                Int::U8 | Int::U16 | Int::U32 => format!("w.uint({subject});"),
                Int::I8 | Int::I16 | Int::I32 => format!("w.int({subject});"),
                Int::U64 => format!("w.u64({subject});"),
                Int::I64 => format!("w.i64({subject});"),
            });
        }
        Some(match &plain.shape {
            Shape::Bool => format!("w.bool({subject});"),
            Shape::F32 => format!("w.f32({subject});"),
            Shape::F64 => format!("w.f64({subject});"),
            Shape::String => format!("w.string({subject});"),
            Shape::Bytes => format!("w.binary({subject});"),
            Shape::Uuid => format!("w.uuid({subject});"),
            Shape::Ref(_) => format!("w.ref({subject});"),
            Shape::Named(id) => format!("{}(w, {subject});", self.function("encode", *id)),
            _ => return None,
        })
    }
}

/// `if (count > slot) `, or nothing where the slot is always written.
fn condition(count: &str, slot: u8, required: u8) -> String {
    if slot < required {
        String::new()
    } else {
        format!("if ({count} > {slot}) ")
    }
}
