//! Values of documents to wire bytes.
//!
//! What comes out is read by compiled types, which hold it to its bounds; here only what can't be written at all is a misfit.

use std::collections::BTreeMap;

use playhouse_store::{Path, Value};
use playhouse_wire::{EntityKey, EntityRef, KeyPart, Limits, Reader, Uuid, Writer};

use super::{DEPTH_MAX, Misfit, newest};
use crate::descriptor::dynamic::base64;
use crate::descriptor::{Arm, Body, EnumValue, Flag, Int, Kind, Member, Shape, Type, Use};

/// Up to here each whole number is one float.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

/// Writes values, and knows where it is.
pub(super) struct Wired<'w> {
    w: &'w mut Writer,
    at: Path,
    depth: u32,
}

type Done = Result<(), Misfit>;

impl<'w> Wired<'w> {
    pub(super) const fn new(w: &'w mut Writer, at: Path) -> Self {
        Self { w, at, depth: 0 }
    }

    fn misfit(&self, problem: impl Into<String>) -> Misfit {
        Misfit::new(self.at.clone(), problem)
    }

    fn expected<T>(&self, what: &str, found: &Value) -> Result<T, Misfit> {
        Err(self.misfit(format!("expected {what}, found {}", found.kind())))
    }

    /// Goes one further in.
    fn within(&mut self, name: &str, write: impl FnOnce(&mut Self) -> Done) -> Done {
        if self.depth >= DEPTH_MAX {
            return Err(self.misfit(format!("nested more than {DEPTH_MAX} deep")));
        }
        self.at.0.push(name.to_owned());
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        self.at.0.pop();
        Ok(())
    }

    pub(super) fn used(&mut self, ty: &'static Use, value: &Value) -> Done {
        if ty.optional && matches!(value, Value::Nil) {
            self.w.nil();
            return Ok(());
        }
        match (ty.shape, value) {
            (Shape::Named(named), _) => self.declared(named, value),
            (Shape::Bool, Value::Bool(value)) => {
                self.w.bool(*value);
                Ok(())
            }
            (Shape::Int(int), _) => self.integer(int, value),
            (Shape::Timestamp | Shape::Duration, _) => self.integer(Int::I64, value),
            (Shape::F32 | Shape::F64, _) => self.float(ty.shape, value),
            (Shape::String, Value::Text(text)) => {
                self.w.str(text);
                Ok(())
            }
            (Shape::Bytes, Value::Bytes(bytes)) => {
                self.w.bin(bytes);
                Ok(())
            }
            (Shape::Bytes, Value::Text(text)) => {
                let Some(bytes) = base64::decode(text) else {
                    return Err(self.misfit("expected bytes, found text that is not base64"));
                };
                self.w.bin(&bytes);
                Ok(())
            }
            (Shape::Uuid, Value::Bytes(bytes)) => {
                self.w.bin(bytes);
                Ok(())
            }
            (Shape::Uuid, Value::Text(text)) => match text.parse::<Uuid>() {
                Ok(uuid) => {
                    self.w.put(&uuid);
                    Ok(())
                }
                Err(_) => Err(self.misfit(format!("`{text}` is no uuid"))),
            },
            (Shape::List(element) | Shape::Set(element), Value::List(elements)) => {
                self.w.array(elements.len());
                for (index, value) in elements.iter().enumerate() {
                    self.within(&index.to_string(), |within| within.used(element, value))?;
                }
                Ok(())
            }
            (Shape::Map(key, value), Value::Map(entries) | Value::Table(entries)) => {
                self.entries(key, value, entries)
            }
            (Shape::Ref(_), Value::List(parts)) => self.reference(parts),
            (shape, _) => self.expected(name_of(shape), value),
        }
    }

    /// A map of all the entries.
    pub(super) fn entries(
        &mut self,
        key: &'static Use,
        value: &'static Use,
        entries: &BTreeMap<String, Value>,
    ) -> Done {
        self.w.map(entries.len());
        for (name, held) in entries {
            self.within(name, |within| {
                within.key(key, name)?;
                within.used(value, held)
            })?;
        }
        Ok(())
    }

    /// A list of the elements of a set that is held entry by entry.
    pub(super) fn elements(
        &mut self,
        element: &'static Use,
        entries: &BTreeMap<String, Value>,
    ) -> Done {
        self.w.array(entries.len());
        for (name, held) in entries {
            self.within(name, |within| match held {
                Value::Bool(true) => within.key(element, name),
                _ => within.expected("true, as for each element of a set", held),
            })?;
        }
        Ok(())
    }

