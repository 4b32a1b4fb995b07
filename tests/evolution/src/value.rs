//! Random values of a draft's types, in the named form.

use serde_json::{Map, Value, json};

use crate::{
    Dice, Draft,
    draft::{Field, Kind, Label, Shape, Ty},
};

impl Draft {
    /// A random value of `Root`.
    #[must_use]
    pub fn random_root(&self, dice: &mut Dice) -> Value {
        let root = self.declarations.last().map(|declaration| declaration.uid);
        self.random_value(dice, &Ty::of(Shape::Named(root.unwrap_or_default())))
    }

    fn random_value(&self, dice: &mut Dice, ty: &Ty) -> Value {
        if ty.optional && dice.chance(30) {
            return Value::Null;
        }
        match &ty.shape {
            Shape::Bool => json!(dice.chance(50)),
            Shape::Int(int) => {
                let (min, max) = ty.bound.unwrap_or_else(|| int.range());
                number(dice.between(min, max))
            }
            Shape::F32 | Shape::F64 => {
                // A quarter of a small integer is the same in both.
                json!(f64::from(i16::try_from(dice.between(-400, 400)).unwrap_or(0)) / 4.0)
            }
            Shape::String => json!(text(dice, ty)),
            // So many zeros.
            Shape::Bytes => {
                let count = length(dice, ty);
                let rest = ["", "AA==", "AAA="][count % 3];
                json!("AAAA".repeat(count / 3) + rest)
            }
            Shape::Timestamp => number(dice.between(-5, 5_000_000_000_000_000)),
            Shape::Uuid => {
                let (high, low) = (dice.next(), dice.next());
                let hex = format!("{high:016x}{low:016x}");
                json!(format!(
                    "{}-{}-{}-{}-{}",
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..16],
                    &hex[16..20],
                    &hex[20..]
                ))
            }
            Shape::List(inner) => {
                let count = length(dice, ty);
                Value::Array((0..count).map(|_| self.random_value(dice, inner)).collect())
            }
            Shape::Set(inner) => {
                let keys = self.keys(dice, ty, inner);
                Value::Array(keys.into_iter().map(|(_, key)| key).collect())
            }
            Shape::Map(key, value) => {
                let keys = self.keys(dice, ty, key);
                let entries = keys
                    .into_iter()
                    .map(|(key, _)| (key, self.random_value(dice, value)));
                Value::Object(entries.collect())
            }
            Shape::Named(uid) => match self.find(*uid).map(|declaration| &declaration.kind) {
                None => Value::Null,
                Some(Kind::Struct(fields)) => self.fields(dice, fields),
                Some(Kind::Newtype { inner, .. }) => self.random_value(dice, inner),
                Some(Kind::Flags(bits)) => flags(dice, bits),
                Some(Kind::Enum {
                    repr,
                    closed,
                    values,
                }) => match dice.pick(values) {
                    Some(value) if *closed || dice.chance(80) => json!(value.name),
                    // Above all that drafts name.
                    _ => number(dice.between(121, repr.range().1)),
                },
                Some(Kind::Union { closed, arms }) => match dice.pick(arms) {
                    Some(arm) if *closed || dice.chance(85) => {
                        let body = arm.body.as_ref().map(|ty| self.random_value(dice, ty));
                        json!({ &arm.label.name: body })
                    }
                    // 0x05: the integer 5.
                    _ => json!({ format!("#{}", 121 + dice.below(7)): "BQ==" }),
                },
            },
        }
    }

    fn fields(&self, dice: &mut Dice, fields: &[Field]) -> Value {
        let mut map = Map::new();
        for field in fields {
            if !(dice.chance(25) && self.has_default(field)) {
                map.insert(field.label.name.clone(), self.random_value(dice, &field.ty));
            }
        }
        Value::Object(map)
    }

    /// Different keys, as text and as values.
    fn keys(&self, dice: &mut Dice, ty: &Ty, key: &Ty) -> Vec<(String, Value)> {
        let mut keys: Vec<(String, Value)> = Vec::new();
        for _ in 0..length(dice, ty) {
            let value = self.random_value(dice, key);
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            if keys.iter().all(|(known, _)| *known != text) {
                keys.push((text, value));
            }
        }
        keys
    }

    /// Whether a field may be left out.
    #[must_use]
    pub fn has_default(&self, field: &Field) -> bool {
        field.default.is_some() || self.default_of(&field.ty).is_some()
    }

    /// The default that follows from a type, in the named form.
    #[must_use]
    pub fn default_of(&self, ty: &Ty) -> Option<Value> {
        if ty.optional {
            return Some(Value::Null);
        }
        let least = ty.bound.map_or(0, |(min, _)| min);
        let most = ty.bound.map_or(0, |(_, max)| max);
        match &ty.shape {
            Shape::Bool => Some(json!(false)),
            Shape::Int(_) => (least <= 0 && most >= 0).then(|| json!(0)),
            Shape::F32 | Shape::F64 => Some(json!(0.0)),
            Shape::String | Shape::Bytes => (least == 0 && most > 0).then(|| json!("")),
            Shape::Timestamp | Shape::Uuid => None,
            Shape::List(_) | Shape::Set(_) => (least == 0).then(|| json!([])),
            Shape::Map(..) => (least == 0).then(|| json!({})),
            Shape::Named(uid) => match &self.find(*uid)?.kind {
                Kind::Struct(fields) => fields
                    .iter()
                    .all(|field| self.has_default(field))
                    .then(|| json!({})),
                Kind::Enum { values, .. } => values
                    .iter()
                    .find(|value| value.tag == 0)
                    .map(|value| json!(value.name)),
                Kind::Flags(_) => Some(json!([])),
                Kind::Union { .. } => None,
                Kind::Newtype { default, .. } => default.map(number),
            },
        }
    }
}

/// An integer in the named form; wide ones are strings, and strings are taken for all.
fn number(value: i128) -> Value {
    json!(value.to_string())
}

fn length(dice: &mut Dice, ty: &Ty) -> usize {
    let (min, max) = ty.bound.unwrap_or((0, 4));
    usize::try_from(dice.between(min, max)).unwrap_or(0)
}

fn text(dice: &mut Dice, ty: &Ty) -> String {
    let count = length(dice, ty);
    (0..count)
        .map(|_| *dice.pick(&['a', 'Z', 'é', '7', ' ', '🎲']).unwrap_or(&'x'))
        .collect()
}

fn flags(dice: &mut Dice, bits: &[Label]) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for bit in bits {
        if dice.chance(40) {
            list.push(json!(bit.name));
        }
    }
    if dice.chance(20) {
        list.push(json!(1 << 14));
    }
    Value::Array(list)
}
