//! Types as used: the Rust type of a value, and the codec that reads and checks it.

use playhouse_schema::model::{Bound, Head, Int, RefTarget, Shape, Type, TypeId, TypeKind};

use super::scope::Scope;

impl Scope<'_> {
    /// The Rust type of values of `ty`.
    pub(super) fn rust_type(&self, ty: &Type) -> String {
        self.optional_type(ty, self.plain_type(ty))
    }

    /// The Rust type of values of `ty`, held by the declared type `owner`: behind a pointer where it leads back.
    pub(super) fn held_type(&self, owner: TypeId, ty: &Type) -> String {
        let mut plain = self.plain_type(ty);
        if self.world.facts.is_boxed(owner, ty) {
            plain = format!("{}<{plain}>", self.std("Box"));
        }
        self.optional_type(ty, plain)
    }

    fn optional_type(&self, ty: &Type, plain: String) -> String {
        if ty.optional {
            format!("{}<{plain}>", self.std("Option"))
        } else {
            plain
        }
    }

    /// The Rust type without its question mark.
    pub(super) fn plain_type(&self, ty: &Type) -> String {
        match &ty.shape {
            Shape::Bool => "bool".to_owned(),
            Shape::Int(int) => int_name(*int).to_owned(),
            Shape::F32 => "f32".to_owned(),
            Shape::F64 => "f64".to_owned(),
            Shape::String => self.std("String"),
            Shape::Bytes => "v1::Bytes".to_owned(),
            Shape::Timestamp => "v1::Timestamp".to_owned(),
            Shape::Duration => "v1::Duration".to_owned(),
            Shape::Uuid => "v1::Uuid".to_owned(),
            Shape::List(element) => format!("{}<{}>", self.std("Vec"), self.rust_type(element)),
            Shape::Set(element) => {
                format!(
                    "{}<{}>",
                    self.collection("BTreeSet"),
                    self.rust_type(element)
                )
            }
            Shape::Map(key, value) => {
                let map = self.collection("BTreeMap");
                format!("{map}<{}, {}>", self.rust_type(key), self.rust_type(value))
            }
            Shape::Ref(target) => format!("v1::Ref<{}>", self.declared(self.target(*target))),
            Shape::Named(id) => self.declared(&self.model().type_def(*id).head),
        }
    }

    /// The codec of `ty`.
    pub(super) fn codec(&self, ty: &Type) -> String {
        let plain = self.plain_codec(ty);
        if ty.optional {
            format!("v1::Maybe<{plain}>")
        } else {
            plain
        }
    }

    /// The codec of `ty` without its question mark, held by the declared type `owner`.
    pub(super) fn held_codec(&self, owner: Option<TypeId>, ty: &Type) -> String {
        let plain = self.plain_codec(ty);
        if owner.is_some_and(|owner| self.is_held_boxed(owner, ty)) {
            format!("v1::Boxed<{plain}>")
        } else {
            plain
        }
    }

    /// Whether a value of `ty` stands behind a pointer in `owner`.
    pub(super) fn is_held_boxed(&self, owner: TypeId, ty: &Type) -> bool {
        self.world.facts.is_boxed(owner, ty)
    }

    /// The codec without its question mark.
    pub(super) fn plain_codec(&self, ty: &Type) -> String {
        match &ty.shape {
            Shape::List(element) => {
                format!(
                    "v1::List<{}{}>",
                    self.codec(element),
                    length_args(&ty.bound)
                )
            }
            Shape::Set(element) => {
                format!("v1::Set<{}{}>", self.codec(element), length_args(&ty.bound))
            }
            Shape::Map(key, value) => {
                let (key, value) = (self.codec(key), self.codec(value));
                format!("v1::Map<{key}, {value}{}>", length_args(&ty.bound))
            }
            Shape::String => match ty.bound {
                Bound::None => self.std("String"),
                _ => format!("v1::Text<{}>", &length_args(&ty.bound)[2..]),
            },
            Shape::Bytes => match ty.bound {
                Bound::None => "v1::Bytes".to_owned(),
                _ => format!("v1::Blob<{}>", &length_args(&ty.bound)[2..]),
            },
            Shape::Named(id) if ty.bound != Bound::None => {
                let name = self.plain_type(ty);
                match &self.model().type_def(*id).kind {
                    // The bound at this use holds what is inside; the newtype looks after its own.
                    TypeKind::Newtype { inner, .. } => {
                        let inside = Type {
                            bound: ty.bound.clone(),
                            optional: false,
                            ..inner.clone()
                        };
                        format!("v1::Narrow<{name}, {}>", self.plain_codec(&inside))
                    }
                    _ => name,
                }
            }
            _ => {
                let name = self.plain_type(ty);
                match &ty.bound {
                    Bound::Int { min, max } => format!("v1::Int<{name}, {min}, {max}>"),
                    Bound::Float { min, max } => {
                        let bits = |end: f64| float_bits(end, matches!(ty.shape, Shape::F32));
                        format!(
                            "v1::Float<{name}, {{ {} }}, {{ {} }}>",
                            bits(*min),
                            bits(*max)
                        )
                    }
                    Bound::None | Bound::Length { .. } => name,
                }
            }
        }
    }

    /// What a reference points at.
    pub(super) fn target(&self, target: RefTarget) -> &Head {
        match target {
            RefTarget::Entity(id) => &self.model().entities[id.0 as usize].head,
            RefTarget::Component(id) => &self.model().components[id.0 as usize].head,
        }
    }
}

/// `, min, max`, nothing if open, and the greatest length left off where there is none.
pub(super) fn length_args(bound: &Bound) -> String {
    match bound {
        Bound::Length { min: 0, max: None } => String::new(),
        Bound::Length { min, max: None } => format!(", {min}"),
        Bound::Length {
            min,
            max: Some(max),
        } => format!(", {min}, {max}"),
        _ => String::new(),
    }
}

/// The bits of a bound as a constant expression. A bound of an `f32` is an `f32`.
fn float_bits(end: f64, narrow: bool) -> String {
    if end == f64::INFINITY {
        return "v1::OPEN_ABOVE".to_owned();
    }
    if end == f64::NEG_INFINITY {
        return "v1::OPEN_BELOW".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "that is how the bound of an f32 is meant"
    )]
    let end = if narrow { f64::from(end as f32) } else { end };
    format!("v1::bits({end:?})")
}

/// `u8`
pub(super) const fn int_name(int: Int) -> &'static str {
    match int {
        Int::U8 => "u8",
        Int::U16 => "u16",
        Int::U32 => "u32",
        Int::U64 => "u64",
        Int::I8 => "i8",
        Int::I16 => "i16",
        Int::I32 => "i32",
        Int::I64 => "i64",
    }
}
