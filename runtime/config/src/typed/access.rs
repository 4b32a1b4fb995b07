//! The elements of lists and the entries of objects, one after another.

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::Trail;
use super::dummy::Dummy;
use super::fault::Fault;
use super::value::{Given, Key, seed};
use crate::tree::{Entry, Map, Node};

/// The elements of a list.
pub(super) struct Items<'a, 'r> {
    parent: Given<'a, 'r>,
    list: &'a [Node],
    order: Option<Vec<usize>>,
    next: usize,
}

impl<'a, 'r> Items<'a, 'r> {
    pub(super) fn new(parent: Given<'a, 'r>, list: &'a [Node], alike: bool) -> Self {
        Self {
            parent,
            list,
            order: alike.then(|| parent.run.order(list.iter())).flatten(),
            next: 0,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        wanted: S,
    ) -> Result<Option<S::Value>, Fault> {
        let at = match &self.order {
            Some(order) => order.get(self.next).copied(),
            None => Some(self.next),
        };
        let Some((at, node)) = at.and_then(|at| Some((at, self.list.get(at)?))) else {
            return Ok(None);
        };
        self.next += 1;
        let trail = self.parent.trail.index(at, node);
        seed(child(self.parent, node, &trail), wanted).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.list.len().saturating_sub(self.next))
    }
}

/// The entries of an object.
pub(super) struct Entries<'a, 'r> {
    parent: Given<'a, 'r>,
    map: &'a Map,
    /// The keys that its type has; entries with others are passed over.
    known: Option<&'static [&'static str]>,
    order: Option<Vec<usize>>,
    next: usize,
    /// The entry whose value comes next.
    entry: Option<&'a Entry>,
    /// Keys that were missing in an earlier pass.
    supplied: Vec<(&'static str, usize)>,
    /// The one whose value comes next.
    stand_in: Option<(&'static str, usize)>,
}

impl<'a, 'r> Entries<'a, 'r> {
    pub(super) fn new(
        parent: Given<'a, 'r>,
        map: &'a Map,
        known: Option<&'static [&'static str]>,
    ) -> Self {
        let supplied = parent.run.supplied.borrow();
        let supplied = supplied.get(&std::ptr::from_ref(parent.trail.node));
        Self {
            parent,
            map,
            known,
            order: parent.run.order(map.entries.iter().map(|it| &it.node)),
            next: 0,
            entry: None,
            supplied: supplied.cloned().unwrap_or_default(),
            stand_in: None,
        }
    }

    fn following(&mut self) -> Option<&'a Entry> {
        loop {
            let at = match &self.order {
                Some(order) => *order.get(self.next)?,
                None => self.next,
            };
            let entry = self.map.entries.get(at)?;
            self.next += 1;
            if self
                .known
                .is_none_or(|known| known.contains(&entry.key.as_str()))
            {
                return Some(entry);
            }
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        wanted: S,
    ) -> Result<Option<S::Value>, Fault> {
        if let Some(entry) = self.following() {
            self.entry = Some(entry);
            let trail = self.parent.trail.key(&entry.key, &entry.node);
            let result = wanted.deserialize(Key(&entry.key));
            return self.parent.run.locate(result, &trail, false).map(Some);
        }
        self.entry = None;
        self.stand_in = self.supplied.pop();
        match self.stand_in {
            Some((key, _)) => {
                let key: serde::de::value::StrDeserializer<'_, Fault> = key.into_deserializer();
                wanted.deserialize(key).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, wanted: S) -> Result<S::Value, Fault> {
        match self.entry.take() {
            Some(entry) => {
                let trail = self.parent.trail.key(&entry.key, &entry.node);
                seed(child(self.parent, &entry.node, &trail), wanted)
            }
            None => {
                let (key, attempt) = self.stand_in.unwrap_or_default();
                let result = wanted.deserialize(Dummy::attempt(attempt));
                result.map_err(|_refused_too| {
                    self.parent.run.supply(key, self.parent.trail);
                    Fault::Noted
                })
            }
        }
    }
}

fn child<'a, 'r>(parent: Given<'a, 'r>, node: &'a Node, trail: &'a Trail<'a>) -> Given<'a, 'r> {
    Given {
        node,
        trail,
        run: parent.run,
        secret: parent.secret,
    }
}
