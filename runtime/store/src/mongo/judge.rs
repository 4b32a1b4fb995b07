//! What came of commits of several documents of which nothing was done: the reference judges, on the documents concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mongodb::bson::doc;
use mongodb::options::FindOptions;

use crate::document::{Document, DocumentId};
use crate::memory::{Documents, touches};
use crate::mongo::look::{Fit, fit};
use crate::mongo::server::Server;
use crate::mongo::{form, reads};
use crate::problem::StoreError;
use crate::request::{Commit, Committed, Find};
use crate::value::{Path, Value};

/// What came of commits.
pub(super) struct Judged {
    /// Of each.
    pub(super) outcomes: Vec<Committed>,
    /// Whether that is all. If not, those that are open can be done, though they could not a moment ago.
    pub(super) is_final: bool,
    /// Those that were not done before.
    pub(super) open: BTreeSet<DocumentId>,
}

/// Looks at the documents of the commits, and at those that have a value which one of them wants.
pub(super) async fn judge(server: &Server, commits: &[Arc<Commit>]) -> Result<Judged, StoreError> {
    let documents = documents(server, commits).await?;
    let mut reference = Documents::new(server.collections());
    let mut open = BTreeSet::new();
    for commit in commits {
        let document = documents.get(&commit.id);
        if fit(commit, document.map(|document| &document.header)) != Fit::Next {
            continue;
        }
        open.insert(commit.id.clone());
        let Some(document) = document else { continue };
        let mut root = document.root.clone();
        root.apply(&commit.update);
        for path in unique(server, commit) {
            let value = root.at(&path.0).filter(|value| **value != Value::Nil);
            let Some(value) = value else { continue };
            let find = Find {
                collection: commit.id.collection.clone(),
                path,
                value: value.clone(),
                // The commits' own documents, and one that is none of them.
                limit: commits.len() + 1,
            };
            for id in reads::find_by(server, &find).await? {
                if let Some(document) = reads::read(server, &id).await? {
                    reference.insert(document);
                }
            }
        }
    }
    documents
        .into_values()
        .for_each(|document| reference.insert(document));
    let outcomes = reference.commit(commits);
    let is_applied = outcomes
        .iter()
        .all(|outcome| *outcome == Committed::Applied);
    Ok(Judged {
        outcomes,
        is_final: !is_applied || open.is_empty(),
        open,
    })
}

/// The documents of commits.
async fn documents(
    server: &Server,
    commits: &[Arc<Commit>],
) -> Result<BTreeMap<DocumentId, Document>, StoreError> {
    let mut keys = BTreeMap::<Arc<str>, Vec<&str>>::new();
    for commit in commits {
        let of = keys.entry(commit.id.collection.clone()).or_default();
        of.push(&commit.id.key);
    }
    let mut documents = BTreeMap::new();
    for (collection, keys) in keys {
        let filter = doc! { "_id": { "$in": &keys } };
        let options = FindOptions::default();
        for bson in reads::query(server, &collection, filter, keys.len(), options).await? {
            let document = form::document(&collection, bson)?;
            documents.insert(document.id.clone(), document);
        }
    }
    Ok(documents)
}

/// The unique indexes whose values a commit may change.
pub(super) fn unique(server: &Server, commit: &Commit) -> Vec<Path> {
    let of = |name: &Arc<str>| *name == commit.id.collection;
    let collections = server.collections().iter();
    let indexes = collections
        .filter(|collection| of(&collection.name))
        .flat_map(|collection| &collection.indexes)
        .filter(|index| index.unique && touches(&commit.update, &index.path));
    indexes.map(|index| index.path.clone()).collect()
}
