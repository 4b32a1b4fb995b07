//! Maps that know which of their keys changed.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Deref;

use playhouse_wire::codec::{self, Codec};
use playhouse_wire::{Encode, Error, Problem, Reader, Result, Writer};

use super::touched::Touched;
use super::{Consumer, Container, Tracker, Watch};

/// The map of a property. Reads as the map inside; is changed through [`MapMut`].
#[derive(Clone)]
pub struct TrackedMap<K, V> {
    entries: BTreeMap<K, V>,
    touched: Touched<K>,
}

impl<K, V> TrackedMap<K, V> {
    /// A map of which nothing has changed.
    #[must_use]
    pub fn new(entries: BTreeMap<K, V>) -> Self {
        Self {
            entries,
            touched: Touched::default(),
        }
    }
}

impl<K: Ord + Clone, V> TrackedMap<K, V> {
    /// The map, to be changed within the bounds of `KC`, `VC`, `MIN` and `MAX`.
    pub fn guard<'p, KC, VC, const MIN: u32, const MAX: u32>(
        &'p mut self,
        watch: Watch,
        tracker: &'p mut Tracker,
    ) -> MapMut<'p, KC, VC, MIN, MAX>
    where
        KC: Codec<Value = K>,
        VC: Codec<Value = V>,
    {
        MapMut {
            map: self,
            watch,
            tracker,
            bounds: PhantomData,
        }
    }

    /// Forgets what changed for `consumer`.
    pub fn clear_changes(&mut self, consumer: Consumer) {
        self.touched.clear(consumer);
    }

    fn apply_within<KC, VC>(&mut self, min: u32, max: u32, r: &mut Reader<'_>) -> Result<()>
    where
        K: Debug,
        KC: Codec<Value = K>,
        VC: Codec<Value = V>,
    {
        let start = r.offset();
        let mut slots = r.slots()?;
        let whole = slots.or_default::<bool>("whole")?;
        let changes = slots.or_default::<codec::Map<KC, codec::Maybe<VC>>>("entries")?;
        slots.end()?;

        let before = if whole { 0 } else { self.entries.len() };
        let known = |key: &K| !whole && self.entries.contains_key(key);
        let added = changes
            .iter()
            .filter(|(key, value)| value.is_some() && !known(key))
            .count();
        let removed = changes
            .iter()
            .filter(|(key, value)| value.is_none() && known(key))
            .count();
        let length = before + added - removed;
        if length < min as usize || length > max as usize {
            return Err(Error::at(
                Problem::Length {
                    length,
                    unit: "elements",
                    min,
                    max,
                },
                start,
            ));
        }

        if whole {
            self.entries.clear();
        }
        for (key, value) in changes {
            match value {
                Some(value) => self.entries.insert(key, value),
                None => self.entries.remove(&key),
            };
        }
        Ok(())
    }
}

/// Reads a change of the map `name`.
///
/// # Errors
///
/// If it can't be read or breaks a bound; the map is as it was.
pub fn apply_map<KC, VC, const MIN: u32, const MAX: u32>(
    name: &'static str,
    map: &mut TrackedMap<KC::Value, VC::Value>,
    r: &mut Reader<'_>,
) -> Result<()>
where
    KC: Codec<Value: Ord + Clone + Debug>,
    VC: Codec,
{
    map.apply_within::<KC, VC>(MIN, MAX, r)
        .map_err(|error| error.member(name))
}

impl<K, V> Deref for TrackedMap<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.entries
    }
}

impl<K, V> Default for TrackedMap<K, V> {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl<K: Debug, V: Debug> Debug for TrackedMap<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.entries.fmt(f)
    }
}

impl<K: Ord + Clone + Encode, V: Encode> Container for TrackedMap<K, V> {
    fn is_changed(&self, consumer: Consumer) -> bool {
        self.touched.of(consumer).is_some()
    }

    fn encode_change(&self, consumer: Consumer, w: &mut Writer) {
        let Some(touched) = self.touched.of(consumer).filter(|touched| !touched.whole) else {
            return self.encode_all(w);
        };
        w.array(2);
        w.bool(false);
        w.map(touched.keys.len());
        for key in &touched.keys {
            w.put(key);
            w.put(&self.entries.get(key));
        }
    }

    fn encode_all(&self, w: &mut Writer) {
        w.array(2);
        w.bool(true);
        w.put(&self.entries);
    }
}

/// The right to change the map of a property: every change is checked and noted.
pub struct MapMut<'p, KC: Codec, VC: Codec, const MIN: u32, const MAX: u32> {
    map: &'p mut TrackedMap<KC::Value, VC::Value>,
    watch: Watch,
    tracker: &'p mut Tracker,
    bounds: PhantomData<(KC, VC)>,
}

