//! Judging: what a request comes to, and which rows it changes. The words are those of [`Documents`](crate::Documents).

use std::collections::HashMap;
use std::sync::Arc;

use fjall::Slice;

use crate::document::{Document, DocumentId, Header};
use crate::embedded::draft::{Draft, Rows, Space};
use crate::embedded::rows;
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Commit, Committed, End, Quarantine};
use crate::store::Index;
use crate::value::{Change, Path, Table, Update, Value};

/// Greatest size of one commit, keys and values and what finds them together, in bytes.
pub(super) const COMMIT_BYTES_MAX: usize = 16 << 20;

/// The indexes of each collection.
pub(super) type Indexes = HashMap<Arc<str>, Vec<Index>>;

/// What a document has in an index: the key there, and its own.
struct Entry<'a> {
    commit: usize,
    index: &'a Index,
    key: Vec<u8>,
}

pub(super) fn claim(draft: &mut Draft<'_>, claim: &Claim) -> Result<Claimed, StoreError> {
    let id = &claim.id;
    if let Some(why) = draft.get(Space::Lookups, &rows::mark(rows::kind::QUARANTINE, id))? {
        let why = String::from_utf8_lossy(&why).into_owned();
        return Ok(Claimed::Quarantined { why });
    }
    let key = rows::document(id);
    let header = match draft.get(Space::Documents, &key)? {
        None if claim.create => {
            let header = Header {
                birth: claim.birth,
                schema: 0,
                owner: Some(claim.owner.clone()),
                epoch: 1,
                rev: 1,
                born: false,
                pending: false,
                wake_us: None,
            };
            draft.put(Space::Documents, key, &rows::encode_header(&header))?;
            return Ok(Claimed::Mine(Box::new(Document {
                id: id.clone(),
                header,
                root: Value::table(),
            })));
        }
        None => return Ok(Claimed::Absent),
        Some(bytes) => {
            let mut header = rows::decode_header(&bytes)?;
            if claim.seen.is_some_and(|seen| seen != header.epoch) {
                return Ok(Claimed::Moved(header));
            }
            if !claim.take.takes(header.owner.as_ref(), &claim.owner) {
                return Ok(Claimed::Owned(header));
            }
            header.owner = Some(claim.owner.clone());
            header.epoch += 1;
            header.rev += 1;
            header
        }
    };
    draft.put(Space::Documents, key.clone(), &rows::encode_header(&header))?;
    let rows = draft.below(Space::Documents, &key)?;
    draft.load(
        rows.iter()
            .map(|(key, value)| key.len() + value.len())
            .sum(),
    );
    match document(&rows)? {
        Some(document) => Ok(Claimed::Mine(Box::new(document))),
        None => Err(StoreError::Corrupt(format!("{id} has rows of another"))),
    }
}

/// The document of these rows, which are all that it has; none if there are none.
pub(super) fn document(rows: &Rows) -> Result<Option<Document>, StoreError> {
    let mut found: Option<Document> = None;
    for (key, value) in rows {
        let (id, path) = rows::of_row(key)
            .ok_or_else(|| StoreError::Corrupt("the key of a row is damaged".into()))?;
        match &mut found {
            Some(document) if !path.is_empty() => document.root.set(&path, rows::decode(value)?),
            None if path.is_empty() => {
                found = Some(Document {
                    id,
                    header: rows::decode_header(value)?,
                    root: Value::table(),
                });
            }
            _ => return Err(StoreError::Corrupt(format!("{id} has rows, but no header"))),
        }
    }
    Ok(found)
}

pub(super) fn quarantine(draft: &mut Draft<'_>, asked: &Quarantine) -> Result<(), StoreError> {
    let mark = rows::mark(rows::kind::QUARANTINE, &asked.id);
    match &asked.why {
        Some(why) => {
            let document = rows::document(&asked.id);
            if draft.get(Space::Documents, &document)?.is_some() {
                draft.put(Space::Lookups, mark, why.as_bytes())?;
            }
        }
        None => draft.delete(Space::Lookups, mark),
    }
    Ok(())
}

