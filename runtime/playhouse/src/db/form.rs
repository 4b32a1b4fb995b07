//! What a store is asked and answers, as it travels between nodes.

use std::sync::Arc;

use playhouse_store as store;
use playhouse_store::{End, Path, StoreError};

use super::schema::{
    Change, Claimed, Commit, Committed, Document, DocumentId, Header, Owner, StoreFault, Take,
    Value,
};

impl From<store::DocumentId> for DocumentId {
    fn from(id: store::DocumentId) -> Self {
        Self {
            collection: id.collection.to_string(),
            key: id.key.to_string(),
        }
    }
}

impl From<DocumentId> for store::DocumentId {
    fn from(id: DocumentId) -> Self {
        Self::new(id.collection, id.key)
    }
}

impl From<store::Owner> for Owner {
    fn from(owner: store::Owner) -> Self {
        Self {
            node: owner.node.to_string(),
            incarnation: owner.incarnation,
        }
    }
}

impl From<Owner> for store::Owner {
    fn from(owner: Owner) -> Self {
        Self {
            node: owner.node.into(),
            incarnation: owner.incarnation,
        }
    }
}

impl From<store::Header> for Header {
    fn from(header: store::Header) -> Self {
        Self {
            birth: header.birth,
            schema: header.schema,
            owner: header.owner.map(Into::into),
            epoch: header.epoch,
            rev: header.rev,
            born: header.born,
            pending: header.pending,
            wake_us: header.wake_us,
        }
    }
}

impl From<Header> for store::Header {
    fn from(header: Header) -> Self {
        Self {
            birth: header.birth,
            schema: header.schema,
            owner: header.owner.map(Into::into),
            epoch: header.epoch,
            rev: header.rev,
            born: header.born,
            pending: header.pending,
            wake_us: header.wake_us,
        }
    }
}

impl From<store::Document> for Document {
    fn from(document: store::Document) -> Self {
        Self {
            id: document.id.into(),
            header: document.header.into(),
            root: document.root.into(),
        }
    }
}

impl From<Document> for store::Document {
    fn from(document: Document) -> Self {
        Self {
            id: document.id.into(),
            header: document.header.into(),
            root: document.root.into(),
        }
    }
}

impl From<store::Value> for Value {
    fn from(value: store::Value) -> Self {
        let entries = |entries: store::Table| {
            let entries = entries.into_iter();
            entries.map(|(name, value)| (name, value.into())).collect()
        };
        match value {
            store::Value::Nil => Self::Nil,
            store::Value::Bool(value) => Self::Truth(value),
            store::Value::Unsigned(value) => Self::Unsigned(value),
            store::Value::Negative(value) => Self::Negative(value),
            store::Value::Float(value) => Self::Float(value),
            store::Value::Text(text) => Self::Text(text),
            store::Value::Bytes(bytes) => Self::Raw(bytes.into()),
            store::Value::List(items) => Self::Items(items.into_iter().map(Into::into).collect()),
            store::Value::Map(members) => Self::Members(entries(members)),
            store::Value::Table(table) => Self::Entries(entries(table)),
        }
    }
}

impl From<Value> for store::Value {
    fn from(value: Value) -> Self {
        let entries = |entries: std::collections::BTreeMap<String, Value>| {
            let entries = entries.into_iter();
            entries.map(|(name, value)| (name, value.into())).collect()
        };
        match value {
            Value::Nil => Self::Nil,
            Value::Truth(value) => Self::Bool(value),
            Value::Unsigned(value) => Self::Unsigned(value),
            Value::Negative(value) => Self::Negative(value),
            Value::Float(value) => Self::Float(value),
            Value::Text(text) => Self::Text(text),
            Value::Raw(bytes) => Self::Bytes(bytes.to_vec()),
            Value::Items(items) => Self::List(items.into_iter().map(Into::into).collect()),
            Value::Members(members) => Self::Map(entries(members)),
            Value::Entries(table) => Self::Table(entries(table)),
        }
    }
}

/// A commit is shared by those who wait for it, so it is copied.
impl From<&store::Commit> for Commit {
    fn from(commit: &store::Commit) -> Self {
        let change = |change: &store::Change| match change {
            store::Change::Set(path, value) => Change {
                path: path.0.clone(),
                value: Some(value.clone().into()),
            },
            store::Change::Remove(path) => Change {
                path: path.0.clone(),
                value: None,
            },
        };
        Self {
            id: commit.id.clone().into(),
            birth: commit.birth,
            owner: commit.owner.clone().into(),
            epoch: commit.epoch,
            rev: commit.rev,
            changes: commit.update.0.iter().map(change).collect(),
            schema: commit.schema,
            pending: commit.pending,
            wake_us: commit.wake_us,
            released: commit.end == End::Released,
            deleted: commit.end == End::Deleted,
        }
    }
}

