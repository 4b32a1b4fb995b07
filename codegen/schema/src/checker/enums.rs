//! Enums and flags.

use playhouse_syntax::ast::{self, DeclarationKind};

use super::{Checker, Work, tags::TagSpace};
use crate::{
    attributes::Place as At,
    evolution::key::Space,
    model::{EnumValue, Flag, Int, TypeId, TypeKind},
    rules,
};

impl Checker<'_> {
    /// Lowers the enum or flags `id` if that was not done.
    pub(super) fn lower_enum(&mut self, id: TypeId) {
        let Work::Waiting(symbol) = self.types[id.0 as usize] else {
            return;
        };
        let symbol = self.symbol(symbol);
        let DeclarationKind::Enum(decl) = &symbol.declaration.kind else {
            return;
        };
        self.types[id.0 as usize] = Work::Done;
        let mut repr = Int::U8;
        if let Some(name) = &decl.repr {
            match Int::named(&name.text).filter(|int| !decl.flags || !int.signed()) {
                Some(int) => repr = int,
                None => self.report(rules::types::enum_repr(name.span, &name.text, decl.flags)),
            }
        }
        if decl.values.is_empty() {
            let kind = if decl.flags { "flags" } else { "enum" };
            self.report(rules::types::no_values(
                decl.name.span,
                kind,
                &decl.name.text,
            ));
        }
        self.no_reserved_calls(&decl.reserved);
        let mut space = self.tag_space(&decl.reserved, false);
        let key = self.named_key(symbol.package, &decl.name.text);
        let numbers = if decl.flags { Space::Bit } else { Space::Value };
        space.owner = Some((key, numbers));
        space.numbers = Some(if decl.flags {
            ("bit", i64::from(repr.bits()) - 1)
        } else {
            ("number", i64::try_from(repr.range().1).unwrap_or(i64::MAX))
        });
        let kind = if decl.flags {
            let flags = self.flags(symbol.file, decl, repr, &mut space);
            TypeKind::Flags {
                repr,
                flags,
                reserved: space.model,
            }
        } else {
            let values = self.enum_values(symbol.file, decl, repr, &mut space);
            TypeKind::Enum {
                repr,
                closed: decl.closed,
                values,
                reserved: space.model,
            }
        };
        let marks = self.type_marks(symbol.file, symbol.declaration);
        let def = &mut self.model.types[id.0 as usize];
        def.kind = kind;
        def.head.marks = marks;
    }

    fn enum_values(
        &mut self,
        file: usize,
        decl: &ast::Enum,
        repr: Int,
        space: &mut TagSpace,
    ) -> Vec<EnumValue> {
        let mut values = Vec::with_capacity(decl.values.len());
        let (least, most) = repr.range();
        for value in &decl.values {
            self.member_name(space, &value.name);
            let attributes = self.attributes(file, &value.attributes, At::Value);
            if let Some(written) = &value.value {
                self.report(rules::types::number_behind(
                    value.name.span,
                    written,
                    value.number.is_some(),
                ));
                if value.number.is_none() {
                    continue;
                }
            }
            let Some(number) = value.number else {
                self.report(rules::numbers::tag_missing(
                    value.name.span,
                    "value",
                    &value.name.text,
                ));
                continue;
            };
            if !(least..=most).contains(&i128::from(number.value)) {
                let shown = i128::from(number.value);
                self.report(rules::types::enum_number(
                    number.span,
                    &shown.to_string(),
                    repr.name(),
                    least,
                    most,
                ));
                continue;
            }
            self.number(space, number, &value.name, i64::MIN, i64::MAX);
            values.push(EnumValue {
                name: value.name.text.clone(),
                number: number.value,
                docs: value.docs.clone(),
                line: self.line(value.name.span),
                span: value.name.span,
                marks: self.marks(&attributes),
            });
        }
        values
    }

    pub(super) fn flags(
        &mut self,
        file: usize,
        decl: &ast::Enum,
        repr: Int,
        space: &mut TagSpace,
    ) -> Vec<Flag> {
        let mut flags: Vec<Flag> = Vec::with_capacity(decl.values.len());
        for value in &decl.values {
            self.member_name(space, &value.name);
            let attributes = self.attributes(file, &value.attributes, At::Value);
            let (bits, bit) = match (&value.number, &value.value) {
                (Some(number), None) => {
                    let most = i128::from(repr.bits()) - 1;
                    if !(0..=most).contains(&i128::from(number.value)) {
                        let shown = i128::from(number.value);
                        self.report(rules::types::enum_number(
                            number.span,
                            &format!("bit {shown}"),
                            repr.name(),
                            0,
                            most,
                        ));
                        continue;
                    }
                    self.number(space, *number, &value.name, 0, 63);
                    let bit = u8::try_from(number.value).unwrap_or(0);
                    (1u64 << bit, Some(bit))
                }
                (None, Some(written)) => match combination(&flags, written) {
                    Ok(bits) => (bits, None),
                    Err(wrong) => {
                        let known: Vec<&str> =
                            flags.iter().map(|flag| flag.name.as_str()).collect();
                        let name = flag_name(wrong);
                        let found = name.as_deref().map_or(
                            rules::types::Combination::NoFlag,
                            rules::types::Combination::Unknown,
                        );
                        let error =
                            rules::types::flag_value(wrong.span, &decl.name.text, &known, found);
                        self.report(error);
                        continue;
                    }
                },
                (Some(number), Some(_)) => {
                    let found = rules::types::Combination::WithBit;
                    let error = rules::types::flag_value(number.span, &decl.name.text, &[], found);
                    self.report(error);
                    continue;
                }
                (None, None) => {
                    self.report(rules::numbers::tag_missing(
                        value.name.span,
                        "flag",
                        &value.name.text,
                    ));
                    continue;
                }
            };
            flags.push(Flag {
                name: value.name.text.clone(),
                bits,
                bit,
                docs: value.docs.clone(),
                line: self.line(value.name.span),
                span: value.name.span,
                marks: self.marks(&attributes),
            });
        }
        flags
    }
}

/// The bits of `a | b`; or the first part that is no flag.
fn combination<'v>(flags: &[Flag], written: &'v ast::Value) -> Result<u64, &'v ast::Value> {
    match &written.kind {
        ast::ValueKind::Path(path) => {
            let name = path.text();
            let flag = flags.iter().find(|flag| flag.name == name);
            flag.map(|flag| flag.bits).ok_or(written)
        }
        ast::ValueKind::Binary(operands, operators)
            if operators.iter().all(|&operator| operator == '|') =>
        {
            operands.iter().try_fold(0, |all, operand| {
                combination(flags, operand).map(|bits| all | bits)
            })
        }
        _ => Err(written),
    }
}

/// The name that stands where a flag should.
fn flag_name(written: &ast::Value) -> Option<String> {
    match &written.kind {
        ast::ValueKind::Path(path) => Some(path.text()),
        _ => None,
    }
}
