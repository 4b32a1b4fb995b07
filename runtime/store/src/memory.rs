//! What each request of a store means, on plain data in memory.
//!
//! Backends are held against this: whatever they do, their answers are these. It does no IO, and nothing of it lasts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::{Document, DocumentId, Header};
use crate::request::{Claim, Claimed, Commit, Committed, End, Find, Quarantine, Sweep};
use crate::store::{Collection, Index};
use crate::value::{Change, Path, Update, Value};

/// The documents of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Documents {
    documents: BTreeMap<DocumentId, Arc<Document>>,
    indexes: BTreeMap<Arc<str>, Vec<Index>>,
    quarantined: BTreeMap<DocumentId, String>,
    filter: Filter,
}

/// What a commit's document must agree in. Everything, but where a test plants a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Filter {
    epoch: bool,
    rev: bool,
    /// Whether claims are compared with what is there.
    claims: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            epoch: true,
            rev: true,
            claims: true,
        }
    }
}

/// How a commit stands to its document.
enum Fit {
    /// It follows on what is there.
    Next,
    /// It was done before.
    Done,
    /// It does not fit.
    Not,
}

impl Documents {
    /// None, in these collections. Those of other collections have no index.
    #[must_use]
    pub fn new(collections: &[Collection]) -> Self {
        let indexes = collections
            .iter()
            .map(|of| (of.name.clone(), of.indexes.clone()));
        Self {
            indexes: indexes.collect(),
            ..Self::default()
        }
    }

    /// From now on there are these collections, too. Those that are there already have other indexes.
    pub fn add_collections(&mut self, collections: &[Collection]) {
        let added = collections
            .iter()
            .map(|of| (of.name.clone(), of.indexes.clone()));
        self.indexes.extend(added);
    }

    /// Without looking at epoch and owner, or at the revision: the bugs that tests plant.
    #[doc(hidden)]
    #[must_use]
    pub fn with_filter(mut self, epoch: bool, rev: bool) -> Self {
        (self.filter.epoch, self.filter.rev) = (epoch, rev);
        self
    }

    /// Claims are done whoever has the document: the bug that a test plants.
    #[doc(hidden)]
    pub const fn claim_unseen(&mut self) {
        self.filter.claims = false;
    }

    /// Commits are done whoever has the document, and in whatever state it is: the bug that a test plants.
    #[doc(hidden)]
    pub const fn commit_unseen(&mut self) {
        (self.filter.epoch, self.filter.rev) = (false, false);
    }

    /// See [`Store::claim`](crate::Store::claim).
    pub fn claim(&mut self, claim: &Claim) -> Claimed {
        if let Some(why) = self.quarantined.get(&claim.id) {
            return Claimed::Quarantined { why: why.clone() };
        }
        if let Some(document) = self.documents.get_mut(&claim.id) {
            let judged = self.filter.claims;
            if judged && claim.seen.is_some_and(|seen| seen != document.header.epoch) {
                return Claimed::Moved(document.header.clone());
            }
            let owner = document.header.owner.as_ref();
            if judged && !claim.take.takes(owner, &claim.owner) {
                return Claimed::Owned(document.header.clone());
            }
            let document = Arc::make_mut(document);
            document.header.owner = Some(claim.owner.clone());
            document.header.epoch += 1;
            document.header.rev += 1;
            return Claimed::Mine(Box::new(document.clone()));
        }
        if !claim.create {
            return Claimed::Absent;
        }
        let document = Document {
            id: claim.id.clone(),
            header: Header {
                birth: claim.birth,
                schema: 0,
                owner: Some(claim.owner.clone()),
                epoch: 1,
                rev: 1,
                born: false,
                pending: false,
                wake_us: None,
            },
            root: Value::table(),
        };
        self.documents
            .insert(claim.id.clone(), Arc::new(document.clone()));
        Claimed::Mine(Box::new(document))
    }

