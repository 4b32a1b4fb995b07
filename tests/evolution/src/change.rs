//! Random changes to a draft, the kinds that people make.

use playhouse_schema::model::Int;

use crate::{
    Dice, Draft,
    draft::{Arm, Declaration, Field, INTS, Kind, Label, Shape, Ty},
};

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A part more: a field, a value, a flag, an arm.
    Add,
    /// A field more, without a default.
    AddRequired,
    /// A part less.
    Remove,
    /// Another name, with `@was`.
    Rename,
    /// Another name, without a word.
    RenameUnmarked,
    /// Another number.
    Retag,
    /// Another type.
    Retype,
    /// An integer of more or less bits.
    Resize,
    /// A newtype for what is in it.
    Wrap,
    /// `?` added or taken away.
    Toggle,
    /// A larger bound.
    Widen,
    /// A smaller bound.
    Narrow,
    /// Another default, one more, one less.
    Default,
    /// `closed` added or taken away.
    Close,
    /// Another name for a type, with `@was`.
    RenameType,
    /// Another order in the source.
    Reorder,
}

impl Change {
    /// Every kind of change.
    pub const ALL: [Self; 16] = [
        Self::Add,
        Self::AddRequired,
        Self::Remove,
        Self::Rename,
        Self::RenameUnmarked,
        Self::Retag,
        Self::Retype,
        Self::Resize,
        Self::Wrap,
        Self::Toggle,
        Self::Widen,
        Self::Narrow,
        Self::Default,
        Self::Close,
        Self::RenameType,
        Self::Reorder,
    ];

    /// Those that mostly hurt nobody on the wire.
    pub const HARMLESS: [Self; 8] = [
        Self::Add,
        Self::Add,
        Self::Remove,
        Self::Rename,
        Self::RenameUnmarked,
        Self::Wrap,
        Self::RenameType,
        Self::Reorder,
    ];

    /// Applies it somewhere in `draft`; `false` if there is no place for it.
    pub fn apply(self, draft: &mut Draft, dice: &mut Dice) -> bool {
        let index = dice.below(draft.declarations.len());
        if self == Self::Wrap {
            return wrap(draft, dice, index);
        }
        let fresh = draft.uid();
        let added = draft.random_type(dice, index, 1);
        let other = draft.random_type(dice, index, 1);
        let Some(declaration) = draft.declarations.get_mut(index) else {
            return false;
        };
        let mut work = Work {
            dice,
            fresh,
            added,
            other,
            is_call: draft.is_call,
        };
        work.apply(self, declaration)
    }
}

/// What a change may need.
struct Work<'a> {
    dice: &'a mut Dice,
    /// An identity for what is new.
    fresh: u32,
    added: Ty,
    other: Ty,
    is_call: bool,
}