    fn declared(&mut self, ty: &'static Type, value: &Value) -> Done {
        match (&ty.kind, value) {
            (Kind::Newtype { inner, .. }, _) => self.used(inner, value),
            (Kind::Struct(members), Value::Map(held) | Value::Table(held)) => {
                self.structure(members, held)
            }
            (Kind::Enum { values, repr, .. }, Value::Text(text)) => {
                self.named_value(values, *repr, text)
            }
            (Kind::Enum { repr, .. }, _) => self.integer(*repr, value),
            (Kind::Flags { flags, .. }, Value::List(names)) => self.flags(flags, names),
            (
                Kind::Union { arms, .. } | Kind::Error(arms),
                Value::Map(held) | Value::Table(held),
            ) => self.arm(arms, held),
            (Kind::Struct(_), _) => self.expected("the members of a struct", value),
            (Kind::Flags { .. }, _) => self.expected("a list of flags", value),
            (Kind::Union { .. } | Kind::Error(_), _) => {
                self.expected("one entry, the arm and its body", value)
            }
        }
    }

    /// Members by name; what has no name here is passed over, and what is absent has its default.
    fn structure(&mut self, members: &'static [Member], held: &BTreeMap<String, Value>) -> Done {
        let slots = members.last().map_or(0, |member| usize::from(member.tag));
        self.w.array(slots);
        let mut members = members.iter().peekable();
        for position in 1..=slots {
            let found = members
                .next_if(|member| usize::from(member.tag) == position)
                .and_then(|member| {
                    let (name, value) = newest(held, member.name, &member.attributes)?;
                    Some((member, name, value))
                });
            match found {
                Some((member, name, value)) => {
                    self.within(name, |within| within.used(&member.ty, value))?;
                }
                None => self.w.nil(),
            }
        }
        Ok(())
    }

    fn named_value(&mut self, values: &'static [EnumValue], repr: Int, text: &str) -> Done {
        let named = |value: &&EnumValue| value.name == text || value.attributes.was.contains(&text);
        match values.iter().find(named) {
            Some(value) => {
                self.w.signed(value.number);
                Ok(())
            }
            None => self.integer(repr, &Value::Text(text.to_owned())),
        }
    }

    fn flags(&mut self, flags: &'static [Flag], names: &[Value]) -> Done {
        let mut bits = 0_u64;
        for name in names {
            bits |= match name {
                Value::Unsigned(bits) => *bits,
                Value::Negative(bits) => bits.cast_unsigned(),
                Value::Text(name) => {
                    let named = |flag: &&Flag| {
                        flag.name == name || flag.attributes.was.contains(&name.as_str())
                    };
                    let Some(flag) = flags.iter().find(named) else {
                        return Err(self.misfit(format!("no flag is named `{name}`")));
                    };
                    flag.bits
                }
                _ => return self.expected("the name of a flag", name),
            };
        }
        self.w.unsigned(bits);
        Ok(())
    }

    fn arm(&mut self, arms: &'static [Arm], held: &BTreeMap<String, Value>) -> Done {
        let (Some((name, body)), 1) = (held.first_key_value(), held.len()) else {
            let problem = format!(
                "expected one entry, the arm and its body, found {}",
                held.len()
            );
            return Err(self.misfit(problem));
        };
        let named = |arm: &&Arm| arm.name == name || arm.attributes.was.contains(&name.as_str());
        let Some(arm) = arms.iter().find(named) else {
            let tag = name.strip_prefix('#').and_then(|tag| tag.parse().ok());
            return match (tag, body) {
                (Some(tag), Value::Nil) => {
                    self.w.array(1);
                    self.w.unsigned(u8::into(tag));
                    Ok(())
                }
                (Some(tag), Value::Bytes(body)) if is_one_value(body) => {
                    self.w.array(2);
                    self.w.unsigned(u8::into(tag));
                    self.w.raw(body);
                    Ok(())
                }
                (Some(_), _) => Err(self.misfit("the body of an unknown arm is not its bytes")),
                (None, _) => Err(self.misfit(format!("no arm is named `{name}`"))),
            };
        };
        match (&arm.body, body) {
            (Body::Nothing, _) => {
                self.w.bare_arm(arm.tag);
                Ok(())
            }
            (Body::Value(ty), _) => {
                self.w.arm(arm.tag);
                self.within(name, |within| within.used(ty, body))
            }
            (Body::Members(members), Value::Map(held) | Value::Table(held)) => {
                self.w.arm(arm.tag);
                self.within(name, |within| within.structure(members, held))
            }
            (Body::Members(_), _) => self.expected("the members of an arm", body),
        }
    }

