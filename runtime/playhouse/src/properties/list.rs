//! Lists that know which of their elements changed.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Deref;

use playhouse_wire::codec::{self, Codec};
use playhouse_wire::{Encode, Error, Problem, Reader, Result, Writer};

use super::touched::Touched;
use super::{Consumer, Container, Tracker, Watch};

/// The list of a property. Reads as a slice; is changed through [`ListMut`].
#[derive(Clone)]
pub struct TrackedList<T> {
    elements: Vec<T>,
    touched: Touched<usize>,
}

impl<T> TrackedList<T> {
    /// A list of which nothing has changed.
    #[must_use]
    pub fn new(elements: Vec<T>) -> Self {
        Self {
            elements,
            touched: Touched::default(),
        }
    }

    /// The list, to be changed within the bounds of `C`, `MIN` and `MAX`.
    pub fn guard<'p, C: Codec<Value = T>, const MIN: u32, const MAX: u32>(
        &'p mut self,
        watch: Watch,
        tracker: &'p mut Tracker,
    ) -> ListMut<'p, C, MIN, MAX> {
        ListMut {
            list: self,
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
        let length = slots.required::<u32>("length")?;
        let changes = slots.or_default::<codec::Map<u32, C>>("elements")?;
        slots.end()?;

        if length < min || length > max {
            let length = length as usize;
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
        check_indexes(&changes, length, self.elements.len())
            .map_err(|error| error.placed(start))?;

        let length = length as usize;
        let missing = length.saturating_sub(self.elements.len());
        r.charge(missing.saturating_mul(size_of::<T>()))?;
        self.elements.truncate(length);
        self.elements.reserve_exact(missing);
        for (index, element) in changes {
            match self.elements.get_mut(index as usize) {
                Some(place) => *place = element,
                None => self.elements.push(element),
            }
        }
        Ok(())
    }
}

/// Whether all indexes are below `length`, and all from `known` on are there.
fn check_indexes<T>(changes: &BTreeMap<u32, T>, length: u32, known: usize) -> Result<()> {
    if let Some((&last, _)) = changes.last_key_value()
        && last >= length
    {
        let (value, max) = (last.into(), i128::from(length) - 1);
        return Err(Error::new(Problem::Integer { value, min: 0, max }));
    }
    let known = u32::try_from(known).unwrap_or(u32::MAX).min(length);
    let mut next = known;
    for &index in changes.range(known..).map(|(index, _)| index) {
        if index != next {
            break;
        }
        next += 1;
    }
    if next < length {
        return Err(Error::new(Problem::ListGap(next as usize)));
    }
    Ok(())
}

/// Reads a change of the list `name`.
///
/// # Errors
///
/// If it can't be read or breaks a bound; the list is as it was.
pub fn apply_list<C: Codec, const MIN: u32, const MAX: u32>(
    name: &'static str,
    list: &mut TrackedList<C::Value>,
    r: &mut Reader<'_>,
) -> Result<()> {
    list.apply_within::<C>(MIN, MAX, r)
        .map_err(|error| error.member(name))
}

impl<T> Deref for TrackedList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T> Default for TrackedList<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl<T: Debug> Debug for TrackedList<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.elements.fmt(f)
    }
}

impl<T: Encode> Container for TrackedList<T> {
    fn is_changed(&self, consumer: Consumer) -> bool {
        self.touched.of(consumer).is_some()
    }

    fn encode_change(&self, consumer: Consumer, w: &mut Writer) {
        let Some(touched) = self.touched.of(consumer).filter(|touched| !touched.whole) else {
            return self.encode_all(w);
        };
        let elements = |index: &usize| Some((*index, self.elements.get(*index)?));
        w.array(2);
        w.unsigned(self.elements.len() as u64);
        w.map(touched.keys.iter().filter_map(elements).count());
        for (index, element) in touched.keys.iter().filter_map(elements) {
            w.unsigned(index as u64);
            w.put(element);
        }
    }

    fn encode_all(&self, w: &mut Writer) {
        w.array(2);
        w.unsigned(self.elements.len() as u64);
        w.map(self.elements.len());
        for (index, element) in self.elements.iter().enumerate() {
            w.unsigned(index as u64);
            w.put(element);
        }
    }
}

/// The right to change the list of a property: every change is checked and noted.
pub struct ListMut<'p, C: Codec, const MIN: u32, const MAX: u32> {
    list: &'p mut TrackedList<C::Value>,
    watch: Watch,
    tracker: &'p mut Tracker,
    bounds: PhantomData<C>,
}

