//! The entities that wait already for the call that is being made, outermost first.

use crate::error::{Problem, Result};
use crate::value::EntityKey;
use crate::{Encode, Limits, Reader, Writer};

use super::Method;

/// Most entities of a chain. A call that would need one more is refused by its caller.
pub const CHAIN_MAX: usize = 64;

/// One entity that waits: which it is, and in which call. On the wire `[package, number, slot, tag, key...]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// The entity's type, and the slot and tag of the call that it runs.
    pub method: Method,
    /// Which entity of its type.
    pub key: EntityKey,
}

/// A chain as it came, looked through but not decoded: iterating decodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain<'a> {
    /// The elements one after another, without the array's header.
    elements: &'a [u8],
    count: usize,
}

/// A chain that grows by those who wait.
#[derive(Debug, Clone, Default)]
pub struct ChainBuffer {
    elements: Writer,
    count: usize,
}

/// One more entity than [`CHAIN_MAX`] would wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainFull;

impl std::fmt::Display for ChainFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{CHAIN_MAX} entities wait for one another already: call less deeply"
        )
    }
}

impl std::error::Error for ChainFull {}

impl<'a> Chain<'a> {
    /// Nobody waits.
    pub const EMPTY: Self = Self {
        elements: &[],
        count: 0,
    };

    /// How many entities wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Those who wait, outermost first.
    #[must_use]
    pub const fn iter(&self) -> Iter<'a> {
        Iter {
            reader: Reader::new(self.elements, &Limits::DEFAULT),
            left: self.count,
        }
    }

    /// Reads a chain: every element is looked at, nothing is allocated.
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self> {
        let count = r.enter_array()?;
        if count > CHAIN_MAX {
            return Err(r.error(length_problem(count)));
        }
        let before = r.rest();
        for index in 0..count {
            skim(r).map_err(|error| error.index(index))?;
        }
        r.leave();
        let length = before.len() - r.rest().len();
        Ok(Self {
            elements: before.get(..length).unwrap_or_default(),
            count,
        })
    }
}

#[cold]
fn length_problem(length: usize) -> Problem {
    Problem::Length {
        length,
        unit: "elements",
        min: 0,
        max: 64,
    }
}

/// Looks at one element as [`Waiting::decode`] would, without building it.
fn skim(r: &mut Reader<'_>) -> Result<()> {
    let parts = Waiting::enter(r)?;
    r.u16()?;
    r.u16()?;
    r.u8()?;
    r.u8()?;
    for _ in 0..parts {
        EntityKey::skim_part(r)?;
    }
    r.leave();
    Ok(())
}

impl Waiting {
    /// Numbers in front of the key.
    const NUMBERS: usize = 4;

    /// How many parts of a key the element has, which was just entered.
    fn enter(r: &mut Reader<'_>) -> Result<usize> {
        let length = r.enter_array()?;
        length
            .checked_sub(Self::NUMBERS)
            .filter(|parts| *parts <= EntityKey::PARTS_MAX)
            .ok_or_else(|| {
                r.error(Problem::Reference(
                    "who waits has four numbers and at most 4 parts of a key",
                ))
            })
    }
}

impl crate::Decode for Waiting {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let parts = Self::enter(r)?;
        let method = Method {
            package: r.u16()?,
            number: r.u16()?,
            slot: r.u8()?,
            tag: r.u8()?,
        };
        let key = EntityKey::read(r, parts)?;
        r.leave();
        Ok(Self { method, key })
    }
}

impl Encode for Waiting {
    fn encode(&self, w: &mut Writer) {
        put_waiting(w, self.method, &self.key);
    }
}

impl crate::Check for Waiting {
    fn check(&self) -> Result<()> {
        self.key.check()
    }
}

fn put_waiting(w: &mut Writer, method: Method, key: &EntityKey) {
    let parts = key.parts();
    w.array(Waiting::NUMBERS + parts.len());
    w.unsigned(method.package.into());
    w.unsigned(method.number.into());
    w.unsigned(method.slot.into());
    w.unsigned(method.tag.into());
    for part in parts {
        w.put(part);
    }
}

impl Encode for Chain<'_> {
    fn encode(&self, w: &mut Writer) {
        w.array(self.count);
        w.raw(self.elements);
    }
}

impl<'a> IntoIterator for Chain<'a> {
    type Item = Waiting;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Those of a [`Chain`], outermost first.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    reader: Reader<'a>,
    left: usize,
}

impl Iterator for Iter<'_> {
    type Item = Waiting;

    fn next(&mut self) -> Option<Waiting> {
        self.left = self.left.checked_sub(1)?;
        // The chain was looked through when it was made, so nothing is refused here.
        crate::Decode::decode(&mut self.reader).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ChainBuffer {
    /// Nobody waits yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            elements: Writer::new(),
            count: 0,
        }
    }

    /// One more waits, inside of those before it.
    ///
    /// # Errors
    ///
    /// If [`CHAIN_MAX`] wait already.
    pub fn push(&mut self, method: Method, key: &EntityKey) -> Result<(), ChainFull> {
        if self.count >= CHAIN_MAX {
            return Err(ChainFull);
        }
        self.count += 1;
        put_waiting(&mut self.elements, method, key);
        Ok(())
    }

    /// Nobody waits any more; the memory is kept.
    pub fn clear(&mut self) {
        self.count = 0;
        self.elements.clear();
    }

    /// As it stands in a header.
    #[must_use]
    pub fn as_chain(&self) -> Chain<'_> {
        Chain {
            elements: self.elements.as_bytes(),
            count: self.count,
        }
    }
}

impl From<Chain<'_>> for ChainBuffer {
    fn from(chain: Chain<'_>) -> Self {
        Self {
            elements: Writer::from(chain.elements.to_vec()),
            count: chain.count,
        }
    }
}
