//! How a save fails.

use std::fmt;

use playhouse_store::StoreError;

use crate::call::{Failure, FailureKind};

/// Why an entity was not saved when it asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaveError {
    /// Another entity holds the value of a `@unique` property: nothing was saved. Put the old value back, or another.
    /// Until then everything but this property is saved.
    Taken {
        /// Which property.
        property: &'static str,
    },
    /// Another node runs the entity by now, or its document is gone: this activation is over, and nothing that it does lasts.
    Lost,
    /// The store did not do it. The changes stay in memory and are saved once it can.
    Store(StoreError),
    /// It was part of a commit of several, of which another could not be done. The changes stay in memory and are saved
    /// later.
    Undone,
    /// Not all entities of a commit of several can be had.
    Unready(Failure),
    /// What was to be saved is not the part of the entity whose handler runs: hand `self` to `save`.
    NotMine,
}

impl SaveError {
    /// Whether another entity holds the value of this property.
    #[must_use]
    pub fn is_taken(&self, name: &str) -> bool {
        matches!(self, Self::Taken { property } if *property == name)
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { property } => {
                write!(f, "another entity has this value of `{property}`")
            }
            Self::Lost => f.write_str("the entity is run elsewhere by now"),
            Self::Store(error) => write!(f, "not saved: {error}"),
            Self::Undone => f.write_str("another entity of the same commit could not be saved"),
            Self::Unready(failure) => write!(f, "not all entities can be had: {failure}"),
            Self::NotMine => {
                f.write_str("a handler saves the part that it runs on: hand `self` to `save`")
            }
        }
    }
}

impl std::error::Error for SaveError {}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        let kind = match &error {
            SaveError::Taken { .. } | SaveError::NotMine => FailureKind::Invalid,
            SaveError::Unready(failure) => failure.kind(),
            SaveError::Lost | SaveError::Store(_) | SaveError::Undone => FailureKind::Unreachable,
        };
        Self::unknown(kind).because(error.to_string())
    }
}
