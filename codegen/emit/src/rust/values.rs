//! Defaults: as expressions, as comparisons, and what they cost.

use playhouse_schema::model::{Shape, Type, TypeKind, Value};

use super::names::variant;
use super::scope::Scope;

/// How generated code reaches a value.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The expression, `self.count` or `count`.
    expr: String,
    /// Whether the expression is a reference to the value.
    is_ref: bool,
}

impl Place {
    /// The value itself.
    pub(super) const fn value(expr: String) -> Self {
        Self {
            expr,
            is_ref: false,
        }
    }

    /// A reference to it.
    pub(super) const fn reference(expr: String) -> Self {
        Self { expr, is_ref: true }
    }

    /// The value as an operand.
    fn operand(&self) -> String {
        if self.is_ref {
            format!("*{}", self.expr)
        } else {
            self.expr.clone()
        }
    }

    /// A reference to the value.
    pub(super) fn by_ref(&self) -> String {
        if self.is_ref {
            self.expr.clone()
        } else {
            format!("&{}", self.expr)
        }
    }

    /// Its inside, if it is a newtype.
    fn inside(&self) -> Self {
        Self::value(format!("{}.0", self.expr))
    }
}

impl Scope<'_> {
    /// `value` as an expression of type `ty`.
    pub(super) fn value(&self, ty: &Type, value: &Value) -> String {
        if let (Shape::Named(id), false) = (&ty.shape, matches!(value, Value::None)) {
            let def = self.model().type_def(*id);
            let name = self.declared(&def.head);
            return match (&def.kind, value) {
                (TypeKind::Newtype { inner, .. }, _) => {
                    format!("{name}({})", self.value(inner, value))
                }
                (TypeKind::Enum { values, .. }, Value::Int(number)) => {
                    let found = values.iter().find(|it| i128::from(it.number) == *number);
                    found.map_or_else(
                        || format!("{name}::Unknown({number})"),
                        |found| format!("{name}::{}", variant(&found.name)),
                    )
                }
                (TypeKind::Flags { .. }, Value::Flags(0)) => format!("{name}::empty()"),
                (TypeKind::Flags { .. }, Value::Flags(bits)) => format!("{name}({bits:#x})"),
                _ => format!("{name}::default()"),
            };
        }
        match value {
            Value::None => self.std("None"),
            Value::Bool(value) => value.to_string(),
            Value::Int(number) => match ty.shape {
                Shape::Timestamp => format!("v1::Timestamp({number})"),
                Shape::Duration => format!("v1::Duration({number})"),
                Shape::F32 | Shape::F64 => format!("{number}.0"),
                _ => number.to_string(),
            },
            Value::Float(value) => float(*value, &ty.shape),
            Value::String(text) => format!("{text:?}.to_owned()"),
            Value::Flags(bits) => format!("{bits:#x}"),
            Value::Repeat(count, element) => {
                let Shape::List(inner) = &ty.shape else {
                    return String::new();
                };
                format!("v1::repeat({count}, {})", self.maker(inner, element))
            }
            Value::Empty | Value::Struct => match ty.shape {
                Shape::String => format!("{}::new()", self.std("String")),
                Shape::Bytes => "v1::Bytes::new()".to_owned(),
                Shape::Set(_) => format!("{}::new()", self.collection("BTreeSet")),
                Shape::Map(..) => format!("{}::new()", self.collection("BTreeMap")),
                _ => format!("{}::new()", self.std("Vec")),
            },
        }
    }

    /// A function that makes `value`, as an argument.
    fn maker(&self, ty: &Type, value: &Value) -> String {
        let made = self.value(ty, value);
        // A call without arguments is named, not wrapped.
        match made.strip_suffix("()") {
            Some(path) if !path.contains(['(', '"']) => path.to_owned(),
            _ => format!("|| {made}"),
        }
    }

    /// Whether `value` is what `Default` makes of the Rust type.
    pub(super) fn is_rust_default(&self, ty: &Type, value: &Value) -> bool {
        match (value, &ty.shape) {
            (Value::None | Value::Bool(false) | Value::Empty | Value::Flags(0), _) => self
                .newtype_default(ty)
                .is_none_or(|default| default == value),
            (Value::Bool(true) | Value::Flags(_) | Value::String(_) | Value::Repeat(..), _) => self
                .newtype_default(ty)
                .is_some_and(|default| default == value),
            (Value::Int(number), _) => match self.newtype_default(ty) {
                Some(default) => default == value,
                None => *number == 0 && !matches!(ty.shape, Shape::Timestamp),
            },
            (Value::Float(number), _) => match self.newtype_default(ty) {
                Some(default) => default == value,
                None => number.to_bits() == 0,
            },
            (Value::Struct, _) => true,
        }
    }

    /// The default that the newtype `ty` has.
    fn newtype_default(&self, ty: &Type) -> Option<&Value> {
        let Shape::Named(id) = ty.shape else {
            return None;
        };
        match &self.model().type_def(id).kind {
            TypeKind::Newtype { default, .. } if !ty.optional => default.as_ref(),
            _ => None,
        }
    }

    /// Bytes on the heap that the default takes, as an expression; none if it takes none.
    pub(super) fn cost(&self, ty: &Type, value: &Value) -> Option<String> {
        match (value, &ty.shape) {
            (Value::None, _) => None,
            (_, Shape::Named(id)) => match &self.model().type_def(*id).kind {
                TypeKind::Newtype { inner, .. } => self.cost(inner, value),
                TypeKind::Struct { members, .. } => {
                    let costs: Vec<String> = members
                        .iter()
                        .filter_map(|member| self.cost(&member.ty, member.default.as_ref()?))
                        .collect();
                    (!costs.is_empty()).then(|| costs.join(" + "))
                }
                _ => None,
            },
            (Value::String(text), _) if !text.is_empty() => Some(text.len().to_string()),
            (Value::Repeat(count, element), Shape::List(inner)) => {
                let size = format!("{count} * size_of::<{}>()", self.rust_type(inner));
                Some(match self.cost(inner, element) {
                    Some(each) => format!("{size} + {count} * ({each})"),
                    None => size,
                })
            }
            _ => None,
        }
    }

    /// A condition that holds if the value at `place` isn't `default`.
    pub(super) fn differs(&self, place: &Place, ty: &Type, default: &Value) -> String {
        let expr = &place.expr;
        if matches!(default, Value::None) {
            return format!("{expr}.is_some()");
        }
        if let Shape::Named(id) = &ty.shape {
            let def = self.model().type_def(*id);
            return match &def.kind {
                TypeKind::Newtype { inner, .. } => self.differs(&place.inside(), inner, default),
                TypeKind::Flags { .. } if *default == Value::Flags(0) => {
                    format!("!{expr}.is_empty()")
                }
                TypeKind::Enum { .. } | TypeKind::Flags { .. } => {
                    format!("{} != {}", place.operand(), self.value(ty, default))
                }
                _ => format!("v1::Struct::slots({}) != 0", place.by_ref()),
            };
        }
        match (default, &ty.shape) {
            (Value::Bool(false), _) => place.operand(),
            (Value::Bool(true), _) => format!("!{}", place.operand()),
            (_, Shape::F32 | Shape::F64) => {
                let default = self.value(ty, default);
                match default.as_str() {
                    "0.0" => format!("{expr}.to_bits() != 0"),
                    _ => format!("{expr}.to_bits() != {}", bits(&default, &ty.shape)),
                }
            }
            (Value::Int(number), Shape::Timestamp | Shape::Duration) => {
                format!("{expr}.0 != {number}")
            }
            (Value::Int(number), _) => format!("{} != {number}", place.operand()),
            (Value::String(text), _) if !text.is_empty() => {
                format!("{expr} != {text:?}")
            }
            (Value::Repeat(count, element), Shape::List(inner)) => {
                let each = self.equals(inner, element);
                format!("!v1::is_repeat({}, {count}, {each})", place.by_ref())
            }
            _ => format!("!{expr}.is_empty()"),
        }
    }

    /// A function that tells whether a reference is to `default`.
    fn equals(&self, ty: &Type, default: &Value) -> String {
        let method = match (default, &ty.shape) {
            (Value::None, _) => Some(format!("{}::is_none", self.std("Option"))),
            (Value::Empty, Shape::String) => Some(format!("{}::is_empty", self.std("String"))),
            (Value::Empty, Shape::List(_)) => Some(format!("{}::is_empty", self.std("Vec"))),
            (Value::Empty, Shape::Set(_)) => {
                Some(format!("{}::is_empty", self.collection("BTreeSet")))
            }
            (Value::Empty, Shape::Map(..)) => {
                Some(format!("{}::is_empty", self.collection("BTreeMap")))
            }
            _ => None,
        };
        method.unwrap_or_else(|| {
            let differs = self.differs(&Place::reference("each".to_owned()), ty, default);
            let equals = match differs.strip_prefix('!') {
                Some(equals) => equals.to_owned(),
                None if differs.contains(" != ") => differs.replacen(" != ", " == ", 1),
                None => format!("!{differs}"),
            };
            format!("|each| {equals}")
        })
    }
}

/// A float of the shape's precision as a literal.
fn float(value: f64, shape: &Shape) -> String {
    if matches!(shape, Shape::F32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a default of an f32 is one"
        )]
        let value = value as f32;
        format!("{value:?}")
    } else {
        format!("{value:?}")
    }
}

/// The bits of a float literal.
fn bits(literal: &str, shape: &Shape) -> String {
    let suffix = if matches!(shape, Shape::F32) {
        "f32"
    } else {
        "f64"
    };
    match literal.strip_prefix('-') {
        Some(literal) => format!("(-{literal}_{suffix}).to_bits()"),
        None => format!("{literal}_{suffix}.to_bits()"),
    }
}

/// A string as a Rust literal.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A digest as a literal, in groups of four digits.
pub(super) fn hexadecimal(digest: u64) -> String {
    let digits = format!("{digest:016x}");
    let groups: Vec<&str> = (0..4)
        .filter_map(|group| digits.get(group * 4..group * 4 + 4))
        .collect();
    format!("0x{}", groups.join("_"))
}
