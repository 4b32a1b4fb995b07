//! Descriptors of a schema that was made a moment ago.
//!
//! Descriptors point at one another for ever, since generated code holds them in statics. Here they are leaked: a test
//! ends before that matters. Types that reach themselves can't be made so; drafts have none.

use playhouse::descriptor::{
    Arm, Attributes, Body, Bound, EnumValue, Flag, Head, Int, Kind, Member, Shape, Type, Use,
    Value, dynamic::Form,
};
use playhouse_schema::model;

/// What values of `Root` are read by: the type of that name, or if there is none, the parameters of the first call.
///
/// # Panics
///
/// If there is neither, or if a type reaches itself.
#[must_use]
pub fn of(model: &model::Model) -> Form {
    let mut maker = Maker {
        model,
        made: vec![None; model.types.len()],
    };
    let root = model.types.iter().position(|def| def.head.name == "Root");
    match root {
        Some(index) => Form::Type(maker.type_def(index)),
        None => {
            let call = model
                .entities
                .first()
                .and_then(|entity| entity.calls.first());
            Form::Members(maker.members(&call.expect("a draft has a root or a call").params))
        }
    }
}

struct Maker<'a> {
    model: &'a model::Model,
    made: Vec<Option<&'static Type>>,
}

impl Maker<'_> {
    fn type_def(&mut self, index: usize) -> &'static Type {
        if let Some(made) = self.made[index] {
            return made;
        }
        let def = &self.model.types[index];
        assert!(!def.recursive, "{} reaches itself", def.head.name);
        let kind = match &def.kind {
            model::TypeKind::Struct { members, .. } => Kind::Struct(self.members(members)),
            model::TypeKind::Enum {
                repr,
                closed,
                values,
                ..
            } => {
                let values = values.iter().map(|value| {
                    EnumValue::new(value.number, leak(&value.name)).attributes(marks(&value.marks))
                });
                Kind::Enum {
                    repr: int(*repr),
                    closed: *closed,
                    values: list(values.collect()),
                }
            }
            model::TypeKind::Flags { repr, flags, .. } => {
                let flags = flags.iter().map(|flag| {
                    Flag::new(flag.bits, leak(&flag.name)).attributes(marks(&flag.marks))
                });
                Kind::Flags {
                    repr: int(*repr),
                    flags: list(flags.collect()),
                }
            }
            model::TypeKind::Union { closed, arms, .. } => Kind::Union {
                closed: *closed,
                arms: self.arms(arms),
            },
            model::TypeKind::Error { arms, .. } => Kind::Error(self.arms(arms)),
            model::TypeKind::Newtype { inner, default } => Kind::Newtype {
                inner: self.used(inner),
                default: default.as_ref().map(value),
            },
        };
        let head = Head::new("test", leak(&def.head.name), "test.idl", 1);
        let made = Box::leak(Box::new(Type::new(head, def.digest, kind)));
        self.made[index] = Some(made);
        made
    }

    fn members(&mut self, members: &[model::Member]) -> &'static [Member] {
        let made = members.iter().map(|member| {
            let ty = self.used(&member.ty);
            let made = Member::new(member.tag, leak(&member.name), ty);
            let made = made.attributes(marks(&member.marks));
            member
                .default
                .as_ref()
                .map_or(made, |default| made.or(value(default)))
        });
        list(made.collect())
    }

    fn arms(&mut self, arms: &[model::Arm]) -> &'static [Arm] {
        let made = arms.iter().map(|arm| {
            let body = match &arm.body {
                model::ArmBody::Nothing => Body::Nothing,
                model::ArmBody::Type(ty) => Body::Value(self.used(ty)),
                model::ArmBody::Members(members) => Body::Members(self.members(members)),
            };
            Arm::new(arm.tag, leak(&arm.name), body).attributes(marks(&arm.marks))
        });
        list(made.collect())
    }

    fn used(&mut self, ty: &model::Type) -> Use {
        let mut inner = |ty: &model::Type| -> &'static Use { Box::leak(Box::new(self.used(ty))) };
        let shape = match &ty.shape {
            model::Shape::Bool => Shape::Bool,
            model::Shape::Int(repr) => Shape::Int(int(*repr)),
            model::Shape::F32 => Shape::F32,
            model::Shape::F64 => Shape::F64,
            model::Shape::String => Shape::String,
            model::Shape::Bytes => Shape::Bytes,
            model::Shape::Timestamp => Shape::Timestamp,
            model::Shape::Duration => Shape::Duration,
            model::Shape::Uuid => Shape::Uuid,
            model::Shape::List(element) => Shape::List(inner(element)),
            model::Shape::Set(element) => Shape::Set(inner(element)),
            model::Shape::Map(key, value) => Shape::Map(inner(key), inner(value)),
            model::Shape::Ref(_) => unreachable!("drafts have no refs"),
            model::Shape::Named(id) => Shape::Named(self.type_def(id.0 as usize)),
        };
        let bound = match ty.bound {
            model::Bound::None => Bound::None,
            model::Bound::Int { min, max } => Bound::Int(min, max),
            model::Bound::Float { min, max } => Bound::Float(min, max),
            model::Bound::Length { min, max } => Bound::Length(min, max.unwrap_or(u32::MAX)),
        };
        Use {
            shape,
            bound,
            optional: ty.optional,
        }
    }
}

fn value(value: &model::Value) -> Value {
    match value {
        model::Value::None => Value::None,
        model::Value::Bool(value) => Value::Bool(*value),
        model::Value::Int(value) => Value::Int(*value),
        model::Value::Float(value) => Value::Float(*value),
        model::Value::String(value) => Value::String(leak(value)),
        model::Value::Flags(bits) => Value::Flags(*bits),
        model::Value::Empty => Value::Empty,
        model::Value::Repeat(count, inner) => {
            Value::Repeat(*count, Box::leak(Box::new(self::value(inner))))
        }
        model::Value::Struct => Value::Struct,
    }
}

const fn int(int: model::Int) -> Int {
    match int {
        model::Int::U8 => Int::U8,
        model::Int::U16 => Int::U16,
        model::Int::U32 => Int::U32,
        model::Int::U64 => Int::U64,
        model::Int::I8 => Int::I8,
        model::Int::I16 => Int::I16,
        model::Int::I32 => Int::I32,
        model::Int::I64 => Int::I64,
    }
}

fn marks(marks: &model::Marks) -> Attributes {
    let was: Vec<&'static str> = marks.was.iter().map(|name| leak(name)).collect();
    Attributes::NONE.was(list(was))
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn list<T>(items: Vec<T>) -> &'static [T] {
    Box::leak(items.into_boxed_slice())
}
