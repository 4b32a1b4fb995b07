//! The numbers by which peers know what both have generated.

/// A component, entity or service type. Generated code implements it.
pub trait Numbered {
    /// The number of its package.
    const PACKAGE: u16;
    /// Its number in the package.
    const NUMBER: u16;
    /// Digest of all that decides how peers read it.
    const DIGEST: u64;
}
