//! A schema that remembers who is who: each part has an identity that no change of name or tag touches.

use playhouse_schema::model::Int;

use crate::Dice;

/// The identity of a part.
pub type Uid = u32;

/// A random schema. The last declaration is the struct `Root`, which reaches all others.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Each refers to earlier ones only.
    pub declarations: Vec<Declaration>,
    /// Whether the fields of `Root` are the parameters of a call: then their order is what counts, and not their tags.
    pub is_call: bool,
    next: Uid,
}

/// A declared type.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Who it is.
    pub uid: Uid,
    /// Its name.
    pub name: String,
    /// Its earlier names.
    pub was: Vec<String>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of declared types.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `struct`
    Struct(Vec<Field>),
    /// `enum`
    Enum {
        /// What carries it.
        repr: Int,
        /// Whether unknown numbers are refused.
        closed: bool,
        /// Its values; the tag is the number.
        values: Vec<Label>,
    },
    /// `flags`, carried by `u16`; the tag is the bit.
    Flags(Vec<Label>),
    /// `union`
    Union {
        /// Whether unknown arms are refused.
        closed: bool,
        /// Its arms.
        arms: Vec<Arm>,
    },
    /// `newtype` over an integer or a string.
    Newtype {
        /// What it holds.
        inner: Ty,
        /// Its default.
        default: Option<i128>,
    },
}

/// A number with a name.
#[derive(Debug, Clone)]
pub struct Label {
    /// Who it is.
    pub uid: Uid,
    /// Its name.
    pub name: String,
    /// Its earlier names.
    pub was: Vec<String>,
    /// Its number.
    pub tag: u8,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Identity, name and tag.
    pub label: Label,
    /// Its type.
    pub ty: Ty,
    /// The default that is written out; of integers only.
    pub default: Option<i128>,
}

/// An arm.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Identity, name and tag.
    pub label: Label,
    /// What it carries.
    pub body: Option<Ty>,
}

/// A type as used.
#[derive(Debug, Clone, PartialEq)]
pub struct Ty {
    /// What it is.
    pub shape: Shape,
    /// Least and greatest value or length.
    pub bound: Option<(i128, i128)>,
    /// `T?`
    pub optional: bool,
}

/// The shapes of types.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is the type of its name")]
pub enum Shape {
    Bool,
    Int(Int),
    F32,
    F64,
    String,
    Bytes,
    Timestamp,
    Uuid,
    List(Box<Ty>),
    Set(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Named(Uid),
}

/// The integer types.
pub const INTS: [Int; 8] = [
    Int::U8,
    Int::U16,
    Int::U32,
    Int::U64,
    Int::I8,
    Int::I16,
    Int::I32,
    Int::I64,
];

impl Ty {
    /// A type without bound.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self {
            shape,
            bound: None,
            optional: false,
        }
    }

    /// A type with a bound.
    #[must_use]
    pub const fn bounded(shape: Shape, min: i128, max: i128) -> Self {
        Self {
            shape,
            bound: Some((min, max)),
            optional: false,
        }
    }
}

impl Draft {
    /// A random schema.
    #[must_use]
    pub fn random(dice: &mut Dice) -> Self {
        let mut draft = Self {
            declarations: Vec::new(),
            is_call: false,
            next: 0,
        };
        for index in 0..3 + dice.below(4) {
            let kind = draft.random_kind(dice, index);
            let uid = draft.uid();
            let name = format!("T{uid}");
            draft.declarations.push(Declaration {
                uid,
                name,
                was: Vec::new(),
                kind,
            });
        }
        let mut fields = Vec::new();
        for index in 0..draft.declarations.len() {
            let named = Ty::of(Shape::Named(draft.declarations[index].uid));
            // A default matters only where a member takes it.
            let direct = matches!(
                draft.declarations[index].kind,
                Kind::Newtype { .. } | Kind::Enum { .. }
            );
            let ty = match dice.below(4) {
                _ if direct => named,
                0 => Ty {
                    optional: true,
                    ..named
                },
                1 => Ty::bounded(Shape::List(Box::new(named)), 0, 3),
                _ => named,
            };
            let label = draft.label("f", u8::try_from(index + 1).unwrap_or(u8::MAX));
            fields.push(Field {
                label,
                ty,
                default: None,
            });
        }
        let uid = draft.uid();
        let (name, was, kind) = ("Root".to_owned(), Vec::new(), Kind::Struct(fields));
        draft.declarations.push(Declaration {
            uid,
            name,
            was,
            kind,
        });
        draft
    }

    /// The same with `Root` as the parameters of a call, those without a default first.
    #[must_use]
    pub fn into_call(mut self) -> Self {
        self.is_call = true;
        let Some(mut root) = self.declarations.pop() else {
            return self;
        };
        if let Kind::Struct(fields) = &mut root.kind {
            fields.sort_by_key(|field| self.has_default(field));
        }
        self.declarations.push(root);
        self
    }

    /// A new identity.
    pub const fn uid(&mut self) -> Uid {
        self.next += 1;
        self.next
    }

    /// A new part with this tag.
    pub fn label(&mut self, prefix: &str, tag: u8) -> Label {
        let uid = self.uid();
        Label {
            uid,
            name: format!("{prefix}{uid}"),
            was: Vec::new(),
            tag,
        }
    }

