//! Documents: what is known of a persistent entity while nobody runs it.

use std::fmt;
use std::sync::Arc;

use crate::store::LEASES;
use crate::value::Value;

/// Which document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId {
    /// What it is a document of: the full name of an entity type, `arena.world.Avatar`.
    pub collection: Arc<str>,
    /// Which of them: a key as [`key_to_text`](crate::key_to_text) writes it.
    pub key: Arc<str>,
}

impl DocumentId {
    /// Of a collection and a key.
    #[must_use]
    pub fn new(collection: impl Into<Arc<str>>, key: impl Into<Arc<str>>) -> Self {
        Self {
            collection: collection.into(),
            key: key.into(),
        }
    }

    /// Whether it is a node's lease, which goes before everything else.
    #[must_use]
    pub fn is_lease(&self) -> bool {
        *self.collection == *LEASES
    }

    /// The document that `Display` writes so; none if the text has no `/`, or nothing before it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (collection, key) = text.split_once('/')?;
        (!collection.is_empty()).then(|| Self::new(collection, key))
    }
}

/// `arena.world.Avatar/u42`
impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.key)
    }
}

/// Who runs an entity: a node in one of its lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The node's name.
    pub node: Arc<str>,
    /// Which of its lives.
    pub incarnation: u64,
}

/// What the store itself looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Header {
    /// Drawn when the document is made: tells it from an earlier one of the same key.
    pub birth: u64,
    /// The release of the schema that wrote it last; 0 before there was a release.
    pub schema: u32,
    /// Who runs it; nobody if it was released.
    pub owner: Option<Owner>,
    /// Raised by each claim: names one activation.
    pub epoch: u64,
    /// Raised by each claim and each commit.
    pub rev: u64,
    /// Whether anything was committed since it was made. Until then a claim finds it as new.
    pub born: bool,
    /// Whether it has messages in its outbox.
    pub pending: bool,
    /// When it wants to be run again though nobody calls, in microseconds since 1970.
    pub wake_us: Option<i64>,
}

/// What is known of a persistent entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// What the store looks at.
    pub header: Header,
    /// A table of sections: `body` for properties (slots are tables in it), and those of the durable protocol.
    pub root: Value,
}