/// How a commit stands to its document.
enum Fit {
    /// It follows on what is there.
    Next(Box<Header>),
    /// It was done before.
    Done,
    /// It does not fit.
    Not,
}

pub(super) fn commit(
    draft: &mut Draft<'_>,
    indexes: &Indexes,
    commits: &[Arc<Commit>],
) -> Result<Vec<Committed>, StoreError> {
    let mut outcomes = vec![Committed::Applied; commits.len()];
    let mut is_refused = false;
    let mut fits = Vec::with_capacity(commits.len());
    for (commit, outcome) in commits.iter().zip(&mut outcomes) {
        let fit = fit(draft, commit)?;
        if matches!(fit, Fit::Not) {
            *outcome = Committed::Fenced;
            is_refused = true;
        }
        fits.push(fit);
    }
    let mut entries = Vec::new();
    for (number, (commit, fit)) in commits.iter().zip(&fits).enumerate() {
        if let Fit::Next(header) = fit {
            let indexes = indexes.get(&commit.id.collection).map_or(&[][..], |it| it);
            apply(draft, header, commit, indexes, number, &mut entries)?;
        }
    }
    // An entry is taken if somebody has it still, after all that give theirs up have done so, or if two want it at once.
    for (place, entry) in entries.iter().enumerate() {
        let id = &commits[entry.commit].id;
        let holder = draft.get(Space::Lookups, &entry.key)?;
        let is_held = holder.is_some_and(|key| *key != *id.key.as_bytes());
        let is_wanted = entries.iter().enumerate().any(|(other, wanted)| {
            other != place && wanted.commit != entry.commit && wanted.key == entry.key
        });
        if (is_held || is_wanted) && outcomes[entry.commit] == Committed::Applied {
            let path = entry.index.path.clone();
            outcomes[entry.commit] = Committed::Taken { path };
            is_refused = true;
        }
    }
    if is_refused {
        draft.forget();
        for (outcome, fit) in outcomes.iter_mut().zip(&fits) {
            if *outcome == Committed::Applied && matches!(fit, Fit::Next(_)) {
                *outcome = Committed::Withheld;
            }
        }
        return Ok(outcomes);
    }
    for entry in entries {
        let key = commits[entry.commit].id.key.as_bytes();
        draft.put(Space::Lookups, entry.key, key)?;
    }
    if draft.tried_bytes() > COMMIT_BYTES_MAX {
        return Err(StoreError::Full(format!(
            "a commit takes {} bytes, and at most {COMMIT_BYTES_MAX} are written at once: keep less in one entity",
            draft.tried_bytes()
        )));
    }
    Ok(outcomes)
}

fn fit(draft: &Draft<'_>, commit: &Commit) -> Result<Fit, StoreError> {
    let Some(bytes) = draft.get(Space::Documents, &rows::document(&commit.id))? else {
        let is_deleted = commit.end == End::Deleted;
        return Ok(if is_deleted { Fit::Done } else { Fit::Not });
    };
    let header = rows::decode_header(&bytes)?;
    let is_mine = header.birth == commit.birth && header.epoch == commit.epoch;
    let is_held = header.owner.as_ref() == Some(&commit.owner);
    Ok(if is_mine && is_held && header.rev == commit.rev {
        Fit::Next(Box::new(header))
    } else if is_mine && header.rev == commit.rev + 1 {
        // Whoever holds it: the commit may have been the one that released it.
        Fit::Done
    } else {
        Fit::Not
    })
}

