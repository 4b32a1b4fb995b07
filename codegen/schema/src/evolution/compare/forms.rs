//! How two types relate: whether each reads what the other writes.

use crate::{
    evolution::{
        form::{Form, FormShape, Plain},
        key::Key,
        surface::{Fact, Kind, Surface},
        table::Condition,
    },
    model::Bound,
};

/// What differs between two types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Difference {
    /// The condition of a retype, if it is one.
    pub(super) retype: Option<Condition>,
    /// The condition of a rebound, if it is one.
    pub(super) rebound: Option<Condition>,
    /// Whether the type as a whole became optional: then a default gave way to none.
    pub(super) optional: bool,
}

/// How one set of values relates to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Same,
    Wider,
    Narrower,
    Moved,
}

impl Relation {
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Same, other) => other,
            (own, Self::Same) => own,
            (Self::Wider, Self::Wider) => Self::Wider,
            (Self::Narrower, Self::Narrower) => Self::Narrower,
            _ => Self::Moved,
        }
    }

    const fn condition(self) -> Option<Condition> {
        match self {
            Self::Same => None,
            Self::Wider => Some(Condition::Wider),
            Self::Narrower => Some(Condition::Narrower),
            Self::Moved => Some(Condition::Moved),
        }
    }
}

/// Compares the type `before`, which stands in `previous`, with `after`, which stands in `current`.
pub(super) fn compare(
    before: &str,
    after: &str,
    previous: &Surface,
    current: &Surface,
) -> Difference {
    if before == after {
        return Difference::default();
    }
    let (Some(old), Some(new)) = (Form::parse(before), Form::parse(after)) else {
        return Difference {
            retype: Some(Condition::Other),
            ..Difference::default()
        };
    };
    let same_shape = old.unbounded() == new.unbounded();
    let mut walk = Walk {
        previous,
        current,
        twin: false,
        number: Relation::Same,
        bound: Relation::Same,
        optional: false,
        mismatch: false,
    };
    walk.forms(
        &old.expanded(&|name| newtype(previous, name)),
        &new.expanded(&|name| newtype(current, name)),
    );
    if same_shape {
        return Difference {
            rebound: walk.bound.condition(),
            ..Difference::default()
        };
    }
    let retype = match walk.number {
        _ if walk.mismatch => Condition::Other,
        Relation::Same if walk.twin => Condition::Twin,
        Relation::Same => Condition::SameForm,
        Relation::Wider if !walk.twin => Condition::Widened,
        _ => Condition::Other,
    };
    let rebound = if walk.mismatch {
        None
    } else {
        walk.bound.condition()
    };
    Difference {
        retype: Some(retype),
        rebound,
        optional: walk.optional,
    }
}

/// What a newtype holds; `None` for every other name.
fn newtype(surface: &Surface, name: &str) -> Option<Form> {
    let element = surface.get(&Key::parse(name)?)?;
    if element.kind != Kind::Newtype {
        return None;
    }
    Form::parse(element.facts.get(Fact::Type)?)
}

struct Walk<'a> {
    previous: &'a Surface,
    current: &'a Surface,
    /// Two types of different names and one structure were met.
    twin: bool,
    /// How the values of number types of different width relate, and of types that became optional.
    number: Relation,
    /// How bounds relate.
    bound: Relation,
    /// The outermost type became optional.
    optional: bool,
    mismatch: bool,
}