    /// The declaration of this identity.
    #[must_use]
    pub fn find(&self, uid: Uid) -> Option<&Declaration> {
        self.declarations
            .iter()
            .find(|declaration| declaration.uid == uid)
    }

    /// The shape within all newtypes.
    #[must_use]
    pub fn inside<'a>(&'a self, ty: &'a Ty) -> &'a Shape {
        match &ty.shape {
            Shape::Named(uid) => match self.find(*uid).map(|declaration| &declaration.kind) {
                Some(Kind::Newtype { inner, .. }) => self.inside(inner),
                _ => &ty.shape,
            },
            shape => shape,
        }
    }

    fn random_kind(&mut self, dice: &mut Dice, index: usize) -> Kind {
        match dice.below(8) {
            0 => {
                let start = u8::from(dice.chance(25));
                let count = 2 + dice.below(3);
                let values = (start..)
                    .take(count)
                    .map(|tag| self.label("v", tag))
                    .collect();
                let repr = if dice.chance(50) { Int::U8 } else { Int::I16 };
                Kind::Enum {
                    repr,
                    closed: dice.chance(40),
                    values,
                }
            }
            1 => {
                let bits = (0..)
                    .take(1 + dice.below(4))
                    .map(|tag| self.label("b", tag))
                    .collect();
                Kind::Flags(bits)
            }
            2 | 3 => {
                let mut arms = Vec::new();
                for tag in (1..).take(1 + dice.below(3)) {
                    let body = dice.chance(70).then(|| self.random_type(dice, index, 1));
                    arms.push(Arm {
                        label: self.label("a", tag),
                        body,
                    });
                }
                Kind::Union {
                    closed: dice.chance(40),
                    arms,
                }
            }
            4 => {
                let inner = if dice.chance(60) {
                    random_int(dice)
                } else {
                    random_string(dice)
                };
                let default = match (&inner.shape, inner.bound) {
                    (Shape::Int(_), bound) if dice.chance(50) => {
                        Some(bound.map_or(3, |(min, _)| min))
                    }
                    _ => None,
                };
                Kind::Newtype { inner, default }
            }
            _ => {
                let mut fields = Vec::new();
                let mut tag = 0;
                for _ in 0..1 + dice.below(4) {
                    tag += 1 + u8::from(dice.chance(15));
                    let ty = self.random_type(dice, index, 2);
                    let default = random_default(dice, &ty);
                    fields.push(Field {
                        label: self.label("f", tag),
                        ty,
                        default,
                    });
                }
                Kind::Struct(fields)
            }
        }
    }

    /// A type made of the first `known` declarations, containers at most `depth` deep.
    pub fn random_type(&self, dice: &mut Dice, known: usize, depth: usize) -> Ty {
        let mut ty = match dice.below(if depth == 0 { 8 } else { 11 }) {
            0 => Ty::of(Shape::Bool),
            1 | 2 => random_int(dice),
            3 => random_string(dice),
            4 => Ty::of(if dice.chance(50) {
                Shape::F32
            } else {
                Shape::F64
            }),
            5 => match dice.below(3) {
                0 => Ty::bounded(Shape::Bytes, 0, 6),
                1 => Ty::of(Shape::Timestamp),
                _ => Ty::of(Shape::Uuid),
            },
            6 | 7 => match dice.pick(&self.declarations[..known.min(self.declarations.len())]) {
                Some(declaration) => Ty::of(Shape::Named(declaration.uid)),
                None => random_int(dice),
            },
            8 => Ty::bounded(
                Shape::List(Box::new(self.random_type(dice, known, depth - 1))),
                0,
                4,
            ),
            9 => Ty::bounded(Shape::Set(Box::new(random_key(dice))), 0, 4),
            _ => {
                let value = Ty {
                    optional: false,
                    ..self.random_type(dice, known, depth - 1)
                };
                let shape = Shape::Map(Box::new(random_key(dice)), Box::new(value));
                Ty::bounded(shape, 0, 4)
            }
        };
        ty.optional = dice.chance(20);
        ty
    }
}

fn random_key(dice: &mut Dice) -> Ty {
    if dice.chance(60) {
        Ty::of(Shape::Int(Int::U16))
    } else {
        Ty::bounded(Shape::String, 0, 5)
    }
}

fn random_string(dice: &mut Dice) -> Ty {
    let min = i128::from(dice.chance(20));
    Ty::bounded(Shape::String, min, 4 + dice.between(0, 6))
}

fn random_int(dice: &mut Dice) -> Ty {
    let int = *dice.pick(&INTS).unwrap_or(&Int::U32);
    match dice.below(3) {
        0 => Ty::bounded(Shape::Int(int), 0, 50),
        1 => Ty::bounded(Shape::Int(int), 2, 50),
        _ => Ty::of(Shape::Int(int)),
    }
}

fn random_default(dice: &mut Dice, ty: &Ty) -> Option<i128> {
    match (&ty.shape, ty.optional) {
        (Shape::Int(_), false) if dice.chance(40) => Some(ty.bound.map_or(7, |(min, _)| min + 1)),
        _ => None,
    }
}