    /// See [`Store::commit`](crate::Store::commit). No two of the commits may be of the same document.
    pub fn commit(&mut self, commits: &[Arc<Commit>]) -> Vec<Committed> {
        let fits: Vec<Fit> = commits.iter().map(|commit| self.fit(commit)).collect();
        let before: Vec<_> = commits
            .iter()
            .map(|commit| self.documents.get(&commit.id).cloned())
            .collect();
        for (commit, fit) in commits.iter().zip(&fits) {
            if matches!(fit, Fit::Next) {
                self.apply(commit);
            }
        }
        let mut outcomes: Vec<Committed> = commits
            .iter()
            .zip(&fits)
            .map(|(commit, fit)| match fit {
                Fit::Not => Committed::Fenced,
                Fit::Done => Committed::Applied,
                Fit::Next => match self.taken(commit) {
                    Some(path) => Committed::Taken { path },
                    None => Committed::Applied,
                },
            })
            .collect();
        if outcomes
            .iter()
            .any(|outcome| *outcome != Committed::Applied)
        {
            for ((commit, fit), document) in commits.iter().zip(&fits).zip(before) {
                if let (Fit::Next, Some(document)) = (fit, document) {
                    self.documents.insert(commit.id.clone(), document);
                }
            }
            for (outcome, fit) in outcomes.iter_mut().zip(&fits) {
                if matches!((&outcome, fit), (Committed::Applied, Fit::Next)) {
                    *outcome = Committed::Withheld;
                }
            }
            return outcomes;
        }
        for commit in commits.iter().filter(|commit| commit.end == End::Deleted) {
            if !self.documents.contains_key(&commit.id) {
                self.quarantined.remove(&commit.id);
            }
        }
        outcomes
    }

    /// See [`Store::read`](crate::Store::read).
    #[must_use]
    pub fn read(&self, id: &DocumentId) -> Option<&Document> {
        self.documents.get(id).map(|document| &**document)
    }

    /// See [`Store::find`](crate::Store::find): here in the order of keys.
    #[must_use]
    pub fn find(&self, find: &Find) -> Vec<DocumentId> {
        if find.value == Value::Nil || !self.is_indexed(&find.collection, &find.path) {
            return Vec::new();
        }
        self.of(&find.collection)
            .filter(|document| document.root.at(&find.path.0) == Some(&find.value))
            .map(|document| document.id.clone())
            .take(find.limit)
            .collect()
    }

    /// See [`Store::sweep`](crate::Store::sweep): here those with messages first, then by the time that they want to be run at.
    #[must_use]
    pub fn sweep(&self, sweep: &Sweep) -> Vec<(DocumentId, Header)> {
        let is_due = |header: &Header| {
            header.pending || header.wake_us.is_some_and(|wake| wake <= sweep.now_us)
        };
        let mut found: Vec<_> = self
            .documents
            .values()
            .filter(|document| is_due(&document.header))
            .filter(|document| document.header.owner.as_ref() != Some(&sweep.except))
            .filter(|document| !self.quarantined.contains_key(&document.id))
            .map(|document| (document.id.clone(), document.header.clone()))
            .collect();
        found.sort_by_key(|(_, header)| (!header.pending, header.wake_us));
        found.truncate(sweep.limit);
        found
    }

    /// See [`Store::scan`](crate::Store::scan).
    #[must_use]
    pub fn scan(&self, collection: &Arc<str>, after: Option<&str>, limit: usize) -> Vec<Document> {
        self.of(collection)
            .skip_while(|document| after.is_some_and(|after| *document.id.key <= *after))
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`Store::quarantine`](crate::Store::quarantine). One that is absent is not marked.
    pub fn quarantine(&mut self, quarantine: &Quarantine) {
        match &quarantine.why {
            Some(why) if self.documents.contains_key(&quarantine.id) => {
                self.quarantined.insert(quarantine.id.clone(), why.clone());
            }
            Some(_) => {}
            None => drop(self.quarantined.remove(&quarantine.id)),
        }
    }

