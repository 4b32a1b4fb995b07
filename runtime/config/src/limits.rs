//! What a configuration may have at most: nobody's file fills the memory or holds up the start.

/// Bounds of one configuration, all its files together. Each is far above what people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file: 16 MiB.
    pub file_bytes_max: usize,
    /// Files, one that is included twice counted twice: 64.
    pub files_max: usize,
    /// Files that include one another, in a row: 16.
    pub include_depth_max: usize,
    /// Objects and lists inside of one another, after macros are replaced: 64.
    pub depth_max: usize,
    /// Macros inside of one another: 16.
    pub macro_depth_max: usize,
    /// Values that macros put in, counted with all that is in them: 1,000,000.
    pub expansion_values_max: usize,
    /// Bytes of text that macros put in: 16 MiB.
    pub expansion_bytes_max: usize,
    /// Mistakes that are told; the rest is counted: 100.
    pub mistakes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 16 << 20,
            files_max: 64,
            include_depth_max: 16,
            depth_max: 64,
            macro_depth_max: 16,
            expansion_values_max: 1_000_000,
            expansion_bytes_max: 16 << 20,
            mistakes_max: 100,
        }
    }
}
