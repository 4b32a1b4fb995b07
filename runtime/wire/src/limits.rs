//! What a reader allows a peer.

/// Bounds on what decoding may cost. A reader never trusts a declared length further than the bytes that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and maps inside one another, skipped values included.
    pub depth: u32,
    /// Bytes of memory for containers, strings and bytes allowed per byte of input, above [`Limits::memory_base`].
    pub memory_factor: usize,
    /// Bytes of memory allowed whatever the input's length.
    pub memory_base: usize,
    /// Greatest length of the body kept of an unknown arm, in bytes.
    pub unknown_body: usize,
}

impl Limits {
    /// The default: 64 deep, 16 x input + 256 KiB, unknown bodies up to 64 KiB.
    pub const DEFAULT: Self = Self {
        depth: 64,
        memory_factor: 16,
        memory_base: 256 * 1024,
        unknown_body: 64 * 1024,
    };

    /// For bytes of strangers: as the default, with 4 KiB in place of 256.
    pub const STRICT: Self = Self {
        memory_base: 4 * 1024,
        ..Self::DEFAULT
    };

    /// Memory that decoding `length` bytes may take.
    #[must_use]
    pub const fn memory(&self, length: usize) -> usize {
        self.memory_factor
            .saturating_mul(length)
            .saturating_add(self.memory_base)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