    /// Puts a document there as it is, in place of the one that has its name.
    pub fn insert(&mut self, document: Document) {
        self.documents
            .insert(document.id.clone(), Arc::new(document));
    }

    /// Takes a document out, as nobody does but by hand.
    pub fn remove(&mut self, id: &DocumentId) {
        self.documents.remove(id);
        self.quarantined.remove(id);
    }

    /// All of them, in the order of collections and keys.
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.documents.values().map(|document| &**document)
    }

    /// One as it is, to be put back later.
    pub(crate) fn held(&self, id: &DocumentId) -> Option<Arc<Document>> {
        self.documents.get(id).cloned()
    }

    /// Puts one back as it was; nothing if it was not there.
    pub(crate) fn put_back(&mut self, id: &DocumentId, document: Option<Arc<Document>>) {
        match document {
            Some(document) => drop(self.documents.insert(id.clone(), document)),
            None => drop(self.documents.remove(id)),
        }
    }

    fn of<'a>(&'a self, collection: &Arc<str>) -> impl Iterator<Item = &'a Document> + use<'a> {
        let first = DocumentId::new(collection.clone(), "");
        let collection = collection.clone();
        self.documents
            .range(first..)
            .map(|(_, document)| &**document)
            .take_while(move |document| document.id.collection == collection)
    }

    fn is_indexed(&self, collection: &Arc<str>, path: &Path) -> bool {
        let indexes = self.indexes.get(collection).into_iter().flatten();
        indexes.into_iter().any(|index| index.path == *path)
    }

    fn fit(&self, commit: &Commit) -> Fit {
        let Some(document) = self.documents.get(&commit.id) else {
            return if commit.end == End::Deleted {
                Fit::Done
            } else {
                Fit::Not
            };
        };
        let header = &document.header;
        let is_mine =
            header.birth == commit.birth && header.epoch == commit.epoch || !self.filter.epoch;
        let is_held = header.owner.as_ref() == Some(&commit.owner) || !self.filter.epoch;
        if is_mine && is_held && (header.rev == commit.rev || !self.filter.rev) {
            Fit::Next
        } else if is_mine && header.rev == commit.rev + 1 {
            // Whoever held it: the commit may have been the one that released it.
            Fit::Done
        } else {
            Fit::Not
        }
    }

    fn apply(&mut self, commit: &Commit) {
        if commit.end == End::Deleted {
            self.documents.remove(&commit.id);
            return;
        }
        let Some(document) = self.documents.get_mut(&commit.id) else {
            return;
        };
        let document = Arc::make_mut(document);
        document.root.apply(&commit.update);
        let header = &mut document.header;
        header.rev = commit.rev + 1;
        header.schema = commit.schema;
        header.born = true;
        header.pending = commit.pending;
        header.wake_us = commit.wake_us;
        if commit.end == End::Released {
            header.owner = None;
        }
    }

    /// Which unique index of the document, that this commit has changed, has its value twice now.
    fn taken(&self, commit: &Commit) -> Option<Path> {
        let document = self.documents.get(&commit.id)?;
        let indexes = self.indexes.get(&commit.id.collection)?;
        let mut indexes = indexes
            .iter()
            .filter(|index| index.unique && touches(&commit.update, &index.path));
        let twice = indexes.find(|index| {
            let value = document.root.at(&index.path.0);
            value.is_some_and(|value| *value != Value::Nil)
                && self
                    .of(&commit.id.collection)
                    .any(|other| other.id != commit.id && other.root.at(&index.path.0) == value)
        });
        twice.map(|index| index.path.clone())
    }
}

/// Whether an update may change what is at `path`.
pub(crate) fn touches(update: &Update, path: &Path) -> bool {
    update.0.iter().any(|change| {
        let (Change::Set(at, _) | Change::Remove(at)) = change;
        path.0.starts_with(&at.0) || at.0.starts_with(&path.0)
    })
}

#[cfg(test)]
mod tests;
