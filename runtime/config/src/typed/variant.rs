//! An enum: one way of several, as a text or as an object with one key.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};

use super::dummy::Dummy;
use super::fault::Fault;
use super::value::{Given, seed};
use crate::mistake::{Draft, Kind};
use crate::tree::{Node, Value};

/// The way that was chosen.
pub(super) struct Chosen<'a, 'r> {
    given: Given<'a, 'r>,
    way: &'a str,
    content: Option<&'a Node>,
}

impl<'a, 'r> Chosen<'a, 'r> {
    pub(super) const fn new(given: Given<'a, 'r>, way: &'a str, content: Option<&'a Node>) -> Self {
        Self {
            given,
            way,
            content,
        }
    }

    /// Passes the content on, with the way to it; or notes that there is none.
    fn with<T>(
        self,
        visit: impl FnOnce(Given<'_, 'r>) -> Result<T, Fault>,
        dummy: impl FnOnce(Dummy) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Some(node) = self.content else {
            let way = self.way;
            let draft = Draft::new(Kind::WrongType, format!("`{way}` needs a value of its own"))
                .at(self.given.node.span, "")
                .help(format!("write `{{ \"{way}\": .. }}`"));
            self.given.run.add(draft.path(self.given.trail.path()));
            return dummy(Dummy::default()).map_err(|_| {
                self.given.run.ends(self.given.trail);
                Fault::Noted
            });
        };
        let trail = self.given.trail.key(self.way, node);
        visit(Given {
            node,
            trail: &trail,
            run: self.given.run,
            secret: self.given.secret,
        })
    }
}

impl<'de> EnumAccess<'de> for Chosen<'_, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, wanted: S) -> Result<(S::Value, Self), Fault> {
        let way: serde::de::value::StrDeserializer<'_, Fault> = self.way.into_deserializer();
        wanted.deserialize(way).map(|way| (way, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let Some(node) = self.content else {
            return Ok(());
        };
        if !matches!(node.value, Value::Null) {
            let way = self.way;
            let draft = Draft::new(Kind::WrongType, format!("`{way}` takes no value"))
                .at(node.span, "not wanted here")
                .help(format!("write `\"{way}\"` alone"));
            self.given.run.add(draft.path(self.given.trail.path()));
        }
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, wanted: S) -> Result<S::Value, Fault> {
        let Some(_) = self.content else {
            // One of the two closures needs the seed, and which is known here.
            let mut wanted = Some(wanted);
            return self.with(
                |_| Err(Fault::Noted),
                |dummy| {
                    wanted
                        .take()
                        .map_or(Err(Fault::Noted), |it| it.deserialize(dummy))
                },
            );
        };
        self.with(|given| seed(given, wanted), |_| Err(Fault::Noted))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        match self.content {
            Some(_) => self.with(
                |given| given.deserialize_tuple(length, visitor),
                |_| Err(Fault::Noted),
            ),
            None => self.with(
                |_| Err(Fault::Noted),
                |_| visitor.visit_seq(Dummy::list(length)),
            ),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.content {
            Some(_) => self.with(
                |given| given.deserialize_struct("", known, visitor),
                |_| Err(Fault::Noted),
            ),
            None => self.with(
                |_| Err(Fault::Noted),
                |dummy| dummy.deserialize_struct("", known, visitor),
            ),
        }
    }
}
