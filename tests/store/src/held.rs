//! An activation as the cases play it: what is known of a document that was claimed.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{
    Claim, Claimed, Commit, Committed, Document, DocumentId, End, Owner, Path, Store, Take, Update,
    Value,
};

/// A node in one of its lives.
#[must_use]
pub fn owner(incarnation: u64) -> Owner {
    Owner {
        node: "node".into(),
        incarnation,
    }
}

/// A claim that takes whatever is there and makes what is not, with the incarnation's number as the birth.
#[must_use]
pub fn claim(id: &DocumentId, incarnation: u64) -> Claim {
    Claim {
        id: id.clone(),
        owner: owner(incarnation),
        seen: None,
        take: Take::Any,
        create: true,
        birth: incarnation,
    }
}

/// A document that was claimed.
#[derive(Debug, Clone)]
pub struct Held {
    /// As it was claimed.
    pub document: Document,
    /// Its revision by now.
    pub rev: u64,
}

impl Held {
    /// Claims the document, whatever there is.
    ///
    /// # Panics
    ///
    /// If it does not become the claimer's.
    pub async fn claim(store: &Rc<dyn Store>, collection: &str, key: &str, by: u64) -> Self {
        let id = DocumentId::new(collection, key);
        match store.claim(claim(&id, by)).await {
            Ok(Claimed::Mine(document)) => Self::new(*document),
            other => panic!("{id} was not claimed: {other:?}"),
        }
    }

    /// Of a document that was claimed.
    #[must_use]
    pub const fn new(document: Document) -> Self {
        let rev = document.header.rev;
        Self { document, rev }
    }

    /// A commit that follows on what is known and changes nothing but the header.
    ///
    /// # Panics
    ///
    /// If the document has no owner, so was not claimed.
    #[must_use]
    pub fn commit(&self) -> Commit {
        let header = &self.document.header;
        Commit {
            id: self.document.id.clone(),
            birth: header.birth,
            owner: header.owner.clone().expect("it was claimed"),
            epoch: header.epoch,
            rev: self.rev,
            update: Update::new(),
            schema: 1,
            pending: false,
            wake_us: None,
            end: End::Stays,
        }
    }

    /// A commit that sets a property.
    #[must_use]
    pub fn set(&self, property: &str, value: Value) -> Commit {
        let mut commit = self.commit();
        commit.update.set(Path::of(["body", property]), value);
        commit
    }

    /// Commits, and counts the revision up if it applied.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn apply(&mut self, store: &Rc<dyn Store>, commit: Commit) -> Committed {
        let outcome = one(store, &commit).await;
        if outcome == Committed::Applied {
            self.rev = commit.rev + 1;
        }
        outcome
    }
}

/// What one commit came to.
///
/// # Panics
///
/// If the store fails, or has not one outcome.
pub async fn one(store: &Rc<dyn Store>, commit: &Commit) -> Committed {
    let mut outcomes = store.commit(vec![Arc::new(commit.clone())]).await;
    match outcomes.as_mut().map(Vec::pop) {
        Ok(Some(outcome)) => outcome,
        _ => panic!("{}: {outcomes:?}", commit.id),
    }
}

/// What the store has of a document now.
///
/// # Panics
///
/// If the store fails, or has none.
pub async fn read(store: &Rc<dyn Store>, id: &DocumentId) -> Document {
    match store.read(id.clone()).await {
        Ok(Some(document)) => document,
        other => panic!("{id}: {other:?}"),
    }
}

/// A string as a value.
#[must_use]
pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