/// Changes the rows of one document. What it gives up in indexes is gone at once; what it wants in unique ones is added to `entries`.
fn apply<'a>(
    draft: &mut Draft<'_>,
    old: &Header,
    commit: &Commit,
    indexes: &'a [Index],
    number: usize,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), StoreError> {
    let id = &commit.id;
    let key = rows::document(id);
    let is_deleted = commit.end == End::Deleted;
    let touched = indexes
        .iter()
        .filter(|index| is_deleted || touches(&commit.update, &index.path));
    let touched: Vec<(&Index, Option<Vec<u8>>)> = touched
        .map(|index| Ok((index, entry(draft, id, &key, index)?)))
        .collect::<Result<_, StoreError>>()?;
    let mut header = old.clone();
    header.rev = commit.rev + 1;
    header.schema = commit.schema;
    header.born = true;
    header.pending = commit.pending && !is_deleted;
    header.wake_us = commit.wake_us.filter(|_| !is_deleted);
    if is_deleted {
        remove(draft, &key)?;
        draft.delete(Space::Lookups, rows::mark(rows::kind::QUARANTINE, id));
    } else {
        if commit.end == End::Released {
            header.owner = None;
        }
        let rows = DocumentRows {
            key: &key,
            are_new: !old.born,
        };
        update(draft, rows, &commit.update)?;
        draft.put(Space::Documents, key.clone(), &rows::encode_header(&header))?;
    }
    remind(draft, id, old, &header)?;
    for (index, before) in touched {
        let after = entry(draft, id, &key, index)?;
        if before == after {
            continue;
        }
        if let Some(before) = before {
            let holder = draft.get(Space::Lookups, &before)?;
            // In the same list another may have it by now.
            if !index.unique || holder.is_some_and(|key| *key == *id.key.as_bytes()) {
                draft.delete(Space::Lookups, before);
            }
        }
        match after {
            Some(key) if index.unique => entries.push(Entry {
                commit: number,
                index,
                key,
            }),
            Some(key) => draft.put(Space::Lookups, key, &[])?,
            None => {}
        }
    }
    Ok(())
}

/// Whether an update may change what is at `path`.
fn touches(update: &Update, path: &Path) -> bool {
    update.0.iter().any(|change| {
        let (Change::Set(at, _) | Change::Remove(at)) = change;
        path.0.starts_with(&at.0) || at.0.starts_with(&path.0)
    })
}

/// The key of the document's entry in an index, if it has a value there.
fn entry(
    draft: &Draft<'_>,
    id: &DocumentId,
    document: &[u8],
    index: &Index,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(bytes) = draft.get(Space::Documents, &rows::leaf(document, &index.path.0))? else {
        return Ok(None);
    };
    Ok(entry_of(id, index, &rows::decode(&bytes)?))
}

/// The key of a document's entry in an index with this value.
pub(super) fn entry_of(id: &DocumentId, index: &Index, value: &Value) -> Option<Vec<u8>> {
    if *value == Value::Nil {
        return None;
    }
    let mut key = rows::indexed(&id.collection, index, value);
    if !index.unique {
        rows::push(&mut key, id.key.as_bytes());
    }
    Some(key)
}

/// Keeps the lists for sweeps as the header says.
fn remind(
    draft: &mut Draft<'_>,
    id: &DocumentId,
    old: &Header,
    new: &Header,
) -> Result<(), StoreError> {
    if old.pending != new.pending {
        let mark = rows::mark(rows::kind::PENDING, id);
        if new.pending {
            draft.put(Space::Lookups, mark, &[])?;
        } else {
            draft.delete(Space::Lookups, mark);
        }
    }
    if old.wake_us != new.wake_us {
        if let Some(wake_us) = old.wake_us {
            draft.delete(Space::Lookups, rows::wake(wake_us, id));
        }
        if let Some(wake_us) = new.wake_us {
            draft.put(Space::Lookups, rows::wake(wake_us, id), &[])?;
        }
    }
    Ok(())
}

/// The rows of one document. Those of one that was never committed are all in the draft: looking for others is most of what
/// such a commit costs.
#[derive(Clone, Copy)]
struct DocumentRows<'a> {
    /// Of the header, which the others begin with.
    key: &'a [u8],
    are_new: bool,
}

