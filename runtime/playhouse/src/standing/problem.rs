//! Why a node can't take up its lease.

use std::fmt;

/// Why a node can't take up its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoStanding {
    /// Another process runs as a node of this name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// The document of the lease can't be used.
    Unusable {
        /// Why.
        why: String,
    },
    /// The node is stopping.
    Ended,
}

impl fmt::Display for NoStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken { name } => write!(
                f,
                "another node of the name `{name}` runs in this cluster: stop it, or give this one another name"
            ),
            Self::Unusable { why } => write!(
                f,
                "the node's lease can't be taken up: {why}; look at its document in the collection `{}`",
                crate::persist::NODES
            ),
            Self::Ended => f.write_str("the node is stopping"),
        }
    }
}

impl std::error::Error for NoStanding {}