    fn integer(&mut self, int: Int, value: &Value) -> Done {
        match value {
            Value::Unsigned(number) => self.w.unsigned(*number),
            // A store without unsigned integers gives back the same bits.
            Value::Negative(number) if int == Int::U64 => self.w.unsigned(number.cast_unsigned()),
            Value::Negative(number) => self.w.signed(*number),
            Value::Text(text) => match (text.parse::<u64>(), text.parse::<i64>()) {
                (Ok(number), _) => self.w.unsigned(number),
                (_, Ok(number)) => self.w.signed(number),
                _ => return Err(self.misfit(format!("`{text}` is neither known nor a number"))),
            },
            _ => return self.expected(int.name(), value),
        }
        Ok(())
    }

    fn float(&mut self, shape: Shape, value: &Value) -> Done {
        let number = match value {
            Value::Float(number) => *number,
            // What was an integer once.
            Value::Unsigned(number) if *number <= EXACT_MAX => *number as f64,
            Value::Negative(number) if number.unsigned_abs() <= EXACT_MAX => *number as f64,
            _ => return self.expected("a float", value),
        };
        if matches!(shape, Shape::F32) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it was an f32 when it was stored"
            )]
            let narrow = number as f32;
            if number.is_finite() && !narrow.is_finite() {
                return Err(self.misfit(format!("{number:e} does not fit f32")));
            }
            self.w.f32(narrow);
        } else {
            self.w.f64(number);
        }
        Ok(())
    }

    fn reference(&mut self, parts: &[Value]) -> Done {
        let (head, key) = parts.split_at(parts.len().min(3));
        let numbers: Option<Vec<u64>> = head
            .iter()
            .map(|part| match part {
                Value::Unsigned(number) => Some(*number),
                _ => None,
            })
            .collect();
        let mut key = key.iter().map(key_part);
        let key = match (key.next(), key.next(), key.next(), key.next(), key.next()) {
            (None, ..) => Some(EntityKey::default()),
            (Some(Some(a)), None, ..) => Some(EntityKey::new([a])),
            (Some(Some(a)), Some(Some(b)), None, ..) => Some(EntityKey::new([a, b])),
            (Some(Some(a)), Some(Some(b)), Some(Some(c)), None, _) => {
                Some(EntityKey::new([a, b, c]))
            }
            (Some(Some(a)), Some(Some(b)), Some(Some(c)), Some(Some(d)), None) => {
                Some(EntityKey::new([a, b, c, d]))
            }
            _ => None,
        };
        let reference = match (numbers.as_deref(), key) {
            (Some(&[package, number, slot]), Some(key)) => {
                let fit = (package.try_into(), number.try_into(), slot.try_into());
                match fit {
                    (Ok(package), Ok(number), Ok(slot)) => Some(EntityRef {
                        package,
                        number,
                        slot,
                        key,
                    }),
                    _ => None,
                }
            }
            _ => None,
        };
        let Some(reference) = reference else {
            return Err(self.misfit(
                "expected a reference: package, number, slot and up to four parts of a key",
            ));
        };
        self.w.put(&reference);
        Ok(())
    }

    /// A key of a map, or an element of a set.
    fn key(&mut self, ty: &'static Use, text: &str) -> Done {
        match (crate::descriptor::dynamic::inside(ty).shape, text) {
            (Shape::Bool, "true") => self.w.bool(true),
            (Shape::Bool, "false") => self.w.bool(false),
            _ => return self.used(ty, &Value::Text(text.to_owned())),
        }
        Ok(())
    }
}

fn key_part(value: &Value) -> Option<KeyPart> {
    if let Value::Text(text) = value {
        return Some(KeyPart::Text(text.as_str().into()));
    }
    let held = value.entries()?;
    match (held.first_key_value()?, held.len()) {
        ((name, Value::Unsigned(number)), 1) if name == "int" => Some(KeyPart::Unsigned(*number)),
        ((name, Value::Negative(number)), 1) if name == "int" => Some(KeyPart::Negative(*number)),
        ((name, Value::Text(text)), 1) if name == "int" => text.parse().ok().map(KeyPart::Unsigned),
        ((name, Value::Text(text)), 1) if name == "uuid" => text.parse().ok().map(KeyPart::Uuid),
        _ => None,
    }
}

/// Whether `bytes` are one value of the wire and nothing else.
fn is_one_value(bytes: &[u8]) -> bool {
    let mut r = Reader::new(bytes, &Limits::DEFAULT);
    r.skip().and_then(|()| r.end()).is_ok()
}

const fn name_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Bool => "a bool",
        Shape::Int(int) => int.name(),
        Shape::F32 | Shape::F64 => "a float",
        Shape::String => "text",
        Shape::Bytes => "bytes",
        Shape::Timestamp => "a timestamp",
        Shape::Duration => "a duration",
        Shape::Uuid => "a uuid",
        Shape::List(_) | Shape::Set(_) => "a list",
        Shape::Map(..) => "a map",
        Shape::Ref(_) => "a reference",
        Shape::Named(_) => "a value",
    }
}
