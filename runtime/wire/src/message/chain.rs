//! The entities that wait already for the call that is being made, outermost first.

use std::fmt;

use crate::error::{Problem, Result};
use crate::value::EntityKey;
use crate::{Check, Decode, Encode, Reader, Writer};

use super::elements::{Element, Elements};
use super::{Method, elements};

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

/// Those who wait, outermost first, at most [`CHAIN_MAX`].
pub type Chain<'a> = Elements<'a, Waiting>;

/// Those of a [`Chain`].
pub type ChainIter<'a> = elements::Iter<'a, Waiting>;

/// A chain that grows by those who wait.
#[derive(Debug, Clone, Default)]
pub struct ChainBuffer {
    elements: Writer,
    count: usize,
}

/// One more entity than [`CHAIN_MAX`] would wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainFull;

impl fmt::Display for ChainFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{CHAIN_MAX} entities wait for one another already: call less deeply"
        )
    }
}

impl std::error::Error for ChainFull {}

impl Waiting {
    /// Numbers in front of the key.
    const NUMBERS: usize = 4;

    /// How many parts of a key the element has, which is entered here.
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

impl<'a> Element<'a> for Waiting {
    const COUNT_MAX: u32 = 64;

    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let parts = Self::enter(r)?;
        let method = numbers(r)?;
        let key = EntityKey::read(r, parts)?;
        r.leave();
        Ok(Self { method, key })
    }

    fn skim(r: &mut Reader<'a>) -> Result<()> {
        let parts = Self::enter(r)?;
        numbers(r)?;
        for _ in 0..parts {
            EntityKey::skim_part(r)?;
        }
        r.leave();
        Ok(())
    }
}

const _: () = assert!(<Waiting as Element<'_>>::COUNT_MAX as usize == CHAIN_MAX);

fn numbers(r: &mut Reader<'_>) -> Result<Method> {
    Ok(Method {
        package: r.u16()?,
        number: r.u16()?,
        slot: r.u8()?,
        tag: r.u8()?,
    })
}

impl Decode for Waiting {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        Self::read(r)
    }
}

impl Encode for Waiting {
    fn encode(&self, w: &mut Writer) {
        put_waiting(w, self.method, &self.key);
    }
}

impl Check for Waiting {
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
        Elements::of(self.elements.as_bytes(), self.count)
    }
}

impl From<Chain<'_>> for ChainBuffer {
    fn from(chain: Chain<'_>) -> Self {
        Self {
            elements: Writer::from(chain.bytes().to_vec()),
            count: chain.len(),
        }
    }
}
