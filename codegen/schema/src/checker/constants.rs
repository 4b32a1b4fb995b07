//! Constants: each is worked out when first needed, and none is made of itself.

use playhouse_syntax::{Span, ast::DeclarationKind};

use super::{
    Checker, Work,
    types::{Place, plain},
    values::Constant,
};
use crate::{
    model::{Const, ConstId, Head, Shape, Value},
    rules,
};

/// A constant before it is lowered.
pub(super) const fn placeholder_const(head: Head) -> Const {
    Const {
        head,
        ty: plain(Shape::Bool),
        value: Value::Bool(false),
    }
}

impl Checker<'_> {
    /// Lowers the constant `id` if that was not done; false if it is broken or depends on itself.
    pub(super) fn constant(&mut self, id: ConstId, used_at: Span) -> bool {
        let symbol = match self.consts[id.0 as usize] {
            Work::Done => return !self.broken_consts.contains(&id),
            Work::Busy(symbol) => {
                let name = &self.symbol(symbol).name.text;
                self.report(rules::values::const_cycle(used_at, name));
                return false;
            }
            Work::Waiting(symbol) => symbol,
        };
        self.consts[id.0 as usize] = Work::Busy(symbol);
        let symbol = self.symbol(symbol);
        let DeclarationKind::Const { ty, value, .. } = &symbol.declaration.kind else {
            return false;
        };
        let lowered = ty.as_ref().and_then(|written| {
            let lowered = self.ty(Place::in_file(symbol.file), written)?;
            let base = self.base(&lowered).shape;
            let fits = match &base {
                Shape::Bool
                | Shape::Int(_)
                | Shape::F32
                | Shape::F64
                | Shape::String
                | Shape::Duration => true,
                Shape::Named(id) => self.is_enum_or_flags(*id),
                _ => false,
            };
            if !fits || lowered.optional {
                let shown = self.shown(&lowered);
                let later = matches!(
                    base,
                    Shape::List(_) | Shape::Set(_) | Shape::Map(..) | Shape::Named(_)
                );
                let error = if later && !lowered.optional {
                    rules::later::constant(written.span, true)
                } else {
                    rules::values::const_type(written.span, &shown)
                };
                self.report(error);
                return None;
            }
            Some(lowered)
        });
        let value = lowered.as_ref().zip(value.as_ref());
        let value = value.and_then(|(ty, value)| self.value(symbol.file, value, &ty.clone()));
        self.consts[id.0 as usize] = Work::Done;
        let (Some(ty), Some(value)) = (lowered, value) else {
            self.broken_consts.insert(id);
            return false;
        };
        let def = &mut self.model.consts[id.0 as usize];
        def.ty = ty;
        def.value = value;
        true
    }

    pub(super) fn constant_value(&self, id: ConstId) -> Option<Constant> {
        let def = self.const_def(id);
        let base = self.base(&def.ty).shape;
        Some(match (&def.value, base) {
            (Value::Int(value), Shape::Named(ty)) => Constant::Enum(ty, *value),
            (Value::Flags(bits), Shape::Named(ty)) => Constant::Flags(ty, *bits),
            (Value::Int(us), Shape::Duration) => Constant::Time(us * 1_000),
            (Value::Int(value), _) => Constant::Int(*value),
            (Value::Float(value), _) => Constant::Float(*value),
            (Value::Bool(value), _) => Constant::Bool(*value),
            (Value::String(text), _) => Constant::Text(text.clone()),
            _ => return None,
        })
    }
}
