//! Commits as statements of MongoDB's commands.

use mongodb::bson::{Bson, Document as BsonDocument, RawDocumentBuf, doc};

use crate::mongo::form::{signed, value_to_bson};
use crate::mongo::name::{ROOT, dotted};
use crate::mongo::{COMMIT_BATCH_BYTES_MAX, DOCUMENT_BYTES_MAX};
use crate::problem::StoreError;
use crate::request::{Commit, End};
use crate::value::{Change, Path, Value};

/// One statement of a command that changes documents.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) raw: RawDocumentBuf,
}

/// Of which command it is a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Update,
    Delete,
}

impl Statement {
    /// Of a commit as it is.
    pub(super) fn of(commit: &Commit) -> Result<Self, StoreError> {
        if commit.end == End::Deleted {
            let raw = raw(&doc! { "q": filter(commit), "limit": 1 })?;
            return Ok(Self {
                kind: Kind::Delete,
                raw,
            });
        }
        let (mut set, mut unset) = header(commit);
        for change in &commit.update.0 {
            match change {
                Change::Set(path, value) => drop(set.insert(dotted(path), value_to_bson(value))),
                Change::Remove(path) => drop(unset.insert(dotted(path), "")),
            }
        }
        Self::update(commit, set, unset)
    }

    /// Of a commit whose changes have been made to `root` already, which is written as a whole.
    pub(super) fn whole(commit: &Commit, root: &Value) -> Result<Self, StoreError> {
        let (mut set, unset) = header(commit);
        set.insert(ROOT, value_to_bson(root));
        Self::update(commit, set, unset)
    }

    /// Of a commit's document, that takes values out of it and changes nothing else.
    pub(super) fn without(commit: &Commit, paths: &[Path]) -> Result<Self, StoreError> {
        let mut unset = BsonDocument::new();
        for path in paths {
            unset.insert(dotted(path), "");
        }
        let changes = doc! { "$unset": unset };
        Ok(Self {
            kind: Kind::Update,
            raw: raw(&doc! { "q": filter(commit), "u": changes, "multi": false, "upsert": false })?,
        })
    }

    fn update(commit: &Commit, set: BsonDocument, unset: BsonDocument) -> Result<Self, StoreError> {
        let mut changes = doc! { "$set": set };
        if !unset.is_empty() {
            changes.insert("$unset", unset);
        }
        let raw =
            raw(&doc! { "q": filter(commit), "u": changes, "multi": false, "upsert": false })?;
        Ok(Self {
            kind: Kind::Update,
            raw,
        })
    }

    /// Whether another statement fits into the command beside `bytes` of others.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        bytes + self.raw.as_bytes().len() <= COMMIT_BATCH_BYTES_MAX
    }
}

/// Which document a commit is for, as it must be.
fn filter(commit: &Commit) -> BsonDocument {
    doc! {
        "_id": &*commit.id.key,
        "birth": signed(commit.birth),
        "owner.node": &*commit.owner.node,
        "owner.incarnation": signed(commit.owner.incarnation),
        "epoch": signed(commit.epoch),
        "rev": signed(commit.rev),
    }
}

/// What of the header is set, and what is taken away.
fn header(commit: &Commit) -> (BsonDocument, BsonDocument) {
    let mut set = doc! {
        "rev": signed(commit.rev + 1),
        "schema": i64::from(commit.schema),
        "born": true,
        "pending": commit.pending,
    };
    let mut unset = BsonDocument::new();
    match commit.wake_us {
        Some(wake_us) => drop(set.insert("wake", wake_us)),
        None => drop(unset.insert("wake", "")),
    }
    if commit.end == End::Released {
        set.insert("owner", Bson::Null);
    }
    (set, unset)
}

fn raw(statement: &BsonDocument) -> Result<RawDocumentBuf, StoreError> {
    let raw = RawDocumentBuf::try_from(statement)
        .map_err(|error| StoreError::Unsupported(format!("what is not BSON: {error}")))?;
    // What no document can hold is not sent at all: the server would end the connection.
    if raw.as_bytes().len() > DOCUMENT_BYTES_MAX {
        return Err(StoreError::Full(format!(
            "a change of {} bytes, where a document has at most {DOCUMENT_BYTES_MAX}",
            raw.as_bytes().len()
        )));
    }
    Ok(raw)
}