impl Walk<'_> {
    fn forms(&mut self, old: &Form, new: &Form) {
        self.optional = !old.optional && new.optional;
        self.parts(old, new);
    }

    fn parts(&mut self, old: &Form, new: &Form) {
        match (old.optional, new.optional) {
            (false, true) => self.number = self.number.and(Relation::Wider),
            (true, false) => self.mismatch = true,
            _ => {}
        }
        match (&old.shape, &new.shape) {
            (FormShape::Int(a), FormShape::Int(b)) => {
                let relation = relate(
                    int_ends(&old.bound, a.range()),
                    int_ends(&new.bound, b.range()),
                );
                if a == b {
                    self.bound = self.bound.and(relation);
                } else {
                    self.number = self.number.and(relation);
                }
                return;
            }
            (FormShape::Plain(Plain::F32), FormShape::Plain(Plain::F64)) => {
                self.number = self.number.and(Relation::Wider);
            }
            (FormShape::List(a), FormShape::List(b)) | (FormShape::Set(a), FormShape::Set(b)) => {
                self.parts(a, b);
            }
            (FormShape::Map(a, b), FormShape::Map(c, d)) => {
                self.parts(a, c);
                self.parts(b, d);
            }
            (FormShape::Named(a), FormShape::Named(b)) if a != b => {
                if self.twins(a, b) {
                    self.twin = true;
                } else {
                    self.mismatch = true;
                }
            }
            (a, b) => self.mismatch |= a != b,
        }
        self.bound = self.bound.and(relate_bounds(&old.bound, &new.bound));
    }

    /// Whether two types are one by another name: the same digest, and the same parts under the same names. The digest
    /// alone knows no names, and a number may mean something else.
    fn twins(&self, old: &str, new: &str) -> bool {
        let (Some(old), Some(new)) = (Key::parse(old), Key::parse(new)) else {
            return false;
        };
        let (Some(a), Some(b)) = (self.previous.get(&old), self.current.get(&new)) else {
            return false;
        };
        let digests = (a.facts.get(Fact::Digest), b.facts.get(Fact::Digest));
        let parts = |surface: &Surface, key: &Key| {
            let inside = surface.within(key).map(|(inner, element)| {
                let ty = element.facts.get(Fact::Type).map(str::to_owned);
                (inner.path.clone(), element.name.clone(), ty)
            });
            inside.skip(1).collect::<Vec<_>>()
        };
        a.kind == b.kind
            && digests.0.is_some()
            && digests.0 == digests.1
            && parts(self.previous, &old) == parts(self.current, &new)
    }
}

fn int_ends(bound: &Bound, range: (i128, i128)) -> (i128, i128) {
    match bound {
        Bound::Int { min, max } => (*min.max(&range.0), *max.min(&range.1)),
        _ => range,
    }
}

fn relate_bounds(old: &Bound, new: &Bound) -> Relation {
    match (float_ends(old), float_ends(new)) {
        (Some(old), Some(new)) => relate(old, new),
        _ => relate(length_ends(old), length_ends(new)),
    }
}

/// Ends of a bound of floats, or of none where the other one is.
fn float_ends(bound: &Bound) -> Option<(f64, f64)> {
    match bound {
        Bound::None => Some((f64::NEG_INFINITY, f64::INFINITY)),
        Bound::Float { min, max } => Some((*min, *max)),
        _ => None,
    }
}

fn length_ends(bound: &Bound) -> (i128, i128) {
    match bound {
        Bound::Length { min, max } => ((*min).into(), max.map_or(i128::MAX, i128::from)),
        Bound::Int { min, max } => (*min, *max),
        _ => (0, i128::MAX),
    }
}

fn relate<T: PartialOrd + Copy>(old: (T, T), new: (T, T)) -> Relation {
    let wider = new.0 <= old.0 && new.1 >= old.1;
    let narrower = new.0 >= old.0 && new.1 <= old.1;
    match (wider, narrower) {
        (true, true) => Relation::Same,
        (true, false) => Relation::Wider,
        (false, true) => Relation::Narrower,
        (false, false) => Relation::Moved,
    }
}

/// The condition of a change between two integer types that carry an enum or flags.
pub(super) fn repr(before: &str, after: &str) -> Condition {
    let range = |name: &str| crate::model::Int::named(name).map(crate::model::Int::range);
    match (range(before), range(after)) {
        (Some(old), Some(new)) if relate(old, new) == Relation::Wider => Condition::Widened,
        _ => Condition::Other,
    }
}
