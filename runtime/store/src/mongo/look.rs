//! What became of commits that the server says have not matched: done before, or fenced.

use std::collections::BTreeMap;
use std::sync::Arc;

use mongodb::bson::{Document as BsonDocument, doc};

use crate::document::Header;
use crate::mongo::form;
use crate::mongo::server::{Server, majority, primary};
use crate::problem::StoreError;
use crate::request::{Commit, End};

/// How a commit stands to its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It follows on what is there.
    Next,
    /// It was done before.
    Done,
    /// It does not fit.
    Not,
    /// What was read is older than what the commit follows on: a new primary that does not know yet what is committed.
    Stale,
}

/// How commits of one collection stand to what a majority has. The same order.
///
/// It is asked after a write that a majority has vouched for has not matched. So what is read here is no older than what it has
/// not matched, unless the primary has changed in between, and then it is said to be stale.
pub(super) async fn look(
    server: &Server,
    collection: &Arc<str>,
    commits: &[Arc<Commit>],
) -> Result<Vec<Fit>, StoreError> {
    let keys: Vec<&str> = commits.iter().map(|commit| &*commit.id.key).collect();
    let documents = server.collection(collection);
    let asked = documents
        .find(doc! { "_id": { "$in": keys } })
        .projection(doc! { form::ROOT: 0 })
        .selection_criteria(primary())
        .read_concern(majority());
    let mut headers = BTreeMap::new();
    let found: Vec<BsonDocument> = server
        .read(async {
            let mut cursor = asked.await?;
            let mut found = Vec::new();
            while cursor.advance().await? {
                found.push(cursor.deserialize_current()?);
            }
            Ok(found)
        })
        .await?;
    for bson in &found {
        let (id, header) = form::header(collection, bson)?;
        headers.insert(id.key, header);
    }
    let fits = commits
        .iter()
        .map(|commit| fit(commit, headers.get(&commit.id.key)));
    Ok(fits.collect())
}

/// How a commit stands to a document.
pub(super) fn fit(commit: &Commit, header: Option<&Header>) -> Fit {
    let Some(header) = header else {
        return if commit.end == End::Deleted {
            Fit::Done
        } else {
            Fit::Not
        };
    };
    if header.birth != commit.birth || header.epoch > commit.epoch {
        return Fit::Not;
    }
    if header.epoch < commit.epoch || header.rev < commit.rev {
        return Fit::Stale;
    }
    if header.rev == commit.rev + 1 {
        // Whoever held it: the commit may have been the one that released it.
        Fit::Done
    } else if header.rev == commit.rev && header.owner.as_ref() == Some(&commit.owner) {
        Fit::Next
    } else {
        Fit::Not
    }
}
