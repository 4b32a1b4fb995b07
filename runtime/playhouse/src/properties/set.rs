//! Sets that know which of their elements came and went.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Deref;

use playhouse_wire::codec::{self, Codec};
use playhouse_wire::{Encode, Error, Problem, Reader, Result, Writer};

use super::touched::Touched;
use super::{Consumer, Container, Tracker, Watch};

/// The set of a property. Reads as the set inside; is changed through [`SetMut`].
#[derive(Clone)]
pub struct TrackedSet<T> {
    elements: BTreeSet<T>,
    touched: Touched<T>,
}

impl<T> TrackedSet<T> {
    /// A set of which nothing has changed.
    #[must_use]
    pub fn new(elements: BTreeSet<T>) -> Self {
        Self {
            elements,
            touched: Touched::default(),
        }
    }
}

impl<T: Ord + Clone> TrackedSet<T> {
    /// The set, to be changed within the bounds of `C`, `MIN` and `MAX`.
    pub fn guard<'p, C: Codec<Value = T>, const MIN: u32, const MAX: u32>(
        &'p mut self,
        watch: Watch,
        tracker: &'p mut Tracker,
    ) -> SetMut<'p, C, MIN, MAX> {
        SetMut {
            set: self,
            watch,
            tracker,
            bounds: PhantomData,
        }
    }

    /// Forgets what changed for `consumer`.
    pub fn clear_changes(&mut self, consumer: Consumer) {
        self.touched.clear(consumer);
    }

    fn apply_within<C: Codec<Value = T>>(
        &mut self,
        min: u32,
        max: u32,
        r: &mut Reader<'_>,
    ) -> Result<()> {
        let start = r.offset();
        let mut slots = r.slots()?;
        let whole = slots.or_default::<bool>("whole")?;
        let added = slots.or_default::<codec::Set<C>>("added")?;
        let removed = slots.or_default::<codec::Set<C>>("removed")?;
        slots.end()?;

        let before = if whole { 0 } else { self.elements.len() };
        let known = |element: &T| !whole && self.elements.contains(element);
        let gone = removed
            .iter()
            .filter(|element| known(element) && !added.contains(*element));
        let fresh = added.iter().filter(|element| !known(element));
        let length = before + fresh.count() - gone.count();
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
            self.elements.clear();
        }
        for element in &removed {
            self.elements.remove(element);
        }
        self.elements.extend(added);
        Ok(())
    }
}

/// Reads a change of the set `name`.
///
/// # Errors
///
/// If it can't be read or breaks a bound; the set is as it was.
pub fn apply_set<C: Codec<Value: Ord + Clone>, const MIN: u32, const MAX: u32>(
    name: &'static str,
    set: &mut TrackedSet<C::Value>,
    r: &mut Reader<'_>,
) -> Result<()> {
    set.apply_within::<C>(MIN, MAX, r)
        .map_err(|error| error.member(name))
}

impl<T> Deref for TrackedSet<T> {
    type Target = BTreeSet<T>;

    fn deref(&self) -> &BTreeSet<T> {
        &self.elements
    }
}

impl<T> Default for TrackedSet<T> {
    fn default() -> Self {
        Self::new(BTreeSet::new())
    }
}

impl<T: Debug> Debug for TrackedSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.elements.fmt(f)
    }
}

impl<T: Ord + Clone + Encode> Container for TrackedSet<T> {
    fn is_changed(&self, consumer: Consumer) -> bool {
        self.touched.of(consumer).is_some()
    }

    fn encode_change(&self, consumer: Consumer, w: &mut Writer) {
        let Some(touched) = self.touched.of(consumer).filter(|touched| !touched.whole) else {
            return self.encode_all(w);
        };
        let (added, removed): (Vec<&T>, Vec<&T>) = touched
            .keys
            .iter()
            .partition(|element| self.elements.contains(*element));
        w.array(3);
        w.bool(false);
        w.put(&added);
        w.put(&removed);
    }

    fn encode_all(&self, w: &mut Writer) {
        w.array(3);
        w.bool(true);
        w.put(&self.elements);
        w.array(0);
    }
}

/// The right to change the set of a property: every change is checked and noted.
pub struct SetMut<'p, C: Codec, const MIN: u32, const MAX: u32> {
    set: &'p mut TrackedSet<C::Value>,
    watch: Watch,
    tracker: &'p mut Tracker,
    bounds: PhantomData<C>,
}

impl<C: Codec<Value: Ord + Clone>, const MIN: u32, const MAX: u32> SetMut<'_, C, MIN, MAX> {
    /// Puts `element` in; false if it is there.
    ///
    /// # Errors
    ///
    /// If it breaks its bounds, or the set is full; nothing has changed.
    pub fn insert(&mut self, element: C::Value) -> Result<bool> {
        C::check(element.borrow())?;
        if self.set.elements.contains::<C::Value>(&element) {
            return Ok(false);
        }
        self.check_length(self.set.elements.len() + 1)?;
        self.touch(&element);
        Ok(self.set.elements.insert(element))
    }

    /// Takes `element` out; false if it isn't there.
    ///
    /// # Errors
    ///
    /// If the set has its least length; nothing has changed. A set without a least length has
    /// [`SetMut::remove`].
    pub fn try_remove(&mut self, element: &C::Value) -> Result<bool> {
        if !self.set.elements.contains::<C::Value>(element) {
            return Ok(false);
        }
        self.check_length(self.set.elements.len() - 1)?;
        self.touch(element);
        Ok(self.set.elements.remove::<C::Value>(element))
    }

    /// Replaces all elements.
    ///
    /// # Errors
    ///
    /// If they break their bounds; nothing has changed.
    pub fn replace(&mut self, elements: BTreeSet<C::Value>) -> Result<()> {
        codec::Set::<C, MIN, MAX>::check(&elements)?;
        self.set.elements = elements;
        self.set.touched.whole(self.watch);
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

    fn touch(&mut self, element: &C::Value) {
        self.set
            .touched
            .key(self.watch, element, self.set.elements.len());
        self.tracker.touch(self.watch);
    }
}

impl<C: Codec<Value: Ord + Clone>, const MAX: u32> SetMut<'_, C, 0, MAX> {
    /// Takes `element` out; false if it isn't there.
    pub fn remove(&mut self, element: &C::Value) -> bool {
        let removed = self.set.elements.remove::<C::Value>(element);
        if removed {
            self.touch(element);
        }
        removed
    }

    /// Takes all elements out.
    pub fn clear(&mut self) {
        if !self.set.elements.is_empty() {
            self.set.elements.clear();
            self.set.touched.whole(self.watch);
            self.tracker.touch(self.watch);
        }
    }
}

impl<C: Codec, const MIN: u32, const MAX: u32> Deref for SetMut<'_, C, MIN, MAX> {
    type Target = BTreeSet<C::Value>;

    fn deref(&self) -> &Self::Target {
        &self.set.elements
    }
}

impl<C: Codec<Value: Debug>, const MIN: u32, const MAX: u32> Debug for SetMut<'_, C, MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.set.fmt(f)
    }
}
