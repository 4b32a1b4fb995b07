//! Types: declared ones, and types as they are used.

use super::{Attributes, Component, Entity, Head};

/// A declared type. Each instance of a generic struct is one.
pub struct Type {
    /// Name, place, docs.
    pub head: Head,
    /// What it is.
    pub kind: Kind,
    /// Digest of all that decides how its values are read.
    pub digest: u64,
}

/// The kinds of declared types.
#[derive(Debug)]
pub enum Kind {
    /// `struct`: its members by tag, ascending.
    Struct(&'static [Member]),
    /// `enum`
    Enum {
        /// The integer that carries it.
        repr: Int,
        /// Whether unknown numbers are refused.
        closed: bool,
        /// In the order of the source.
        values: &'static [EnumValue],
    },
    /// `flags`
    Flags {
        /// The unsigned integer that carries it.
        repr: Int,
        /// Single bits and named combinations, in the order of the source.
        flags: &'static [Flag],
    },
    /// `union`
    Union {
        /// Whether unknown arms are refused.
        closed: bool,
        /// By tag, ascending.
        arms: &'static [Arm],
    },
    /// `error`: its arms by tag, ascending.
    Error(&'static [Arm]),
    /// `newtype`
    Newtype {
        /// The type inside.
        inner: Use,
        /// What a member of this type is by default, if it says so.
        default: Option<Value>,
    },
}

/// A member of a struct or an arm, a property, or a parameter.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Name as written.
    pub name: &'static str,
    /// 1 to 127; a parameter's is its position, counted from 1.
    pub tag: u8,
    /// Its type.
    pub ty: Use,
    /// What an absent value stands for; `None`: it is required.
    pub default: Option<Value>,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// A type as used: shape, bound, optional.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// What it is.
    pub shape: Shape,
    /// What its value or length is held to. A newtype's own bound applies as well.
    pub bound: Bound,
    /// `T?`
    pub optional: bool,
}

/// The shape of a type.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `bool`
    Bool,
    /// `u8` .. `i64`
    Int(Int),
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `timestamp`
    Timestamp,
    /// `duration`
    Duration,
    /// `uuid`
    Uuid,
    /// `list<T>`
    List(&'static Use),
    /// `set<T>`
    Set(&'static Use),
    /// `map<K, V>`
    Map(&'static Use, &'static Use),
    /// `ref<T>`
    Ref(Target),
    /// A declared type.
    Named(&'static Type),
}

/// What a `ref` points at.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// An entity.
    Entity(&'static Entity),
    /// Any entity's slot that holds this component.
    Component(&'static Component),
}

/// The integer types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Int {
    /// `u8`
    U8,
    /// `u16`
    U16,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `i8`
    I8,
    /// `i16`
    I16,
    /// `i32`
    I32,
    /// `i64`
    I64,
}

/// A bound, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// No bound.
    None,
    /// Of an integer's value.
    Int(i128, i128),
    /// Of a float's value.
    Float(f64, f64),
    /// Of a length: characters, bytes or elements. An open end is [`u32::MAX`].
    Length(u32, u32),
}

/// A constant. What type it has is known from where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// None of an optional.
    None,
    /// A bool.
    Bool(bool),
    /// An integer, microseconds, or an enum's number.
    Int(i128),
    /// A float.
    Float(f64),
    /// A string.
    String(&'static str),
    /// Bits of flags.
    Flags(u64),
    /// An empty string, `bytes`, list, set or map.
    Empty,
    /// So many times this value: a list of exact length.
    Repeat(u32, &'static Self),
    /// The struct of defaults.
    Struct,
}

/// A value of an enum.
#[derive(Debug, Clone, Copy)]
pub struct EnumValue {
    /// Name as written.
    pub name: &'static str,
    /// Its number.
    pub number: i64,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// A flag or a named combination of flags.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Name as written.
    pub name: &'static str,
    /// Its bits: one for a flag, any for a combination.
    pub bits: u64,
    /// Whether it combines other flags.
    pub combined: bool,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// An arm of a union or an error.
#[derive(Debug, Clone, Copy)]
pub struct Arm {
    /// Name as written.
    pub name: &'static str,
    /// 1 to 127.
    pub tag: u8,
    /// What it carries.
    pub body: Body,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// What an arm carries.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// Nothing.
    Nothing,
    /// One value.
    Value(Use),
    /// Members by tag, ascending.
    Members(&'static [Member]),
}

impl Type {
    /// A type; [`Kind`] says the rest.
    #[must_use]
    pub const fn new(head: Head, digest: u64, kind: Kind) -> Self {
        Self { head, kind, digest }
    }

    /// `arena.world.Reward`
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.head.package, self.head.name)
    }
}

impl Use {
    /// `bool`
    pub const BOOL: Self = Self::of(Shape::Bool);
    /// `u8`
    pub const U8: Self = Self::of(Shape::Int(Int::U8));
    /// `u16`
    pub const U16: Self = Self::of(Shape::Int(Int::U16));
    /// `u32`
    pub const U32: Self = Self::of(Shape::Int(Int::U32));
    /// `u64`
    pub const U64: Self = Self::of(Shape::Int(Int::U64));
    /// `i8`
    pub const I8: Self = Self::of(Shape::Int(Int::I8));
    /// `i16`
    pub const I16: Self = Self::of(Shape::Int(Int::I16));
    /// `i32`
    pub const I32: Self = Self::of(Shape::Int(Int::I32));
    /// `i64`
    pub const I64: Self = Self::of(Shape::Int(Int::I64));
    /// `f32`
    pub const F32: Self = Self::of(Shape::F32);
    /// `f64`
    pub const F64: Self = Self::of(Shape::F64);
    /// `string`
    pub const STRING: Self = Self::of(Shape::String);
    /// `bytes`
    pub const BYTES: Self = Self::of(Shape::Bytes);
    /// `timestamp`
    pub const TIMESTAMP: Self = Self::of(Shape::Timestamp);
    /// `duration`
    pub const DURATION: Self = Self::of(Shape::Duration);
    /// `uuid`
    pub const UUID: Self = Self::of(Shape::Uuid);

    /// A shape, neither bounded nor optional.
    #[must_use]
    pub const fn of(shape: Shape) -> Self {
        Self {
            shape,
            bound: Bound::None,
            optional: false,
        }
    }

    /// A declared type.
    #[must_use]
    pub const fn named(ty: &'static Type) -> Self {
        Self::of(Shape::Named(ty))
    }

    /// `list<element>`
    #[must_use]
    pub const fn list(element: &'static Self) -> Self {
        Self::of(Shape::List(element))
    }

    /// `set<element>`
    #[must_use]
    pub const fn set(element: &'static Self) -> Self {
        Self::of(Shape::Set(element))
    }

    /// `map<key, value>`
    #[must_use]
    pub const fn map(key: &'static Self, value: &'static Self) -> Self {
        Self::of(Shape::Map(key, value))
    }

    /// `ref<entity>`
    #[must_use]
    pub const fn entity(entity: &'static Entity) -> Self {
        Self::of(Shape::Ref(Target::Entity(entity)))
    }

    /// `ref<component>`
    #[must_use]
    pub const fn component(component: &'static Component) -> Self {
        Self::of(Shape::Ref(Target::Component(component)))
    }

    /// Held to an integer's bound.
    #[must_use]
    pub const fn int(mut self, min: i128, max: i128) -> Self {
        self.bound = Bound::Int(min, max);
        self
    }

    /// Held to a float's bound.
    #[must_use]
    pub const fn float(mut self, min: f64, max: f64) -> Self {
        self.bound = Bound::Float(min, max);
        self
    }

    /// Held to a length.
    #[must_use]
    pub const fn length(mut self, min: u32, max: u32) -> Self {
        self.bound = Bound::Length(min, max);
        self
    }

    /// `T?`
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// Docs and attributes of the parts of a declaration.
macro_rules! described {
    ($($part:ident)*) => {$(
        impl $part {
            /// With these docs.
            #[must_use]
            pub const fn docs(mut self, docs: &'static str) -> Self {
                self.docs = docs;
                self
            }

            /// With these attributes.
            #[must_use]
            pub const fn attributes(mut self, attributes: Attributes) -> Self {
                self.attributes = attributes;
                self
            }
        }
    )*};
}

described!(Member EnumValue Flag Arm);

impl Member {
    /// A required member.
    #[must_use]
    pub const fn new(tag: u8, name: &'static str, ty: Use) -> Self {
        Self {
            name,
            tag,
            ty,
            default: None,
            docs: "",
            attributes: Attributes::NONE,
        }
    }

    /// What it is when absent.
    #[must_use]
    pub const fn or(mut self, default: Value) -> Self {
        self.default = Some(default);
        self
    }
}

impl EnumValue {
    /// A value of an enum.
    #[must_use]
    pub const fn new(number: i64, name: &'static str) -> Self {
        Self {
            name,
            number,
            docs: "",
            attributes: Attributes::NONE,
        }
    }
}

impl Flag {
    /// A single flag.
    #[must_use]
    pub const fn new(bits: u64, name: &'static str) -> Self {
        Self {
            name,
            bits,
            combined: false,
            docs: "",
            attributes: Attributes::NONE,
        }
    }

    /// A combination of flags.
    #[must_use]
    pub const fn combined(bits: u64, name: &'static str) -> Self {
        Self {
            combined: true,
            ..Self::new(bits, name)
        }
    }
}

impl Arm {
    /// An arm of a union or an error.
    #[must_use]
    pub const fn new(tag: u8, name: &'static str, body: Body) -> Self {
        Self {
            name,
            tag,
            body,
            docs: "",
            attributes: Attributes::NONE,
        }
    }
}

impl Int {
    /// The least and the greatest value.
    #[must_use]
    pub const fn range(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX as i128),
            Self::U16 => (0, u16::MAX as i128),
            Self::U32 => (0, u32::MAX as i128),
            Self::U64 => (0, u64::MAX as i128),
            Self::I8 => (i8::MIN as i128, i8::MAX as i128),
            Self::I16 => (i16::MIN as i128, i16::MAX as i128),
            Self::I32 => (i32::MIN as i128, i32::MAX as i128),
            Self::I64 => (i64::MIN as i128, i64::MAX as i128),
        }
    }

    /// Whether it has 64 bits, more than a JSON number holds.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::U64 | Self::I64)
    }

    /// `u8`
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }
}