impl<C: Codec, const MIN: u32, const MAX: u32> ListMut<'_, C, MIN, MAX> {
    /// Puts `element` at `index`, in place of what is there, and returns that; none, and nothing changed, past the end.
    ///
    /// # Errors
    ///
    /// If the element breaks its bounds; nothing has changed.
    pub fn set(&mut self, index: usize, element: C::Value) -> Result<Option<C::Value>> {
        C::check(element.borrow()).map_err(|error| error.index(index))?;
        let Some(place) = self.list.elements.get_mut(index) else {
            return Ok(None);
        };
        let before = std::mem::replace(place, element);
        self.touch(index);
        Ok(Some(before))
    }

    /// Lets `change` work on a copy of the element at `index`, which takes its place if it keeps within its bounds.
    /// False past the end.
    ///
    /// # Errors
    ///
    /// If the new element breaks its bounds; nothing has changed.
    pub fn update(&mut self, index: usize, change: impl FnOnce(&mut C::Value)) -> Result<bool>
    where
        C::Value: Clone,
    {
        let Some(place) = self.list.elements.get_mut(index) else {
            return Ok(false);
        };
        let mut element = place.clone();
        change(&mut element);
        C::check(element.borrow()).map_err(|error| error.index(index))?;
        *place = element;
        self.touch(index);
        Ok(true)
    }

    /// Appends `element`.
    ///
    /// # Errors
    ///
    /// If it breaks its bounds, or the list is full; nothing has changed.
    pub fn push(&mut self, element: C::Value) -> Result<()> {
        let index = self.list.elements.len();
        C::check(element.borrow()).map_err(|error| error.index(index))?;
        self.check_length(index + 1)?;
        self.list.elements.push(element);
        self.touch(index);
        Ok(())
    }

    /// Swaps two elements; false, and nothing changed, if one is past the end.
    pub fn swap(&mut self, one: usize, other: usize) -> bool {
        let both_there = one.max(other) < self.list.elements.len();
        if both_there {
            self.list.elements.swap(one, other);
            self.touch(one);
            self.touch(other);
        }
        both_there
    }

    /// Replaces all elements.
    ///
    /// # Errors
    ///
    /// If they break their bounds; nothing has changed.
    pub fn replace(&mut self, elements: Vec<C::Value>) -> Result<()> {
        codec::List::<C, MIN, MAX>::check(&elements)?;
        self.list.elements = elements;
        self.list.touched.whole(self.watch);
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

    fn touch(&mut self, index: usize) {
        self.list
            .touched
            .key(self.watch, &index, self.list.elements.len());
        self.tracker.touch(self.watch);
    }

    /// All from `first` on moved.
    fn touch_from(&mut self, first: usize) {
        self.list.touched.forget_from(&self.list.elements.len());
        self.list.touched.shape(self.watch);
        for index in first..self.list.elements.len() {
            self.touch(index);
        }
        self.tracker.touch(self.watch);
    }
}

impl<C: Codec, const MAX: u32> ListMut<'_, C, 0, MAX> {
    /// Takes the element at `index` out; those behind it move up, and each counts as changed.
    pub fn remove(&mut self, index: usize) -> Option<C::Value> {
        if index >= self.list.elements.len() {
            return None;
        }
        let element = self.list.elements.remove(index);
        self.touch_from(index);
        Some(element)
    }

    /// Takes the element at `index` out and puts the last one in its place.
    pub fn swap_remove(&mut self, index: usize) -> Option<C::Value> {
        if index >= self.list.elements.len() {
            return None;
        }
        let element = self.list.elements.swap_remove(index);
        self.touch_from(self.list.elements.len());
        if index < self.list.elements.len() {
            self.touch(index);
        }
        Some(element)
    }

    /// Takes the last element out.
    pub fn pop(&mut self) -> Option<C::Value> {
        let element = self.list.elements.pop()?;
        self.touch_from(self.list.elements.len());
        Some(element)
    }

    /// Takes all elements from `length` on out.
    pub fn truncate(&mut self, length: usize) {
        if length < self.list.elements.len() {
            self.list.elements.truncate(length);
            self.touch_from(length);
        }
    }

    /// Takes all elements out.
    pub fn clear(&mut self) {
        self.truncate(0);
    }
}

impl<C: Codec, const MIN: u32, const MAX: u32> Deref for ListMut<'_, C, MIN, MAX> {
    type Target = [C::Value];

    fn deref(&self) -> &Self::Target {
        &self.list.elements
    }
}

impl<C: Codec<Value: Debug>, const MIN: u32, const MAX: u32> Debug for ListMut<'_, C, MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.list.fmt(f)
    }
}
