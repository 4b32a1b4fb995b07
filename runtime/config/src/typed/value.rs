//! One value, as serde asks for it.

use serde::Deserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, Visitor};

use super::access::{Entries, Items};
use super::dummy::Dummy;
use super::fault::{self, Fault};
use super::number::{self, Whole};
use super::variant::Chosen;
use super::{Run, Trail, describe};
use crate::mistake::{Draft, Kind};
use crate::secret::SECRET;
use crate::tree::{Entry, Map, Node, Value};

/// A value of the configuration, for the type that it is meant for.
#[derive(Clone, Copy)]
pub(super) struct Given<'a, 'r> {
    pub(super) node: &'a Node,
    pub(super) trail: &'a Trail<'a>,
    pub(super) run: &'a Run<'r>,
    /// Whether it is, or is within, a secret.
    pub(super) secret: bool,
}

impl<'a, 'r> Given<'a, 'r> {
    pub(super) const fn new(node: &'a Node, trail: &'a Trail<'a>, run: &'a Run<'r>) -> Self {
        Self {
            node,
            trail,
            run,
            secret: false,
        }
    }

    /// Notes that it is of the wrong type, and goes on with one that fits.
    fn instead<T>(
        self,
        expected: &str,
        visit: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.run
            .mismatch(self.node, self.trail, expected, self.secret);
        visit().map_err(|_refused_too| {
            self.run.ends(self.trail);
            Fault::Noted
        })
    }

    fn located<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        self.run.locate(result, self.trail, self.secret)
    }

    fn whole<N: Whole, T>(self, visit: impl FnOnce(N) -> Result<T, Fault>) -> Result<T, Fault> {
        let read = match &self.node.value {
            Value::Number(text) => N::read(text),
            Value::Loose(loose) => N::read(loose.text.trim()),
            _ => None,
        };
        match read {
            Some(number) => self.located(visit(number)),
            None => self.instead(N::EXPECTED, || visit(N::ONE)),
        }
    }

    fn float(self) -> Option<f64> {
        match &self.node.value {
            Value::Number(text) => number::float(text),
            Value::Loose(loose) => number::float(loose.text.trim()),
            _ => None,
        }
    }

    fn text(self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            Value::Loose(loose) => Some(&loose.text),
            _ => None,
        }
    }

    /// The value itself, or what a loose text is as JSON.
    fn solid(self) -> &'a Node {
        match &self.node.value {
            Value::Loose(loose) => loose.json.as_ref().unwrap_or(self.node),
            _ => self.node,
        }
    }

    fn list(self) -> Option<&'a [Node]> {
        match &self.solid().value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    fn map(self) -> Option<&'a Map> {
        match &self.solid().value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Visits an object; `known` are the keys that its type has, if it has keys of its own.
    pub(super) fn visit_map<'de, V: Visitor<'de>>(
        self,
        map: &'a Map,
        known: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(known) = known {
            for entry in &map.entries {
                if !known.contains(&entry.key.as_str()) {
                    self.run.unknown(entry, known, self.trail);
                }
            }
        }
        self.located(visitor.visit_map(Entries::new(self, map, known)))
    }

    /// Visits a list. Only lists whose elements are all alike may be looked at in another order.
    fn visit_list<'de, V: Visitor<'de>>(
        self,
        list: &'a [Node],
        alike: bool,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.located(visitor.visit_seq(Items::new(self, list, alike)))
    }

    /// One of several ways: a text, or an object with one key.
    fn choice(self) -> Option<(&'a str, Option<&'a Entry>)> {
        if let Value::Map(map) = &self.solid().value {
            let [entry] = map.entries.as_slice() else {
                return None;
            };
            return Some((&entry.key, Some(entry)));
        }
        Some((self.text()?, None))
    }
}

/// What `deserialize_any` makes of a number.
fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Option<Result<V::Value, Fault>> {
    if let Some(number) = u64::read(text) {
        return Some(visitor.visit_u64(number));
    }
    if let Some(number) = i64::read(text) {
        return Some(visitor.visit_i64(number));
    }
    number::float(text).map(|number| visitor.visit_f64(number))
}