impl<KC, VC, const MIN: u32, const MAX: u32> MapMut<'_, KC, VC, MIN, MAX>
where
    KC: Codec<Value: Ord + Clone + Debug>,
    VC: Codec,
{
    /// Puts `value` at `key` and returns what was there.
    ///
    /// # Errors
    ///
    /// If key or value break their bounds, or the map is full; nothing has changed.
    pub fn insert(&mut self, key: KC::Value, value: VC::Value) -> Result<Option<VC::Value>> {
        let checked = KC::check(key.borrow()).and_then(|()| VC::check(value.borrow()));
        checked.map_err(|error| error.key(&key))?;
        if !self.map.entries.contains_key::<KC::Value>(&key) {
            self.check_length(self.map.entries.len() + 1)?;
        }
        self.touch(&key);
        Ok(self.map.entries.insert(key, value))
    }

    /// Lets `change` work on a copy of the value at `key`, which takes its place if it keeps within its bounds. False
    /// if there is no such key.
    ///
    /// # Errors
    ///
    /// If the new value breaks its bounds; nothing has changed.
    pub fn update(&mut self, key: &KC::Value, change: impl FnOnce(&mut VC::Value)) -> Result<bool>
    where
        VC::Value: Clone,
    {
        let Some(place) = self.map.entries.get_mut::<KC::Value>(key) else {
            return Ok(false);
        };
        let mut value = place.clone();
        change(&mut value);
        VC::check(value.borrow()).map_err(|error| error.key(key))?;
        *place = value;
        self.touch(key);
        Ok(true)
    }

    /// Takes the value at `key` out.
    ///
    /// # Errors
    ///
    /// If the map has its least length; nothing has changed. A map without a least length has
    /// [`MapMut::remove`].
    pub fn try_remove(&mut self, key: &KC::Value) -> Result<Option<VC::Value>> {
        if self.map.entries.contains_key::<KC::Value>(key) {
            self.check_length(self.map.entries.len() - 1)?;
        }
        let removed = self.map.entries.remove::<KC::Value>(key);
        if removed.is_some() {
            self.touch(key);
        }
        Ok(removed)
    }

    /// Replaces all entries.
    ///
    /// # Errors
    ///
    /// If they break their bounds; nothing has changed.
    pub fn replace(&mut self, entries: BTreeMap<KC::Value, VC::Value>) -> Result<()> {
        codec::Map::<KC, VC, MIN, MAX>::check(&entries)?;
        self.map.entries = entries;
        self.map.touched.whole(self.watch);
        self.tracker.touch(self.watch);
        Ok(())
    }

    fn check_length(&self, length: usize) -> Result<()> {
        if length < MIN as usize || length > MAX as usize {
            let problem = Problem::Length {
                length,
                unit: "elements",
                min: MIN,
                max: MAX,
            };
            return Err(Error::new(problem));
        }
        Ok(())
    }

    fn touch(&mut self, key: &KC::Value) {
        self.map
            .touched
            .key(self.watch, key, self.map.entries.len());
        self.tracker.touch(self.watch);
    }
}

impl<KC, VC, const MAX: u32> MapMut<'_, KC, VC, 0, MAX>
where
    KC: Codec<Value: Ord + Clone + Debug>,
    VC: Codec,
{
    /// Takes the value at `key` out.
    pub fn remove(&mut self, key: &KC::Value) -> Option<VC::Value> {
        let removed = self.map.entries.remove::<KC::Value>(key)?;
        self.touch(key);
        Some(removed)
    }

    /// Takes out all entries for which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&KC::Value, &VC::Value) -> bool) {
        let before = self.map.entries.len();
        let (touched, watch) = (&mut self.map.touched, self.watch);
        self.map.entries.retain(|key, value| {
            let kept = keep(key, value);
            if !kept {
                touched.key(watch, key, before);
            }
            kept
        });
        if self.map.entries.len() < before {
            self.tracker.touch(watch);
        }
    }

    /// Takes all entries out.
    pub fn clear(&mut self) {
        if !self.map.entries.is_empty() {
            self.map.entries.clear();
            self.map.touched.whole(self.watch);
            self.tracker.touch(self.watch);
        }
    }
}

impl<KC: Codec, VC: Codec, const MIN: u32, const MAX: u32> Deref for MapMut<'_, KC, VC, MIN, MAX> {
    type Target = BTreeMap<KC::Value, VC::Value>;

    fn deref(&self) -> &Self::Target {
        &self.map.entries
    }
}

impl<KC, VC, const MIN: u32, const MAX: u32> Debug for MapMut<'_, KC, VC, MIN, MAX>
where
    KC: Codec<Value: Debug>,
    VC: Codec<Value: Debug>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.map.fmt(f)
    }
}
