//! Sets of tags.

use std::fmt;

/// A set of tags, 1 to 127.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tags(u128);

impl Tags {
    /// No tag.
    pub const NONE: Self = Self(0);

    /// Every tag.
    pub const ALL: Self = Self(!1);

    /// These tags.
    ///
    /// # Panics
    ///
    /// If one is not within 1 to 127.
    #[must_use]
    pub const fn of(tags: &[u8]) -> Self {
        let mut set = Self::NONE;
        let mut rest = tags;
        while let Some((&tag, others)) = rest.split_first() {
            assert!(tag >= 1 && tag <= 127, "tags run from 1 to 127");
            set = set.with(tag);
            rest = others;
        }
        set
    }

    /// Whether `tag` is one of them.
    #[must_use]
    pub const fn contains(self, tag: u8) -> bool {
        tag < 128 && self.0 & (1 << tag) != 0
    }

    /// These and `tag`.
    #[must_use]
    pub const fn with(self, tag: u8) -> Self {
        if tag < 128 {
            Self(self.0 | (1 << tag))
        } else {
            self
        }
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that `keep` says.
    #[must_use]
    pub fn filter(self, keep: impl Fn(u8) -> bool) -> Self {
        self.into_iter()
            .filter(|tag| keep(*tag))
            .fold(Self::NONE, Self::with)
    }
}

impl IntoIterator for Tags {
    type Item = u8;
    type IntoIter = TagsIter;

    /// In ascending order.
    fn into_iter(self) -> TagsIter {
        TagsIter(self.0)
    }
}

/// The tags of a set, in ascending order.
#[derive(Debug, Clone)]
pub struct TagsIter(u128);

impl Iterator for TagsIter {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let tag = u8::try_from(self.0.trailing_zeros())
            .ok()
            .filter(|tag| *tag < 128)?;
        self.0 &= self.0 - 1;
        Some(tag)
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(*self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_a_set_in_ascending_order() {
        let tags = Tags::of(&[127, 1, 64]);
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), [1, 64, 127]);
        assert_eq!(tags.len(), 3);
        assert!(tags.contains(64) && !tags.contains(65) && !tags.contains(255));
        assert_eq!(tags.filter(|tag| tag > 1), Tags::of(&[64, 127]));
        assert_eq!(Tags::ALL.len(), 127);
        assert_eq!(Tags::NONE.into_iter().next(), None);
    }
}
