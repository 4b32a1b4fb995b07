//! Arguments of a call as tools give them: by name or by position.

use std::fmt;

use playhouse_wire::Writer;
use serde::Deserializer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::{Kind, Member, Shape};
use super::inside;
use super::read::Seed;

/// Reads arguments into wire bytes, neither canonical nor held to bounds yet.
///
/// A map names them; unlike a struct's, a name that the call hasn't got is refused, since a person wrote it. A list
/// gives them by position. A list of nothing but a map is names too, for libraries that can only send lists; where the
/// first parameter's own values are maps, the map's first name decides: names are what the call has.
#[derive(Clone, Copy)]
pub(super) struct Arguments {
    params: &'static [Member],
}

impl Arguments {
    pub(super) const fn new(params: &'static [Member]) -> Self {
        Self { params }
    }

    /// The parameter's names, for messages.
    fn names(self) -> String {
        let names: Vec<&str> = self.params.iter().map(|param| param.name).collect();
        match names.as_slice() {
            [] => "the call takes none".to_owned(),
            names => format!("the call takes {}", names.join(", ")),
        }
    }

    /// Values in the order of the parameters, by position.
    fn written(values: &[Option<Vec<u8>>]) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(values.len());
        for value in values {
            match value {
                Some(value) => w.raw(value),
                None => w.nil(),
            }
        }
        w.into_bytes()
    }
}

impl<'de> DeserializeSeed<'de> for Arguments {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Arguments {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments: a map by name, or a list by position")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<u8>, E> {
        Ok(Self::written(&[]))
    }

    fn visit_none<E: Error>(self) -> Result<Vec<u8>, E> {
        self.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
        let mut values = vec![None; self.params.len()];
        while let Some(name) = map.next_key::<String>()? {
            self.named(&name, &mut map, &mut values)?;
        }
        Ok(Self::written(&values))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
        let mut params = self.params.iter();
        let Some(first) = params.next() else {
            // An empty map alone names nothing, so it is right too.
            if let Some(names) = seq.next_element_seed(self)? {
                return more(self, seq, 1).map(|()| names);
            }
            return Ok(Self::written(&[]));
        };
        let Some(value) = seq.next_element_seed(First {
            arguments: self,
            param: first,
        })?
        else {
            return Ok(Self::written(&[]));
        };
        let value = match value {
            Given::Value(value) => value,
            Given::Names(names) => return more(self, seq, 1).map(|()| names),
        };
        let mut values = vec![Some(value)];
        for param in params {
            let Some(value) = seq.next_element_seed(Seed::used(&param.ty))? else {
                break;
            };
            values.push(Some(value));
        }
        more(self, seq, self.params.len())?;
        Ok(Self::written(&values))
    }
}

impl Arguments {
    /// Takes the value of the name that was just read.
    fn named<'de, A: MapAccess<'de>>(
        self,
        name: &str,
        map: &mut A,
        values: &mut [Option<Vec<u8>>],
    ) -> Result<(), A::Error> {
        let mut places = self.params.iter().zip(values);
        let found =
            places.find(|(param, _)| param.name == name || param.attributes.was.contains(&name));
        let Some((param, value)) = found else {
            let text = format!("there is no parameter `{name}`: {}", self.names());
            return Err(A::Error::custom(text));
        };
        if value.is_some() {
            return Err(A::Error::duplicate_field(param.name));
        }
        *value = Some(map.next_value_seed(Seed::used(&param.ty))?);
        Ok(())
    }
}

/// Nothing more may follow.
fn more<'de, A: SeqAccess<'de>>(
    arguments: Arguments,
    mut seq: A,
    count: usize,
) -> Result<(), A::Error> {
    if seq.next_element::<IgnoredAny>()?.is_some() {
        let s = if count == 1 { "" } else { "s" };
        let text = format!("more than {count} argument{s}: {}", arguments.names());
        return Err(A::Error::custom(text));
    }
    Ok(())
}

/// What the first element of a list is.
enum Given {
    Value(Vec<u8>),
    Names(Vec<u8>),
}

/// The first element: a map may hold names.
struct First {
    arguments: Arguments,
    param: &'static Member,
}

impl First {
    /// Whether the parameter's own values are maps.
    fn takes_maps(&self) -> bool {
        match inside(&self.param.ty).shape {
            Shape::Map(..) => true,
            Shape::Named(ty) => {
                matches!(
                    ty.kind,
                    Kind::Struct(_) | Kind::Union { .. } | Kind::Error(_)
                )
            }
            _ => false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for First {
    type Value = Given;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        // Only a map can be either; everything else is read as the value.
        deserializer.deserialize_any(self)
    }
}

/// Hands everything but maps to the parameter's own reader.
macro_rules! forward {
    ($($method:ident $ty:ty;)*) => {$(
        fn $method<E: Error>(self, value: $ty) -> Result<Given, E> {
            Seed::used(&self.param.ty).reading().$method(value).map(Given::Value)
        }
    )*};
}

impl<'de> Visitor<'de> for First {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the argument `{}`, or a map of all of them",
            self.param.name
        )
    }

    forward! {
        visit_bool bool; visit_i64 i64; visit_u64 u64; visit_f64 f64; visit_str &str; visit_bytes &[u8];
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        let reading = Seed::used(&self.param.ty).reading();
        reading.visit_unit().map(Given::Value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Given, A::Error> {
        let reading = Seed::used(&self.param.ty).reading();
        reading.visit_seq(seq).map(Given::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        if !self.takes_maps() {
            return self.arguments.visit_map(map).map(Given::Names);
        }
        // The first name decides; it is handed on in front of the rest.
        let name = map.next_key::<String>()?;
        let params = self.arguments.params;
        let names = |name: &String| params.iter().any(|param| param.name == name.as_str());
        let names = name.as_ref().is_some_and(names);
        let whole = Begun { name, map };
        if names {
            return self.arguments.visit_map(whole).map(Given::Names);
        }
        Seed::used(&self.param.ty)
            .deserialize(MapAccessDeserializer::new(whole))
            .map(Given::Value)
    }
}

/// A map whose first name was read already.
struct Begun<A> {
    name: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Begun<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.name.take() {
            Some(name) => {
                let name = serde::de::value::StringDeserializer::new(name);
                seed.deserialize(name).map(Some)
            }
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
