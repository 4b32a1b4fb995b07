//! Fields of a message, trailing ones left off where they have their default.

use crate::{Encode, Writer};

/// Most elements of an array whose header is one byte: all that [`Fields`] write.
const FIELDS_MAX: usize = 15;

/// An array whose length is known at its end: it is one byte, which [`Fields::end`] fills in.
pub(super) struct Fields<'w> {
    w: &'w mut Writer,
    start: usize,
    count: u8,
    /// Count and end up to the last field that must be there.
    kept: u8,
    kept_end: usize,
}

impl<'w> Fields<'w> {
    #[inline]
    pub(super) fn new(w: &'w mut Writer) -> Self {
        let start = w.len();
        w.raw(&[0x90]);
        let kept_end = w.len();
        Self {
            w,
            start,
            count: 0,
            kept: 0,
            kept_end,
        }
    }

    /// The fields of a message of this kind.
    #[inline]
    pub(super) fn of_kind(w: &'w mut Writer, kind: u8) -> Self {
        let mut fields = Self::new(w);
        fields.put(&kind);
        fields
    }

    /// A field that is always written.
    #[inline]
    pub(super) fn put<T: Encode + ?Sized>(&mut self, value: &T) -> &mut Self {
        value.encode(self.w);
        self.keep()
    }

    /// A field that is left off at the end if it equals `default`.
    #[inline]
    pub(super) fn or<T: Encode + PartialEq + ?Sized>(
        &mut self,
        value: &T,
        default: &T,
    ) -> &mut Self {
        if value == default {
            value.encode(self.w);
            self.count += 1;
            self
        } else {
            self.put(value)
        }
    }

    /// A field that is nil or left off if there is none.
    #[inline]
    pub(super) fn maybe<T: Encode>(&mut self, value: Option<&T>) -> &mut Self {
        match value {
            Some(value) => self.put(value),
            None => {
                self.w.nil();
                self.count += 1;
                self
            }
        }
    }

    /// Ends the array; how many elements it has.
    #[inline]
    pub(super) fn end(&mut self) -> u8 {
        debug_assert!(usize::from(self.count) <= FIELDS_MAX, "one byte of header");
        self.w.truncate(self.kept_end);
        self.w.patch(self.start, [0x90 | self.kept]);
        self.kept
    }

    #[inline]
    fn keep(&mut self) -> &mut Self {
        self.count += 1;
        self.kept = self.count;
        self.kept_end = self.w.len();
        self
    }
}
