//! Bounds of types as written to bounds of the model.

use playhouse_syntax::ast;

use super::{Checker, values::Constant};
use crate::{
    model::{Bound, Shape, Type},
    rules,
};

impl Checker<'_> {
    /// Puts the bound `written` on `ty`.
    pub(super) fn apply_bound(&mut self, file: usize, ty: &mut Type, written: &ast::Bound) {
        let base = self.base(ty);
        let bound = match &base.shape {
            Shape::Int(int) => {
                let (least, most) = int.range();
                self.int_bound(file, written, least, most, &format!("`{}`", int.name()))
                    .map(|(min, max)| Bound::Int { min, max })
            }
            Shape::F32 | Shape::F64 => self.float_bound(file, written),
            Shape::String | Shape::Bytes | Shape::List(_) | Shape::Set(_) | Shape::Map(..) => {
                let most = i128::from(u32::MAX);
                let open = written.max.is_none() && !written.exact;
                self.int_bound(file, written, 0, most, "a length")
                    .map(|(min, max)| Bound::Length {
                        min: u32::try_from(min).unwrap_or(u32::MAX),
                        max: (!open).then(|| u32::try_from(max).unwrap_or(u32::MAX)),
                    })
            }
            _ => {
                let shown = self.shown(ty);
                self.report(rules::values::bound_misplaced(written.span, &shown));
                return;
            }
        };
        let Some(mut bound) = bound else {
            // It has been reported; that there is none should not be reported too.
            if !matches!(base.shape, Shape::Int(_) | Shape::F32 | Shape::F64) {
                let max = Some(u32::MAX);
                ty.bound = Bound::Length { min: 0, max };
            }
            return;
        };
        if matches!(ty.shape, Shape::Named(_)) && !written.exact {
            inherit(&mut bound, &base.bound, written);
        }
        if let Shape::Named(id) = ty.shape
            && wider(&bound, &base.bound)
        {
            let head = &self.type_def(id).head;
            let inner = self.shown(&base);
            let error = rules::values::bound_wider(written.span, &head.name, &inner, head.span);
            self.report(error);
            return;
        }
        ty.bound = bound;
    }

    fn int_bound(
        &mut self,
        file: usize,
        written: &ast::Bound,
        least: i128,
        most: i128,
        shown: &str,
    ) -> Option<(i128, i128)> {
        let mut end = |value: &Option<ast::Value>, open: i128| -> Option<i128> {
            let Some(value) = value else {
                return Some(open);
            };
            match self.evaluate(file, value, None)? {
                Constant::Int(number) if (least..=most).contains(&number) => Some(number),
                Constant::Int(_) => {
                    let error = rules::values::bound_range(
                        value.span,
                        shown,
                        &least.to_string(),
                        &most.to_string(),
                    );
                    self.report(error);
                    None
                }
                _ => {
                    self.report(rules::values::bound_value(value.span, "a whole number"));
                    None
                }
            }
        };
        let min = end(&written.min, least);
        let max = if written.exact {
            min
        } else {
            end(&written.max, most)
        };
        let (min, max) = (min?, max?);
        if min > max {
            self.report(rules::values::bound_empty(written.span));
            return None;
        }
        Some((min, max))
    }

    fn float_bound(&mut self, file: usize, written: &ast::Bound) -> Option<Bound> {
        let mut end = |value: &Option<ast::Value>, open: f64| -> Option<f64> {
            let Some(value) = value else {
                return Some(open);
            };
            match self.evaluate(file, value, None)? {
                Constant::Float(number) => Some(number),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a whole number as a float is the nearest float"
                )]
                Constant::Int(number) => Some(number as f64),
                _ => {
                    self.report(rules::values::bound_value(value.span, "a number"));
                    None
                }
            }
        };
        let min = end(&written.min, f64::NEG_INFINITY);
        let max = if written.exact {
            min
        } else {
            end(&written.max, f64::INFINITY)
        };
        let (min, max) = (min?, max?);
        if min > max {
            self.report(rules::values::bound_empty(written.span));
            return None;
        }
        Some(Bound::Float { min, max })
    }
}

/// Whether `bound` lets something through that `of` does not.
fn wider(bound: &Bound, of: &Bound) -> bool {
    match (bound, of) {
        (
            Bound::Int { min, max },
            Bound::Int {
                min: least,
                max: most,
            },
        ) => min < least || max > most,
        (
            Bound::Float { min, max },
            Bound::Float {
                min: least,
                max: most,
            },
        ) => min < least || max > most,
        (
            Bound::Length { min, max },
            Bound::Length {
                min: least,
                max: most,
            },
        ) => min < least || most.is_some_and(|most| max.is_none_or(|max| max > most)),
        _ => false,
    }
}

/// Ends that a use of a newtype leaves open are the newtype's own.
fn inherit(bound: &mut Bound, of: &Bound, written: &ast::Bound) {
    match (bound, of) {
        (
            Bound::Int { min, max },
            Bound::Int {
                min: least,
                max: most,
            },
        ) => {
            *min = if written.min.is_none() { *least } else { *min };
            *max = if written.max.is_none() { *most } else { *max };
        }
        (
            Bound::Float { min, max },
            Bound::Float {
                min: least,
                max: most,
            },
        ) => {
            *min = if written.min.is_none() { *least } else { *min };
            *max = if written.max.is_none() { *most } else { *max };
        }
        (
            Bound::Length { min, max },
            Bound::Length {
                min: least,
                max: most,
            },
        ) => {
            *min = if written.min.is_none() { *least } else { *min };
            *max = if written.max.is_none() { *most } else { *max };
        }
        _ => {}
    }
}