impl Work<'_> {
    fn apply(&mut self, change: Change, declaration: &mut Declaration) -> bool {
        if change == Change::RenameType {
            if declaration.name == "Root" {
                return false;
            }
            declaration.was.push(declaration.name.clone());
            declaration.name = format!("T{}", self.fresh);
            return true;
        }
        let root = declaration.name == "Root";
        let params = root && self.is_call;
        match &mut declaration.kind {
            Kind::Struct(fields) if params => self.params(change, fields),
            Kind::Struct(fields) => self.fields(change, fields, root),
            Kind::Enum {
                repr,
                closed,
                values,
            } => match change {
                Change::Close => {
                    *closed = !*closed;
                    true
                }
                Change::Resize => {
                    *repr = if *repr == Int::U8 { Int::I16 } else { Int::U8 };
                    true
                }
                _ => self.labels(change, values, false),
            },
            Kind::Flags(bits) => self.labels(change, bits, true),
            Kind::Union { closed, arms } => match change {
                Change::Close => {
                    *closed = !*closed;
                    true
                }
                _ => self.arms(change, arms),
            },
            Kind::Newtype { inner, default } => match change {
                Change::Default if matches!(inner.shape, Shape::Int(_)) => {
                    *default = match (*default, inner.bound) {
                        (Some(_), _) if self.dice.chance(50) => None,
                        (old, bound) => {
                            let least = bound.map_or(1, |(min, _)| min);
                            Some(if old == Some(least) { least + 1 } else { least })
                        }
                    };
                    true
                }
                Change::Default => false,
                Change::Retype => {
                    *default = None;
                    let shape = if matches!(inner.shape, Shape::String) {
                        Shape::Bool
                    } else {
                        Shape::String
                    };
                    let bound = matches!(shape, Shape::String).then_some((0, 5));
                    *inner = Ty {
                        shape,
                        bound,
                        optional: false,
                    };
                    true
                }
                Change::Toggle => false,
                _ => self.ty(change, inner),
            },
        }
    }

    /// Parameters have places and no tags.
    fn params(&mut self, change: Change, params: &mut Vec<Field>) -> bool {
        match change {
            Change::Retag => false,
            Change::AddRequired => {
                let label = self.label("f", 0);
                let (ty, default) = (Ty::of(Shape::Uuid), None);
                let at = self.dice.below(params.len() + 1);
                params.insert(at, Field { label, ty, default });
                true
            }
            Change::Reorder if params.len() > 1 => {
                let (a, b) = (self.dice.below(params.len()), self.dice.below(params.len()));
                params.swap(a, b);
                a != b
            }
            _ => self.fields(change, params, false),
        }
    }

    fn fields(&mut self, change: Change, fields: &mut Vec<Field>, root: bool) -> bool {
        let tag = self.free();
        match change {
            Change::Add => {
                let ty = Ty {
                    optional: true,
                    ..self.added.clone()
                };
                fields.push(Field {
                    label: self.label("f", tag),
                    ty,
                    default: None,
                });
                true
            }
            Change::AddRequired => {
                let label = self.label("f", tag);
                fields.push(Field {
                    label,
                    ty: Ty::of(Shape::Uuid),
                    default: None,
                });
                true
            }
            Change::Remove if !root && fields.len() > 1 => {
                fields.remove(self.dice.below(fields.len()));
                true
            }
            Change::Reorder => {
                fields.reverse();
                fields.len() > 1
            }
            // `Root` holds the other types, so that each is reached: its fields keep their types.
            Change::Remove | Change::Retype | Change::Toggle | Change::Widen | Change::Narrow
                if root =>
            {
                false
            }
            _ => {
                let index = self.dice.below(fields.len());
                let Some(field) = fields.get_mut(index) else {
                    return false;
                };
                match change {
                    Change::Rename | Change::RenameUnmarked | Change::Retag => {
                        self.relabel(change, &mut field.label, tag)
                    }
                    Change::Default => self.default(field),
                    _ => {
                        let changed = self.ty(change, &mut field.ty);
                        if field.default.is_some() && !is_int(&field.ty) {
                            field.default = None;
                        }
                        changed
                    }
                }
            }
        }
    }

    fn default(&mut self, field: &mut Field) -> bool {
        if !is_int(&field.ty) {
            return false;
        }
        let least = field.ty.bound.map_or(5, |(min, _)| min + 2);
        field.default = match field.default {
            Some(_) if self.dice.chance(40) => None,
            Some(old) if old == least => Some(least + 1),
            _ => Some(least),
        };
        true
    }

    fn arms(&mut self, change: Change, arms: &mut Vec<Arm>) -> bool {
        let tag = self.free();
        match change {
            Change::Add => {
                let body = self.dice.chance(60).then(|| self.added.clone());
                arms.push(Arm {
                    label: self.label("a", tag),
                    body,
                });
                true
            }
            Change::Remove if arms.len() > 1 => {
                arms.remove(self.dice.below(arms.len()));
                true
            }
            Change::Reorder => {
                arms.reverse();
                arms.len() > 1
            }
            _ => {
                let index = self.dice.below(arms.len());
                let Some(arm) = arms.get_mut(index) else {
                    return false;
                };
                match (change, &mut arm.body) {
                    (Change::Rename | Change::RenameUnmarked | Change::Retag, _) => {
                        self.relabel(change, &mut arm.label, tag)
                    }
                    (Change::Retype, body) => {
                        *body = match body {
                            Some(_) if self.dice.chance(50) => None,
                            _ => Some(self.other.clone()),
                        };
                        true
                    }
                    (_, Some(ty)) => self.ty(change, ty),
                    (_, None) => false,
                }
            }
        }
    }

    fn labels(&mut self, change: Change, labels: &mut Vec<Label>, flags: bool) -> bool {
        let tag = if flags {
            labels.iter().map(|label| label.tag).max().unwrap_or(0) + 1
        } else {
            self.free()
        };
        match change {
            Change::Add if tag < 13 || !flags => {
                labels.push(self.label("v", tag));
                true
            }
            Change::Remove if labels.len() > 1 => {
                // The greatest bit stays, so that the next one is one that was never used.
                labels.remove(self.dice.below(labels.len() - usize::from(flags)));
                true
            }
            Change::Reorder => {
                labels.reverse();
                labels.len() > 1
            }
            Change::Rename | Change::RenameUnmarked | Change::Retag if tag < 13 || !flags => {
                let index = self.dice.below(labels.len());
                let label = labels.get_mut(index);
                label.is_some_and(|label| self.relabel(change, label, tag))
            }
            _ => false,
        }
    }

    /// A tag that nothing has or had: identities grow faster than tags, and what the lock would refuse is not tried here.
    fn free(&self) -> u8 {
        u8::try_from(self.fresh).unwrap_or(u8::MAX).min(120)
    }

    fn relabel(&mut self, change: Change, label: &mut Label, free: u8) -> bool {
        if change == Change::Retag {
            label.tag = free;
            return true;
        }
        let old = std::mem::replace(&mut label.name, format!("n{}", self.fresh));
        if change == Change::Rename {
            label.was.push(old);
        }
        true
    }

    fn label(&self, prefix: &str, tag: u8) -> Label {
        Label {
            uid: self.fresh,
            name: format!("{prefix}{}", self.fresh),
            was: Vec::new(),
            tag,
        }
    }

    fn ty(&mut self, change: Change, ty: &mut Ty) -> bool {
        match change {
            Change::Retype if *ty != self.other => {
                *ty = self.other.clone();
                true
            }
            Change::Resize => match &mut ty.shape {
                Shape::Int(int) => {
                    let old = *int;
                    *int = *self.dice.pick(&INTS).unwrap_or(&old);
                    *int != old
                }
                Shape::F32 => {
                    ty.shape = Shape::F64;
                    true
                }
                Shape::List(inner) => self.ty(change, inner),
                _ => false,
            },
            Change::Toggle => {
                ty.optional = !ty.optional;
                true
            }
            Change::Widen | Change::Narrow => match (&mut ty.bound, &mut ty.shape) {
                (Some((_, max)), _) if change == Change::Widen => {
                    *max += 1 + i128::from(self.dice.chance(50));
                    true
                }
                (Some((min, max)), _) if *max > *min + 3 => {
                    *max -= 1;
                    true
                }
                (_, Shape::List(inner)) => self.ty(change, inner),
                _ => false,
            },
            _ => false,
        }
    }
}

