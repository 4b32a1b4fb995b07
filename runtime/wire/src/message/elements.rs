//! Lists inside of messages, left as they came: looked through once, decoded by whoever iterates.

use std::fmt;
use std::marker::PhantomData;

use crate::error::{Problem, Result};
use crate::{Encode, Limits, Reader, Writer};

/// What [`Elements`] hold.
pub trait Element<'a>: Sized {
    /// Most of them in one list.
    const COUNT_MAX: u32;

    /// Reads one.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, where and at which byte.
    fn read(r: &mut Reader<'a>) -> Result<Self>;

    /// Passes over one, and refuses what [`Element::read`] would refuse. Takes no memory.
    ///
    /// # Errors
    ///
    /// As [`Element::read`].
    fn skim(r: &mut Reader<'a>) -> Result<()> {
        Self::read(r).map(drop)
    }
}

/// A list of at most [`Element::COUNT_MAX`] elements, borrowed from a message.
pub struct Elements<'a, T> {
    /// The elements one after another, without the array's header.
    bytes: &'a [u8],
    count: usize,
    element: PhantomData<fn() -> T>,
}

impl<'a, T> Elements<'a, T> {
    /// No elements.
    pub const EMPTY: Self = Self::of(&[], 0);

    /// `count` elements that are known to be well formed.
    pub(super) const fn of(bytes: &'a [u8], count: usize) -> Self {
        Self {
            bytes,
            count,
            element: PhantomData,
        }
    }

    /// The elements as MessagePack, one after another.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each of them, in order.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a, T> {
        Iter {
            reader: Reader::new(self.bytes, &Limits::DEFAULT),
            left: self.count,
            element: PhantomData,
        }
    }
}

impl<'a, T: Element<'a>> Elements<'a, T> {
    pub(crate) fn decode(r: &mut Reader<'a>) -> Result<Self> {
        let count = r.enter_array()?;
        if count > T::COUNT_MAX as usize {
            return Err(r.error(Problem::Length {
                length: count,
                unit: "elements",
                min: 0,
                max: T::COUNT_MAX,
            }));
        }
        let before = r.rest();
        for index in 0..count {
            T::skim(r).map_err(|error| error.index(index))?;
        }
        r.leave();
        let length = before.len() - r.rest().len();
        Ok(Self::of(before.get(..length).unwrap_or_default(), count))
    }
}

impl<T> Encode for Elements<'_, T> {
    fn encode(&self, w: &mut Writer) {
        w.array(self.count);
        w.raw(self.bytes);
    }
}

impl<'a, T: Element<'a>> IntoIterator for Elements<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Those of [`Elements`], in order.
pub struct Iter<'a, T> {
    reader: Reader<'a>,
    left: usize,
    element: PhantomData<fn() -> T>,
}

impl<'a, T: Element<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        // The elements were looked through when the message was read, so nothing is refused here.
        T::read(&mut self.reader).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Elements that are written, when there are no bytes yet.
///
/// ```
/// use playhouse_wire::EntityRef;
/// use playhouse_wire::message::{ElementBuffer, Elements};
///
/// let avatar = EntityRef { package: 1, number: 7, slot: 0, key: Default::default() };
/// let mut buffer = ElementBuffer::new();
/// assert!(buffer.push(&avatar), "there is room for 16");
/// let entities: Elements<'_, EntityRef> = buffer.elements();
/// assert!(entities.iter().eq([avatar]));
/// ```
pub struct ElementBuffer<T> {
    bytes: Writer,
    count: usize,
    element: PhantomData<fn(T)>,
}

impl<T> ElementBuffer<T> {
    /// No elements yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: Writer::new(),
            count: 0,
            element: PhantomData,
        }
    }

    /// One more, if the list has room: at most [`Element::COUNT_MAX`]. Whether it had.
    #[must_use]
    pub fn push<'a>(&mut self, element: &T) -> bool
    where
        T: Element<'a> + Encode,
    {
        let fits = self.count < T::COUNT_MAX as usize;
        if fits {
            self.count += 1;
            element.encode(&mut self.bytes);
        }
        fits
    }

    /// No elements again; the memory is kept.
    pub fn clear(&mut self) {
        self.count = 0;
        self.bytes.clear();
    }

    /// As they stand in a message.
    #[must_use]
    pub fn elements(&self) -> Elements<'_, T> {
        Elements::of(self.bytes.as_bytes(), self.count)
    }
}

// By hand, because a derive would ask the same of `T`, of which there is no value here.

impl<T> fmt::Debug for Elements<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} elements {:02x?}", self.count, self.bytes)
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} elements left", self.left)
    }
}

impl<T> fmt::Debug for ElementBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.elements().fmt(f)
    }
}

impl<T> Clone for ElementBuffer<T> {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            ..*self
        }
    }
}

impl<T> Default for ElementBuffer<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Elements<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Elements<'_, T> {}

impl<T> Default for Elements<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> PartialEq for Elements<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.bytes) == (other.count, other.bytes)
    }
}

impl<T> Eq for Elements<'_, T> {}
