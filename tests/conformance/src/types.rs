//! `types.json`: what the types of the schema are made of, for tests of languages whose types don't know themselves.
//!
//! Declared types by name; messages as `Bag.put.args`; defaults in the named form.

use playhouse_schema::model::{
    ArmBody, Call, Int, Member, Model, Shape, Type, TypeDef, TypeKind, Value,
};
use serde_json::{Map, Value as Json, json};

/// The description of all types of `model`, and of the messages of its components, entities and services.
#[must_use]
pub fn describe(model: &Model) -> Json {
    let describer = Describer { model };
    let mut types = Map::new();
    for definition in &model.types {
        types.insert(
            definition.head.name.clone(),
            describer.declaration(definition),
        );
    }
    let components = model
        .components
        .iter()
        .map(|each| (&each.head, &each.calls));
    let entities = model.entities.iter().map(|each| (&each.head, &each.calls));
    let services = model.services.iter().map(|each| (&each.head, &each.calls));
    for (head, calls) in components.chain(entities).chain(services) {
        for call in calls {
            describer.messages(&head.name, call, &mut types);
        }
    }
    Json::Object(types)
}

struct Describer<'a> {
    model: &'a Model,
}

impl Describer<'_> {
    fn declaration(&self, definition: &TypeDef) -> Json {
        match &definition.kind {
            TypeKind::Struct { members, .. } => {
                json!({ "kind": "struct", "members": self.members(members) })
            }
            TypeKind::Enum { repr, values, .. } => {
                let values: Map<String, Json> = values
                    .iter()
                    .map(|value| (value.name.clone(), value.number.to_string().into()))
                    .collect();
                json!({ "kind": "enum", "values": values, "wide": is_wide(*repr) })
            }
            TypeKind::Flags { repr, flags, .. } => {
                let bits: Vec<(&str, String)> = flags
                    .iter()
                    .filter(|flag| flag.bit.is_some())
                    .map(|flag| (flag.name.as_str(), flag.bits.to_string()))
                    .collect();
                json!({ "kind": "flags", "bits": bits, "wide": is_wide(*repr) })
            }
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                let arms: Vec<Json> = arms
                    .iter()
                    .map(|arm| match &arm.body {
                        ArmBody::Nothing => json!({ "name": arm.name }),
                        ArmBody::Type(ty) => json!({ "name": arm.name, "value": self.used(ty) }),
                        ArmBody::Members(members) => {
                            json!({ "name": arm.name, "members": self.members(members) })
                        }
                    })
                    .collect();
                json!({ "kind": "union", "arms": arms })
            }
            TypeKind::Newtype { inner, .. } => {
                json!({ "kind": "newtype", "inner": self.used(inner) })
            }
        }
    }

    fn messages(&self, owner: &str, call: &Call, types: &mut Map<String, Json>) {
        let name = |part: &str| format!("{owner}.{}.{part}", call.name);
        let args = json!({ "kind": "struct", "members": self.members(&call.params) });
        types.insert(name("args"), args);
        if let Some(result) = &call.result {
            types.insert(
                name("result"),
                json!({ "kind": "newtype", "inner": self.used(result) }),
            );
        }
        if let Some(error) = call.throws {
            let inner = json!({ "shape": "named", "name": self.definition(error).head.name });
            types.insert(name("error"), json!({ "kind": "newtype", "inner": inner }));
        }
    }

    fn members(&self, members: &[Member]) -> Vec<Json> {
        members
            .iter()
            .map(|member| {
                let mut described = json!({ "name": member.name, "type": self.used(&member.ty) });
                if let (Some(default), Json::Object(fields)) = (&member.default, &mut described) {
                    fields.insert("default".to_owned(), self.named(&member.ty.shape, default));
                }
                described
            })
            .collect()
    }

    fn used(&self, ty: &Type) -> Json {
        let mut used = match &ty.shape {
            Shape::List(element) => json!({ "shape": "list", "of": self.used(element) }),
            Shape::Set(element) => json!({ "shape": "set", "of": self.used(element) }),
            Shape::Map(key, value) => {
                json!({ "shape": "map", "key": self.used(key), "of": self.used(value) })
            }
            Shape::Named(id) => {
                json!({ "shape": "named", "name": self.definition(*id).head.name })
            }
            shape => json!({ "shape": scalar(shape) }),
        };
        if let (true, Json::Object(fields)) = (ty.optional, &mut used) {
            fields.insert("optional".to_owned(), true.into());
        }
        used
    }

    /// A default in the named form.
    fn named(&self, shape: &Shape, value: &Value) -> Json {
        let definition = match shape {
            Shape::Named(id) => Some(self.definition(*id)),
            _ => None,
        };
        if let Some(TypeKind::Newtype { inner, .. }) = definition.map(|definition| &definition.kind)
        {
            return self.named(&inner.shape, value);
        }
        match (value, shape, definition.map(|definition| &definition.kind)) {
            (Value::None, ..) => Json::Null,
            (Value::Bool(value), ..) => (*value).into(),
            (Value::Int(number), _, Some(TypeKind::Enum { values, repr, .. })) => values
                .iter()
                .find(|value| i128::from(value.number) == *number)
                .map_or_else(
                    || integer(*number, is_wide(*repr)),
                    |value| value.name.clone().into(),
                ),
            (Value::Int(number), Shape::Int(int), _) => integer(*number, is_wide(*int)),
            (Value::Int(number), ..) => integer(*number, true),
            (Value::Float(number), Shape::F32, _) => f64::from(*number as f32).into(),
            (Value::Float(number), ..) => (*number).into(),
            (Value::String(text), ..) => text.clone().into(),
            (Value::Flags(bits), _, Some(TypeKind::Flags { flags, .. })) => flags
                .iter()
                .filter(|flag| flag.bit.is_some() && bits & flag.bits != 0)
                .map(|flag| flag.name.clone())
                .collect(),
            (Value::Flags(bits), ..) => (*bits).into(),
            (Value::Repeat(count, value), Shape::List(element), _) => {
                vec![self.named(&element.shape, value); *count as usize].into()
            }
            (Value::Empty, Shape::String | Shape::Bytes, _) => "".into(),
            (Value::Empty, Shape::Map(..), _) | (Value::Struct, ..) => json!({}),
            (Value::Empty | Value::Repeat(..), ..) => json!([]),
        }
    }

    fn definition(&self, id: playhouse_schema::model::TypeId) -> &TypeDef {
        &self.model.types[id.0 as usize]
    }
}

fn integer(number: i128, wide: bool) -> Json {
    match i64::try_from(number) {
        Ok(number) if !wide => number.into(),
        _ => number.to_string().into(),
    }
}

const fn is_wide(int: Int) -> bool {
    matches!(int, Int::U64 | Int::I64)
}

fn scalar(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "bool",
        Shape::Int(Int::U64) => "u64",
        Shape::Int(Int::I64) => "i64",
        Shape::Int(_) => "int",
        Shape::F32 => "f32",
        Shape::F64 => "f64",
        Shape::String => "string",
        Shape::Bytes => "bytes",
        Shape::Timestamp => "timestamp",
        Shape::Duration => "duration",
        Shape::Uuid => "uuid",
        Shape::Ref(_) => "ref",
        Shape::List(_) | Shape::Set(_) | Shape::Map(..) | Shape::Named(_) => "declared elsewhere",
    }
}
