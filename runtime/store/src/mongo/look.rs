//! What became of commits that the server says have not matched: done before, or fenced.

use std::collections::BTreeMap;
use std::sync::Arc;

use mongodb::bson::doc;
use mongodb::options::FindOptions;

use crate::document::Header;
use crate::mongo::server::Server;
use crate::mongo::{form, reads};
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
}

/// How commits of one collection stand to what a majority has. The same order.
///
/// It is asked after a write that a majority has vouched for has not matched. So what is read here is no older than what it has
/// not matched; unless the primary has changed in between and does not know yet what is committed. Then a commit that was done
/// may be taken for fenced, which is safe: its activation ends, and the next one finds what it has done.
pub(super) async fn look(
    server: &Server,
    collection: &Arc<str>,
    commits: &[Arc<Commit>],
) -> Result<Vec<Fit>, StoreError> {
    let keys: Vec<&str> = commits.iter().map(|commit| &*commit.id.key).collect();
    let filter = doc! { "_id": { "$in": &keys } };
    let options = FindOptions::builder().projection(doc! { form::ROOT: 0 });
    let found = reads::query(server, collection, filter, keys.len(), options.build()).await?;
    let mut headers = BTreeMap::new();
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
    if header.birth != commit.birth || header.epoch != commit.epoch {
        Fit::Not
    } else if header.rev == commit.rev + 1 {
        // Whoever held it: the commit may have been the one that released it.
        Fit::Done
    } else if header.rev == commit.rev && header.owner.as_ref() == Some(&commit.owner) {
        Fit::Next
    } else {
        Fit::Not
    }
}