impl DocumentRows<'_> {
    fn get(self, draft: &Draft<'_>, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        match self.are_new {
            true => Ok(draft.get_tried(Space::Documents, key)),
            false => draft.get(Space::Documents, key),
        }
    }

    /// Removes the row of this key and those below it, but not the header.
    fn remove_below(self, draft: &mut Draft<'_>, key: &[u8]) -> Result<(), StoreError> {
        let below = match self.are_new {
            true => draft.below_tried(Space::Documents, key),
            false => draft.below(Space::Documents, key)?.into_keys().collect(),
        };
        for row in below {
            if row != self.key {
                draft.delete(Space::Documents, row);
            }
        }
        Ok(())
    }
}

fn update(
    draft: &mut Draft<'_>,
    document: DocumentRows<'_>,
    update: &Update,
) -> Result<(), StoreError> {
    for change in &update.0 {
        let (path, value) = match change {
            Change::Set(path, value) => (path, Some(value)),
            // Nothing removes the root: a document without anything in it is a document.
            Change::Remove(path) if path.0.is_empty() => continue,
            Change::Remove(path) => (path, None),
        };
        let depth = value.map_or(0, rows::depth);
        if depth > rows::DEPTH_MAX {
            return Err(StoreError::Unsupported(format!(
                "a value at {path} is nested {depth} deep, and at most {} can be kept: flatten it",
                rows::DEPTH_MAX
            )));
        }
        let key = rows::leaf(document.key, &path.0);
        // Where a leaf stands nothing is below it, and no leaf above: the commonest case needs no look at either.
        let is_leaf = !path.0.is_empty() && document.get(draft, &key)?.is_some();
        if is_leaf {
            draft.delete(Space::Documents, key.clone());
        } else if within_leaf(draft, document, path, value)? {
            continue;
        } else {
            document.remove_below(draft, &key)?;
        }
        if let Some(value) = value {
            put(draft, key, value, document.key)?;
        }
    }
    Ok(())
}

/// Whether the path goes through a leaf that is a map, which then has been changed. Another leaf on the way makes room for a
/// value, and is left by a removal.
fn within_leaf(
    draft: &mut Draft<'_>,
    document: DocumentRows<'_>,
    path: &Path,
    value: Option<&Value>,
) -> Result<bool, StoreError> {
    for length in 1..path.0.len() {
        let (before, behind) = path.0.split_at(length);
        let key = rows::leaf(document.key, before);
        let Some(bytes) = document.get(draft, &key)? else {
            continue;
        };
        match (rows::decode(&bytes)?, value) {
            (mut leaf @ Value::Map(_), value) => {
                match value {
                    Some(value) => leaf.set(behind, value.clone()),
                    None => drop(leaf.remove(behind)),
                }
                draft.put(Space::Documents, key, &rows::encode(&leaf))?;
                return Ok(true);
            }
            (_, Some(_)) => draft.delete(Space::Documents, key),
            (_, None) => return Ok(true),
        }
    }
    Ok(false)
}

fn put(
    draft: &mut Draft<'_>,
    key: Vec<u8>,
    value: &Value,
    document: &[u8],
) -> Result<(), StoreError> {
    let entries: &Table = match value {
        Value::Table(entries) => entries,
        // The root is a table whatever it was given as: its own row is the header.
        Value::Map(entries) if key == document => entries,
        _ if key == document => return Ok(()),
        leaf => return draft.put(Space::Documents, key, &rows::encode(leaf)),
    };
    for (name, value) in entries {
        let mut key = key.clone();
        rows::push(&mut key, name.as_bytes());
        put(draft, key, value, document)?;
    }
    Ok(())
}

fn remove(draft: &mut Draft<'_>, document: &[u8]) -> Result<(), StoreError> {
    for row in draft.below(Space::Documents, document)?.into_keys() {
        draft.delete(Space::Documents, row);
    }
    Ok(())
}
