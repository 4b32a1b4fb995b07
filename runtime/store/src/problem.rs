//! What goes wrong with a store.

use std::fmt;

use crate::value::Path;

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It can't be reached or is not ready: nothing was done. Asking again may help.
    Unavailable(String),
    /// Nobody knows whether it was done: the answer was lost, or the disk's answer was an error. The same commit may be sent again.
    Unknown(String),
    /// There is no room, on the disk or in a document: nothing was done, and asking again won't help until there is.
    Full(String),
    /// It may not be written: nothing was done.
    ReadOnly(String),
    /// It does not accept who we are.
    Denied(String),
    /// What it holds can't be read.
    Corrupt(String),
    /// It can't do this at all, as a commit of several documents.
    Unsupported(String),
    /// It has been closed.
    Closed,
}

impl StoreError {
    /// Whether it is sure that nothing was done.
    #[must_use]
    pub const fn is_undone(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether asking again may help by itself.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Unknown(_) | Self::Full(_)
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store is not there: {why}"),
            Self::Unknown(why) => write!(f, "the store may or may not have done it: {why}"),
            Self::Full(why) => write!(f, "the store is full: {why}"),
            Self::ReadOnly(why) => write!(f, "the store can't be written: {why}"),
            Self::Denied(why) => write!(f, "the store does not let us in: {why}"),
            Self::Corrupt(why) => write!(f, "the store can't read what it holds: {why}"),
            Self::Unsupported(why) => write!(f, "the store can't do this: {why}"),
            Self::Closed => f.write_str("the store has been closed"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Why a store can't be opened. It says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError {
    /// Which store: its folder or address, without secrets.
    pub store: String,
    /// What is wrong and what to do about it.
    pub why: String,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store {} can't be opened: {}", self.store, self.why)
    }
}

impl std::error::Error for OpenError {}

/// A document that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where.
    pub path: Path,
    /// What is wrong there: goes on after the path.
    pub problem: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.problem)
    }
}

impl std::error::Error for Misfit {}