macro_rules! wholes {
    ($($name:ident: $visit:ident,)*) => {
        $(
            fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                self.whole(|number| visitor.$visit(number))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Given<'_, '_> {
    type Error = Fault;

    wholes! {
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32,
        deserialize_u64: visit_u64,
        deserialize_u128: visit_u128,
        deserialize_i8: visit_i8,
        deserialize_i16: visit_i16,
        deserialize_i32: visit_i32,
        deserialize_i64: visit_i64,
        deserialize_i128: visit_i128,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let node = self.solid();
        match &node.value {
            Value::Null => self.located(visitor.visit_unit()),
            Value::Bool(value) => self.located(visitor.visit_bool(*value)),
            Value::Number(text) if number::float(text).is_none() => {
                self.instead("a number of at most 1.8e308", || Err(Fault::Noted))
            }
            Value::Number(text) => match visit_number(text, visitor) {
                Some(result) => self.located(result),
                None => Err(Fault::Noted),
            },
            Value::Text(text) => self.located(visitor.visit_str(text)),
            Value::Loose(loose) => self.located(visitor.visit_str(&loose.text)),
            Value::List(list) => self.visit_list(list, true, visitor),
            Value::Map(map) => self.visit_map(map, None, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.solid().value {
            Value::Bool(value) => self.located(visitor.visit_bool(*value)),
            _ => self.instead("true or false", || visitor.visit_bool(false)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.float() {
            Some(number) => self.located(visitor.visit_f64(number)),
            None => self.instead(number::FLOAT, || visitor.visit_f64(1.0)),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text() {
            Some(text) if text.chars().count() == 1 => self.located(visitor.visit_str(text)),
            _ => self.instead("a single character", || visitor.visit_char('a')),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text() {
            Some(text) => self.located(visitor.visit_str(text)),
            None => self.instead("text", || visitor.visit_str("")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match (self.list(), self.text()) {
            (Some(list), _) => self.visit_list(list, true, visitor),
            (None, Some(text)) => self.located(visitor.visit_bytes(text.as_bytes())),
            (None, None) => self.instead("text or a list of bytes", || visitor.visit_bytes(&[])),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => self.located(visitor.visit_none()),
            _ => self.located(visitor.visit_some(self)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.solid().value {
            Value::Null => self.located(visitor.visit_unit()),
            _ => self.instead("null", || visitor.visit_unit()),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == SECRET {
            self.run.secret(self.node);
            self.secret = true;
        }
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.list() {
            Some(list) => self.visit_list(list, true, visitor),
            None => self.instead("a list", || visitor.visit_seq(Dummy::default())),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.list() {
            Some(list) if list.len() == length => self.visit_list(list, false, visitor),
            _ => self.instead(&format!("a list of {length}"), || {
                visitor.visit_seq(Dummy::list(length))
            }),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.map() {
            Some(map) => self.visit_map(map, None, visitor),
            None => self.instead("an object", || visitor.visit_map(Dummy::default())),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.map() {
            Some(map) => self.visit_map(map, Some(known), visitor),
            None => self.instead("an object", || {
                Dummy::default().deserialize_struct("", known, visitor)
            }),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        ways: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let dummy = |visitor: V| {
            let result = Dummy::default().deserialize_enum("", ways, visitor);
            result.map_err(|_refused_too| {
                self.run.ends(self.trail);
                Fault::Noted
            })
        };
        match self.choice() {
            Some((way, content)) if ways.contains(&way) => {
                let content = content.map(|entry| &entry.node);
                self.located(visitor.visit_enum(Chosen::new(self, way, content)))
            }
            Some((way, content)) => {
                // As with unknown keys: the value may be a secret.
                content
                    .iter()
                    .for_each(|entry| self.run.secret(&entry.node));
                let span = content.map_or(self.node.span, |entry| entry.key_span);
                let message = if self.secret {
                    "this is none of the values known here".to_owned()
                } else {
                    format!("unknown value `{}`", describe::short(way))
                };
                let draft = Draft::new(Kind::UnknownVariant, message).at(span, "");
                let draft = fault::hint(draft, way, ways, "values");
                let draft = super::origin(draft, self.node).path(self.trail.path());
                self.run.add(draft);
                dummy(visitor)
            }
            None => {
                let expected = format!("one of {}", describe::words(ways));
                self.run
                    .mismatch(self.node, self.trail, &expected, self.secret);
                dummy(visitor)
            }
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// The key of an object, for types of maps that have other keys than texts.
pub(super) struct Key<'a>(pub(super) &'a str);

macro_rules! key_wholes {
    ($($name:ident: $visit:ident,)*) => {
        $(
            fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                match Whole::read(self.0) {
                    Some(number) => visitor.$visit(number),
                    // The visitor says what it expects.
                    None => visitor.visit_str(self.0),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Fault;

    key_wholes! {
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32,
        deserialize_u64: visit_u64,
        deserialize_u128: visit_u128,
        deserialize_i8: visit_i8,
        deserialize_i16: visit_i16,
        deserialize_i32: visit_i32,
        deserialize_i64: visit_i64,
        deserialize_i128: visit_i128,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            text => visitor.visit_str(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _ways: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text: serde::de::value::StrDeserializer<'_, Fault> = self.0.into_deserializer();
        visitor.visit_enum(text)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// Hands a value to a seed; or, if its type refused it in an earlier pass, another one in its place.
pub(super) fn seed<'de, S: DeserializeSeed<'de>>(
    given: Given<'_, '_>,
    seed: S,
) -> Result<S::Value, Fault> {
    if let Some(attempt) = given.run.attempt(given.node) {
        let result = seed.deserialize(Dummy::attempt(attempt));
        return result.map_err(|_refused_too| {
            given.run.ends(given.trail);
            Fault::Noted
        });
    }
    given.located(seed.deserialize(given))
}
