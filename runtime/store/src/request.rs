//! What a store is asked to do.

use crate::document::{DocumentId, Header, Owner};
use crate::value::{Path, Update, Value};

/// Takes a document for an activation: one find-and-modify.
///
/// If there is none it is made, with `birth`, epoch 1, revision 1 and an empty root. If there is one, and its epoch is `seen` or `seen` is nothing,
/// owner becomes `owner`, epoch and revision are raised by one. The answer is the document *after* that, and never an earlier read.
/// A document of another epoch than the one seen stays as it is, and so does one of an owner that [`Claim::take`] does not take it from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Which.
    pub id: DocumentId,
    /// Who will run it.
    pub owner: Owner,
    /// The epoch that the document must have. Nothing: any.
    pub seen: Option<u64>,
    /// From whom it is taken.
    pub take: Take,
    /// Whether it is made if there is none.
    pub create: bool,
    /// Its birth if it is made.
    pub birth: u64,
}

/// From whom a document is taken. One that is nobody's, or the claimer's already, is taken in any case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Take {
    /// From whoever has it.
    #[default]
    Any,
    /// From nobody else.
    Free,
    /// From this owner, which is proven to be over.
    From(Owner),
}

impl Take {
    /// Whether a document that `owner` has may become `claimer`'s.
    #[must_use]
    pub fn takes(&self, owner: Option<&Owner>, claimer: &Owner) -> bool {
        let Some(owner) = owner else {
            return true;
        };
        owner == claimer
            || match self {
                Self::Any => true,
                Self::Free => false,
                Self::From(over) => owner == over,
            }
    }
}

/// Changes a document that was claimed: one update, filtered on birth, owner, epoch and revision, that raises the revision by one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Commit {
    /// Which.
    pub id: DocumentId,
    /// The document's birth: a late commit of an earlier life does not fit one that was made anew under the same key.
    pub birth: u64,
    /// Who runs it.
    pub owner: Owner,
    /// In which activation.
    pub epoch: u64,
    /// The revision that it follows on; the document's is one more from then on.
    pub rev: u64,
    /// What changes below the root.
    pub update: Update,
    /// [`Header::schema`] from now on.
    pub schema: u32,
    /// [`Header::pending`] from now on.
    pub pending: bool,
    /// [`Header::wake_us`] from now on.
    pub wake_us: Option<i64>,
    /// What becomes of the document besides.
    pub end: End,
}

/// What becomes of a document that is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum End {
    /// It stays claimed.
    #[default]
    Stays,
    /// Nobody runs it from now on: its owner is nobody, its epoch stays.
    Released,
    /// It is no more.
    Deleted,
}

/// What came of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It is done, and lasts. Also if it had been done before: the document has its epoch, and a revision one higher; or it
    /// was to be deleted and is gone.
    Applied,
    /// Another activation has the document, or it is gone: nothing was done, and this activation is over.
    Fenced,
    /// Another document holds the value of a unique index: nothing was done, and the activation goes on.
    Taken {
        /// Of which index.
        path: Path,
    },
    /// It would have been done, but another of the commits asked for together was not: nothing was done, and the activation
    /// goes on.
    Withheld,
}

/// Documents by the value of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Of this collection.
    pub collection: std::sync::Arc<str>,
    /// The index.
    pub path: Path,
    /// The value there.
    pub value: Value,
    /// At most so many.
    pub limit: usize,
}

/// Documents that want to be run though nobody calls: with messages in their outbox, or with a time that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Times up to this one have come, in microseconds since 1970.
    pub now_us: i64,
    /// Those of this owner are left out: it runs them.
    pub except: Owner,
    /// At most so many.
    pub limit: usize,
}

/// Marks a document as not to be run, and says why; or takes the mark off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// Which.
    pub id: DocumentId,
    /// Why; nothing takes the mark off.
    pub why: Option<String>,
}

/// What a claim came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The document is the claimer's.
    Mine(Box<crate::Document>),
    /// It has another epoch than the one seen.
    Moved(Header),
    /// Somebody else has it, from whom it is not taken: see [`Claim::take`].
    Owned(Header),
    /// There is none, and it was not to be made.
    Absent,
    /// It is marked as not to be run.
    Quarantined {
        /// Why.
        why: String,
    },
}
