//! Statements that check values before they are sent.

use playhouse_schema::model::{Bound, Int, Member, Shape, Type, TypeKind};

use super::literal::{float, integer};
use super::names::{member as member_name, quoted};
use super::read::{narrows, numbered};
use super::unit::Unit;

impl Unit<'_> {
    /// Checks the members of `subject`.
    pub(super) fn verify_members(&mut self, members: &[Member], subject: &str) {
        let checked: Vec<&Member> = members
            .iter()
            .filter(|member| self.is_checked(&member.ty))
            .collect();
        if checked.is_empty() {
            return;
        }
        self.code.line("c.enter();");
        for member in checked {
            self.code
                .line(format!("c.member({});", quoted(&member.name)));
            self.verify(
                &format!("{subject}.{}", member_name(&member.name)),
                &member.ty,
                0,
            );
        }
        self.code.line("c.leave();");
    }

    /// Whether the type checker leaves anything of `ty` open.
    pub(super) fn is_checked(&self, ty: &Type) -> bool {
        let plain = self.plain(ty);
        match &plain.shape {
            Shape::Bool => false,
            Shape::F32 | Shape::F64 | Shape::Bytes => plain.bound != Bound::None,
            Shape::List(element) | Shape::Set(element) => {
                plain.bound != Bound::None || self.is_checked(element)
            }
            Shape::Map(key, value) => {
                plain.bound != Bound::None || self.is_checked(key) || self.is_checked(value)
            }
            _ => true,
        }
    }

    /// Checks `subject`, a value of type `ty`.
    pub(super) fn verify(&mut self, subject: &str, ty: &Type, level: usize) {
        if !self.is_checked(ty) {
            return;
        }
        if ty.optional {
            self.code.open(format!("if ({subject} !== undefined) {{"));
            self.verify_present(subject, ty, level);
            self.code.close("}");
        } else {
            self.verify_present(subject, ty, level);
        }
    }

    fn verify_present(&mut self, subject: &str, ty: &Type, level: usize) {
        let plain = self.plain(ty);
        if let Some(int) = self.integer(&plain) {
            return self.verify_integer(subject, &plain, int);
        }
        match (&plain.shape, &plain.bound) {
            (Shape::F32 | Shape::F64, Bound::Float { min, max }) => {
                self.code.line(format!(
                    "c.bounded({subject}, {}, {});",
                    float(*min),
                    float(*max)
                ));
            }
            (Shape::String, bound) => {
                let arguments = match bound {
                    Bound::Length { min, max: None } => format!(", {min}"),
                    Bound::Length {
                        min,
                        max: Some(max),
                    } => format!(", {min}, {max}"),
                    _ => String::new(),
                };
                self.code.line(format!("c.string({subject}{arguments});"));
            }
            (Shape::Bytes, bound) => self.verify_length(&format!("{subject}.length"), bound),
            (Shape::Uuid, _) => self.code.line(format!("c.uuid({subject});")),
            (Shape::Ref(target), _) => self.code.line(match self.target_numbers(*target) {
                Some((package, number)) => format!("c.entityRef({subject}, {package}, {number});"),
                None => format!("c.componentRef({subject});"),
            }),
            (Shape::Named(id), _) => {
                let check = self.function("check", *id);
                self.code.line(format!("{check}({subject}, c);"));
            }
            (Shape::List(element), bound) => {
                self.verify_length(&format!("{subject}.length"), bound);
                self.verify_elements(subject, element, level);
            }
            (Shape::Set(element), bound) => {
                self.verify_length(&format!("{subject}.size"), bound);
                self.verify_elements(subject, element, level);
            }
            (Shape::Map(key, value), bound) => {
                self.verify_length(&format!("{subject}.size"), bound);
                self.verify_entries(subject, key, value, level);
            }
            _ => {}
        }
    }

    fn verify_integer(&mut self, subject: &str, plain: &Type, int: Int) {
        if let Shape::Named(id) = plain.shape {
            match self.definition(id).kind {
                TypeKind::Enum { closed: true, .. } => {
                    let check = self.function("check", id);
                    return self.code.line(format!("{check}({subject}, c);"));
                }
                TypeKind::Flags { repr: Int::U32, .. } => {
                    return self
                        .code
                        .line(format!("c.int({subject} >>> 0, 0, 4294967295);"));
                }
                _ => {}
            }
        }
        let (least, greatest) = int.range();
        let (kind, wide) = match int {
            Int::U64 => (format!("c.u64({subject});"), "64"),
            Int::I64 => (format!("c.i64({subject});"), "64"),
            _ => (format!("c.int({subject}, {least}, {greatest});"), ""),
        };
        self.code.line(kind);
        if let Bound::Int { min, max } = plain.bound
            && narrows(min, max, int)
        {
            let (min, max) = (integer(min, Some(int)), integer(max, Some(int)));
            self.code
                .line(format!("c.bounded{wide}({subject}, {min}, {max});"));
        }
    }

    fn verify_length(&mut self, length: &str, bound: &Bound) {
        if let Bound::Length { min, max } = bound {
            let max = max.map_or_else(|| "Infinity".to_owned(), |max| max.to_string());
            self.code.line(format!("c.length({length}, {min}, {max});"));
        }
    }

    fn verify_elements(&mut self, subject: &str, element: &Type, level: usize) {
        if !self.is_checked(element) {
            return;
        }
        let item = numbered("item", level);
        self.code.line("c.enter();");
        self.code
            .open(format!("for (const {item} of {subject}) {{"));
        self.code.line("c.next();");
        self.verify(&item, element, level + 1);
        self.code.close("}");
        self.code.line("c.leave();");
    }

    fn verify_entries(&mut self, subject: &str, key: &Type, value: &Type, level: usize) {
        let (name, item) = (numbered("key", level), numbered("value", level));
        let head = match (self.is_checked(key), self.is_checked(value)) {
            (false, false) => return,
            (true, false) => format!("for (const {name} of {subject}.keys()) {{"),
            (_, true) => format!("for (const [{name}, {item}] of {subject}) {{"),
        };
        self.code.line("c.enter();");
        self.code.open(head);
        self.code.line(format!("c.key({name});"));
        self.verify(&name, key, level + 1);
        self.verify(&item, value, level + 1);
        self.code.close("}");
        self.code.line("c.leave();");
    }
}