impl From<Commit> for store::Commit {
    fn from(commit: Commit) -> Self {
        let change = |change: Change| match change.value {
            Some(value) => store::Change::Set(Path(change.path), value.into()),
            None => store::Change::Remove(Path(change.path)),
        };
        Self {
            id: commit.id.into(),
            birth: commit.birth,
            owner: commit.owner.into(),
            epoch: commit.epoch,
            rev: commit.rev,
            update: store::Update(commit.changes.into_iter().map(change).collect()),
            schema: commit.schema,
            pending: commit.pending,
            wake_us: commit.wake_us,
            end: match (commit.deleted, commit.released) {
                (true, _) => End::Deleted,
                (false, true) => End::Released,
                (false, false) => End::Stays,
            },
        }
    }
}

impl From<store::Committed> for Committed {
    fn from(committed: store::Committed) -> Self {
        match committed {
            store::Committed::Applied => Self::Applied,
            store::Committed::Fenced => Self::Fenced,
            store::Committed::Taken { path } => Self::Taken { path: path.0 },
            store::Committed::Withheld => Self::Withheld,
        }
    }
}

impl From<Committed> for store::Committed {
    fn from(committed: Committed) -> Self {
        match committed {
            Committed::Applied => Self::Applied,
            Committed::Fenced => Self::Fenced,
            Committed::Taken { path } => Self::Taken { path: Path(path) },
            Committed::Withheld => Self::Withheld,
        }
    }
}

/// From whoever has it travels as nothing.
pub(super) fn take_to_wire(take: store::Take) -> Option<Take> {
    match take {
        store::Take::Any => None,
        store::Take::Free => Some(Take::Free),
        store::Take::From(owner) => Some(Take::From(owner.into())),
    }
}

pub(super) fn take_from_wire(take: Option<Take>) -> store::Take {
    match take {
        None => store::Take::Any,
        Some(Take::Free) => store::Take::Free,
        Some(Take::From(owner)) => store::Take::From(owner.into()),
    }
}

impl From<store::Claimed> for Claimed {
    fn from(claimed: store::Claimed) -> Self {
        match claimed {
            store::Claimed::Mine(document) => Self::Mine((*document).into()),
            store::Claimed::Moved(header) => Self::Moved(header.into()),
            store::Claimed::Owned(header) => Self::Owned(header.into()),
            store::Claimed::Absent => Self::Absent,
            store::Claimed::Quarantined { why } => Self::Quarantined(why),
        }
    }
}

impl From<Claimed> for store::Claimed {
    fn from(claimed: Claimed) -> Self {
        match claimed {
            Claimed::Mine(document) => Self::Mine(Box::new(document.into())),
            Claimed::Moved(header) => Self::Moved(header.into()),
            Claimed::Owned(header) => Self::Owned(header.into()),
            Claimed::Absent => Self::Absent,
            Claimed::Quarantined(why) => Self::Quarantined { why },
        }
    }
}

impl From<StoreError> for StoreFault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable { why },
            StoreError::Full(why) => Self::Full { why },
            StoreError::ReadOnly(why) => Self::ReadOnly { why },
            StoreError::Denied(why) => Self::Denied { why },
            StoreError::Corrupt(why) => Self::Corrupt { why },
            StoreError::Unsupported(why) => Self::Unsupported { why },
            StoreError::Closed => Self::Shut,
            // Also what a newer store may say: nobody here knows what was done.
            other => Self::InDoubt {
                why: other.to_string(),
            },
        }
    }
}

impl From<StoreFault> for StoreError {
    fn from(fault: StoreFault) -> Self {
        match fault {
            StoreFault::Unavailable { why } => Self::Unavailable(why),
            StoreFault::InDoubt { why } => Self::Unknown(why),
            StoreFault::Full { why } => Self::Full(why),
            StoreFault::ReadOnly { why } => Self::ReadOnly(why),
            StoreFault::Denied { why } => Self::Denied(why),
            StoreFault::Corrupt { why } => Self::Corrupt(why),
            StoreFault::Unsupported { why } => Self::Unsupported(why),
            // The db node stops. Another may take its place, which a closed store never does.
            StoreFault::Shut => Self::Unavailable("the db node's store has been closed".to_owned()),
            StoreFault::Unknown(_) => {
                Self::Unknown("the db node is newer and says what is not known here".to_owned())
            }
        }
    }
}

/// Commits as they travel.
pub(super) fn commits(commits: &[Arc<store::Commit>]) -> Vec<Commit> {
    commits.iter().map(|commit| (&**commit).into()).collect()
}
