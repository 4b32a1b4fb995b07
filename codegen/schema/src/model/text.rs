//! Parts of the model in the language's own words, for messages, the lock and comments.

use super::{Bound, Model, RefTarget, Shape, Type};

impl Model {
    /// A type as the schema would write it, consts in bounds resolved: `map<Slot, Stack>[..=64]?`.
    #[must_use]
    pub fn type_text(&self, ty: &Type) -> String {
        let mut text = match &ty.shape {
            Shape::Bool => "bool".to_owned(),
            Shape::Int(int) => int.name().to_owned(),
            Shape::F32 => "f32".to_owned(),
            Shape::F64 => "f64".to_owned(),
            Shape::String => "string".to_owned(),
            Shape::Bytes => "bytes".to_owned(),
            Shape::Timestamp => "timestamp".to_owned(),
            Shape::Duration => "duration".to_owned(),
            Shape::Uuid => "uuid".to_owned(),
            Shape::List(element) => format!("list<{}>", self.type_text(element)),
            Shape::Set(element) => format!("set<{}>", self.type_text(element)),
            Shape::Map(key, value) => {
                format!("map<{}, {}>", self.type_text(key), self.type_text(value))
            }
            Shape::Ref(RefTarget::Entity(id)) => {
                format!("ref<{}>", self.entities[id.0 as usize].head.name)
            }
            Shape::Ref(RefTarget::Component(id)) => {
                format!("ref<{}>", self.components[id.0 as usize].head.name)
            }
            Shape::Named(id) => {
                let def = &self.types[id.0 as usize];
                def.instance
                    .clone()
                    .unwrap_or_else(|| def.head.name.clone())
            }
        };
        text.push_str(&bound_text(ty));
        if ty.optional {
            text.push('?');
        }
        text
    }
}

/// A bound as written: `[..=64]`, `[8]`, `[1..]`; empty without one.
#[must_use]
pub fn bound_text(ty: &Type) -> String {
    match &ty.bound {
        Bound::None => String::new(),
        Bound::Int { min, max } if min == max => format!("[{min}]"),
        Bound::Int { min, max } => {
            let (least, most) = match ty.shape {
                Shape::Int(int) => int.range(),
                _ => (i128::MIN, i128::MAX),
            };
            match (*min == least, *max == most) {
                (true, _) => format!("[..={max}]"),
                (false, true) => format!("[{min}..]"),
                (false, false) => format!("[{min}..={max}]"),
            }
        }
        #[expect(clippy::float_cmp, reason = "the very same number was written")]
        Bound::Float { min, max } if min == max => format!("[{min:?}]"),
        Bound::Float { min, max } if min.is_infinite() => format!("[..={max:?}]"),
        Bound::Float { min, max } if max.is_infinite() => format!("[{min:?}..]"),
        Bound::Float { min, max } => format!("[{min:?}..={max:?}]"),
        Bound::Length {
            min,
            max: Some(max),
        } if min == max => format!("[{min}]"),
        Bound::Length {
            min: 0,
            max: Some(max),
        } => format!("[..={max}]"),
        Bound::Length {
            min,
            max: Some(max),
        } => format!("[{min}..={max}]"),
        Bound::Length { min, max: None } => format!("[{min}..]"),
    }
}
