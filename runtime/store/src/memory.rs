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
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            epoch: true,
            rev: true,
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
        self.filter = Filter { epoch, rev };
        self
    }

    /// See [`Store::claim`](crate::Store::claim).
    pub fn claim(&mut self, claim: &Claim) -> Claimed {
        if let Some(why) = self.quarantined.get(&claim.id) {
            return Claimed::Quarantined { why: why.clone() };
        }
        if let Some(document) = self.documents.get_mut(&claim.id) {
            if claim.seen.is_some_and(|seen| seen != document.header.epoch) {
                return Claimed::Moved(document.header.clone());
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
mod tests {
    use super::*;
    use crate::document::Owner;

    fn documents() -> Documents {
        Documents::new(&[Collection {
            name: "t".into(),
            indexes: vec![Index {
                path: Path::of(["body", "name"]),
                unique: true,
            }],
        }])
    }

    fn owner(incarnation: u64) -> Owner {
        Owner {
            node: "n".into(),
            incarnation,
        }
    }

    #[track_caller]
    fn claim(documents: &mut Documents, key: &str, incarnation: u64) -> Document {
        let claim = Claim {
            id: DocumentId::new("t", key),
            owner: owner(incarnation),
            seen: None,
            create: true,
            birth: 100 + incarnation,
        };
        match documents.claim(&claim) {
            Claimed::Mine(document) => *document,
            other => panic!("{other:?}"),
        }
    }

    fn commit(document: &Document, name: &str) -> Commit {
        let mut update = Update::new();
        update.set(Path::of(["body", "name"]), Value::Text(name.into()));
        Commit {
            id: document.id.clone(),
            birth: document.header.birth,
            owner: document.header.owner.clone().expect("claimed"),
            epoch: document.header.epoch,
            rev: document.header.rev,
            update,
            schema: 3,
            pending: false,
            wake_us: None,
            end: End::Stays,
        }
    }

    fn one(documents: &mut Documents, commit: &Commit) -> Committed {
        let mut outcomes = documents.commit(&[Arc::new(commit.clone())]);
        outcomes.pop().expect("one outcome for one commit")
    }

    #[test]
    fn a_commit_is_done_once_and_known_again() {
        let mut documents = documents();
        let document = claim(&mut documents, "a", 1);
        let first = commit(&document, "x");
        assert_eq!(one(&mut documents, &first), Committed::Applied);
        let after = documents.clone();
        assert_eq!(one(&mut documents, &first), Committed::Applied);
        assert_eq!(documents, after);
        let mut second = commit(documents.read(&document.id).expect("made"), "y");
        second.end = End::Released;
        assert_eq!(one(&mut documents, &second), Committed::Applied);
        assert_eq!(one(&mut documents, &second), Committed::Applied);
        assert_eq!(one(&mut documents, &first), Committed::Fenced);
    }

    #[test]
    fn what_is_stale_is_fenced() {
        let mut documents = documents();
        let first = claim(&mut documents, "a", 1);
        let second = claim(&mut documents, "a", 2);
        assert_eq!((second.header.epoch, second.header.rev), (2, 2));
        assert_eq!(second.header.birth, 101);
        assert_eq!(one(&mut documents, &commit(&first, "x")), Committed::Fenced);
        let mut delete = commit(&second, "y");
        delete.end = End::Deleted;
        assert_eq!(one(&mut documents, &delete), Committed::Applied);
        assert_eq!(one(&mut documents, &delete), Committed::Applied);
        assert_eq!(
            one(&mut documents, &commit(&second, "x")),
            Committed::Fenced
        );
        // The same owner, epoch and revision, but another life.
        let mut again = claim(&mut documents, "a", 3);
        again.header.owner = Some(owner(3));
        let mut late = commit(&first, "x");
        late.owner = owner(3);
        assert_eq!(one(&mut documents, &late), Committed::Fenced);
        assert_eq!(
            one(&mut documents, &commit(&again, "x")),
            Committed::Applied
        );
    }

    #[test]
    fn several_are_done_together_or_not_at_all() {
        let mut documents = documents();
        let (a, b, c) = (
            claim(&mut documents, "a", 1),
            claim(&mut documents, "b", 1),
            claim(&mut documents, "c", 1),
        );
        assert_eq!(one(&mut documents, &commit(&c, "z")), Committed::Applied);
        let before = documents.clone();
        let both = [Arc::new(commit(&a, "x")), Arc::new(commit(&b, "z"))];
        let taken = Committed::Taken {
            path: Path::of(["body", "name"]),
        };
        assert_eq!(documents.commit(&both), [Committed::Withheld, taken]);
        assert_eq!(documents, before);
        let both = [Arc::new(commit(&a, "x")), Arc::new(commit(&b, "y"))];
        assert_eq!(
            documents.commit(&both),
            [Committed::Applied, Committed::Applied]
        );
        claim(&mut documents, "b", 2);
        assert_eq!(
            documents.commit(&both),
            [Committed::Applied, Committed::Fenced]
        );
    }

    #[test]
    fn what_wants_to_be_run_is_swept() {
        let mut documents = documents();
        for (key, pending, wake_us) in [
            ("a", false, None),
            ("b", false, Some(5)),
            ("c", true, None),
            ("d", false, Some(6)),
        ] {
            let document = claim(&mut documents, key, 1);
            let commit = Commit {
                pending,
                wake_us,
                ..commit(&document, key)
            };
            assert_eq!(one(&mut documents, &commit), Committed::Applied);
        }
        let swept = |documents: &Documents, except: u64| {
            let found = documents.sweep(&Sweep {
                now_us: 5,
                except: owner(except),
                limit: 10,
            });
            let keys = found.iter().map(|(id, _)| id.key.to_string());
            keys.collect::<Vec<_>>().concat()
        };
        assert_eq!(swept(&documents, 2), "cb");
        assert_eq!(swept(&documents, 1), "");
        documents.quarantine(&Quarantine {
            id: DocumentId::new("t", "c"),
            why: Some("odd".into()),
        });
        assert_eq!(swept(&documents, 2), "b");
        let found = documents.scan(&"t".into(), Some("b"), 1);
        assert_eq!(&*found[0].id.key, "c");
        let found = documents.find(&Find {
            collection: "t".into(),
            path: Path::of(["body", "name"]),
            value: Value::Text("d".into()),
            limit: 9,
        });
        assert_eq!(found, [DocumentId::new("t", "d")]);
    }
}