fn is_int(ty: &Ty) -> bool {
    matches!(ty.shape, Shape::Int(_)) && !ty.optional
}

/// Puts a newtype in the place of an integer or a string, or what is in a newtype in its place.
fn wrap(draft: &mut Draft, dice: &mut Dice, index: usize) -> bool {
    let uid = draft.uid();
    let newtypes: Vec<(u32, Ty)> = draft
        .declarations
        .iter()
        .filter_map(|declaration| match &declaration.kind {
            Kind::Newtype { inner, .. } => Some((declaration.uid, inner.clone())),
            _ => None,
        })
        .collect();
    let Some(Declaration {
        kind: Kind::Struct(fields),
        name,
        ..
    }) = draft.declarations.get_mut(index)
    else {
        return false;
    };
    if name == "Root" {
        return false;
    }
    let at = dice.below(fields.len());
    let Some(field) = fields.get_mut(at) else {
        return false;
    };
    let optional = field.ty.optional;
    match &field.ty.shape {
        Shape::Named(named) => {
            let Some((_, inner)) = newtypes.iter().find(|(uid, _)| uid == named) else {
                return false;
            };
            field.ty = Ty {
                optional,
                ..inner.clone()
            };
            true
        }
        Shape::Int(_) | Shape::String => {
            let inner = Ty {
                optional: false,
                ..field.ty.clone()
            };
            let default = field.default.or(match &inner.shape {
                Shape::Int(_) if inner.bound.is_none_or(|(min, _)| min <= 0) => Some(0),
                _ => None,
            });
            field.ty = Ty {
                optional,
                ..Ty::of(Shape::Named(uid))
            };
            field.default = None;
            let (name, was) = (format!("T{uid}"), Vec::new());
            let kind = Kind::Newtype { inner, default };
            draft.declarations.insert(
                index,
                Declaration {
                    uid,
                    name,
                    was,
                    kind,
                },
            );
            true
        }
        _ => false,
    }
}
