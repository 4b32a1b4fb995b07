//! Structs and arms: arrays whose elements are members by tag.

use super::Reader;
use crate::codec::Codec;
use crate::error::{Error, Problem, Result};
use crate::value::UnknownArm;

/// The members of one struct, in order of their tags: see [`Reader::slots`].
///
/// Each member of the type is asked for once; [`Slots::end`] passes over what newer peers added. The methods are always
/// inlined: what a call returns goes through memory in other widths than it is read again, which costs a small struct
/// more than its decoding.
#[derive(Debug)]
pub struct Slots<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
    /// The arm whose members these are.
    arm: Option<&'static str>,
}

impl<'a> Reader<'a> {
    /// Begins a struct, or the arguments of a call.
    ///
    /// # Errors
    ///
    /// If no array stands there.
    #[inline]
    pub fn slots(&mut self) -> Result<Slots<'_, 'a>> {
        let left = self.enter_array()?;
        Ok(Slots {
            reader: self,
            left,
            arm: None,
        })
    }

    /// The members that are left of an array whose first elements were read by hand.
    #[inline]
    pub(crate) fn slots_left(&mut self, left: usize) -> Slots<'_, 'a> {
        Slots {
            reader: self,
            left,
            arm: None,
        }
    }

    /// Begins a union or an error: its tag is read.
    ///
    /// # Errors
    ///
    /// If no array with a tag stands there.
    #[inline]
    pub fn arm(&mut self) -> Result<Arm<'_, 'a>> {
        let length = self.enter_array()?;
        let Some(left) = length.checked_sub(1) else {
            return Err(self.wrong_type("a union's tag"));
        };
        let tag = self.u8()?;
        Ok(Arm {
            reader: self,
            tag,
            left,
        })
    }
}

impl<'a> Slots<'_, 'a> {
    /// Whether the next slot holds a value: it is neither past the end nor nil (which is then read).
    #[inline(always)]
    fn present(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                !self.reader.take_nil()
            }
            None => false,
        }
    }

    /// The member in the next slot, which has no default.
    ///
    /// # Errors
    ///
    /// If it is absent or can't be read.
    #[inline(always)]
    pub fn required<C: Codec>(&mut self, name: &'static str) -> Result<C::Value> {
        if self.present() {
            C::decode(self.reader).map_err(|error| self.inside(error, name))
        } else {
            Err(self.missing(name))
        }
    }

    /// The member in the next slot, `default` if absent.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    #[inline(always)]
    pub fn or<C: Codec>(&mut self, name: &'static str, default: C::Value) -> Result<C::Value> {
        if self.present() {
            C::decode(self.reader).map_err(|error| self.inside(error, name))
        } else {
            Ok(default)
        }
    }

    /// The member in the next slot, if absent its type's zero, empty value or struct of defaults that holds no memory.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    #[inline(always)]
    pub fn or_default<C: Codec<Value: Default>>(&mut self, name: &'static str) -> Result<C::Value> {
        if self.present() {
            C::decode(self.reader).map_err(|error| self.inside(error, name))
        } else {
            Ok(C::Value::default())
        }
    }

    /// The member in the next slot, if absent `default()`, which takes `bytes` of memory.
    ///
    /// # Errors
    ///
    /// If it can't be read, or the input doesn't justify that memory.
    #[inline(always)]
    pub fn or_else<C: Codec>(
        &mut self,
        name: &'static str,
        default: impl FnOnce() -> C::Value,
        bytes: usize,
    ) -> Result<C::Value> {
        if self.present() {
            C::decode(self.reader).map_err(|error| self.inside(error, name))
        } else {
            self.reader
                .charge(bytes)
                .map_err(|error| error.member(name))?;
            Ok(default())
        }
    }

    /// The optional member in the next slot.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    #[inline(always)]
    pub fn optional<C: Codec>(&mut self, name: &'static str) -> Result<Option<C::Value>> {
        if self.present() {
            C::decode(self.reader)
                .map(Some)
                .map_err(|error| self.inside(error, name))
        } else {
            Ok(None)
        }
    }

    /// The member in the next slot, which has no default, read by `read`: it may borrow from the input.
    #[inline(always)]
    pub(crate) fn required_with<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        if self.present() {
            read(self.reader).map_err(|error| self.inside(error, name))
        } else {
            Err(self.missing(name))
        }
    }

    /// The optional member in the next slot, read by `read`: it may borrow from the input.
    #[inline(always)]
    pub(crate) fn optional_with<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.present() {
            let value = read(self.reader);
            value.map(Some).map_err(|error| self.inside(error, name))
        } else {
            Ok(None)
        }
    }

    /// The next slot has no member; what stands there is passed over.
    ///
    /// # Errors
    ///
    /// If that is no MessagePack.
    #[inline]
    pub fn gap(&mut self) -> Result<&mut Self> {
        self.gaps(1)
    }

    /// The next `count` slots have no members.
    ///
    /// # Errors
    ///
    /// As [`Slots::gap`].
    pub fn gaps(&mut self, count: usize) -> Result<&mut Self> {
        let there = self.left.min(count);
        self.left -= there;
        pass_over(self.reader, there, self.arm)?;
        Ok(self)
    }

    /// Ends the struct: what newer peers added is passed over.
    ///
    /// # Errors
    ///
    /// If what stands there is no MessagePack.
    #[inline]
    pub fn end(self) -> Result<()> {
        // Taken apart, since a call that needs the whole in memory would cost each struct a copy.
        let Self { reader, left, arm } = self;
        if left > 0 {
            pass_over(reader, left, arm)?;
        }
        reader.leave();
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn missing(&self, name: &'static str) -> Error {
        self.inside(self.reader.error(Problem::Missing), name)
    }

    #[cold]
    #[inline(never)]
    fn inside(&self, error: Error, name: &'static str) -> Error {
        let error = error.member(name);
        match self.arm {
            Some(arm) => error.member(arm),
            None => error,
        }
    }
}

#[inline(never)]
fn pass_over(reader: &mut Reader<'_>, count: usize, arm: Option<&'static str>) -> Result<()> {
    for _ in 0..count {
        reader.skip().map_err(|error| match arm {
            Some(arm) => error.member(arm),
            None => error,
        })?;
    }
    Ok(())
}

/// One arm of a union or error: see [`Reader::arm`].
#[derive(Debug)]
pub struct Arm<'r, 'a> {
    reader: &'r mut Reader<'a>,
    tag: u8,
    left: usize,
}

impl<'a> Arm<'_, 'a> {
    /// The arm's tag.
    #[inline]
    #[must_use]
    pub const fn tag(&self) -> u8 {
        self.tag
    }

    /// The body of arm `name`, whose type is one value.
    ///
    /// # Errors
    ///
    /// If it is absent or can't be read.
    #[inline]
    pub fn value<C: Codec>(&mut self, name: &'static str) -> Result<C::Value> {
        self.body_with(name, C::decode)
    }

    /// The members of arm `name`.
    ///
    /// # Errors
    ///
    /// If the body is absent or no array.
    #[inline]
    pub fn members(&mut self, name: &'static str) -> Result<Slots<'_, 'a>> {
        self.body(name)?;
        let left = self
            .reader
            .enter_array()
            .map_err(|error| error.member(name))?;
        Ok(Slots {
            reader: self.reader,
            left,
            arm: Some(name),
        })
    }

    /// The body of arm `name`, read by `read`.
    ///
    /// # Errors
    ///
    /// If the body is absent, or `read` refuses it.
    #[inline]
    pub fn body_with<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        self.body(name)?;
        read(self.reader).map_err(|error| error.member(name))
    }

    /// The arm isn't known: it is kept with its body.
    ///
    /// # Errors
    ///
    /// If the body is longer than [`crate::Limits::unknown_body`], or no MessagePack.
    pub fn unknown(&mut self) -> Result<UnknownArm> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(UnknownArm::bare(self.tag));
        };
        self.left = left;
        let body = self.reader.raw(self.reader.limits.unknown_body)?;
        self.reader.charge(body.len())?;
        Ok(UnknownArm::with_body(self.tag, body))
    }

    /// The arm isn't known, and the union is closed.
    #[cold]
    #[must_use]
    pub fn refused(&self) -> Error {
        self.reader.error(Problem::UnknownArm(self.tag))
    }

    /// Ends the arm: further elements are passed over.
    ///
    /// # Errors
    ///
    /// If what stands there is no MessagePack.
    #[inline]
    pub fn end(self) -> Result<()> {
        let Self { reader, left, .. } = self;
        if left > 0 {
            pass_over(reader, left, None)?;
        }
        reader.leave();
        Ok(())
    }

    #[inline]
    fn body(&mut self, name: &'static str) -> Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.reader.error(Problem::Missing).member(name)),
        }
    }
}
