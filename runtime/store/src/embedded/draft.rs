//! Drafts: the rows as they will be once what is being judged has been written.

use std::collections::BTreeMap;

use fjall::{Database, Keyspace, PersistMode, Readable, Slice};

use crate::embedded::rows::KEY_BYTES_MAX;
use crate::problem::StoreError;

/// A family of rows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Space {
    /// Documents.
    Documents,
    /// What finds them.
    Lookups,
}

/// The file store.
#[derive(Clone)]
pub(super) struct Tables {
    pub(super) database: Database,
    pub(super) documents: Keyspace,
    pub(super) lookups: Keyspace,
}

impl Tables {
    pub(super) const fn space(&self, space: Space) -> &Keyspace {
        match space {
            Space::Documents => &self.documents,
            Space::Lookups => &self.lookups,
        }
    }
}

/// What went wrong in the file store, for somebody who does not know it.
pub(super) fn words(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => {
            error.to_string()
        }
        fjall::Error::Poisoned => "an earlier write in the background failed".into(),
        error => error.to_string(),
    }
}

/// An error of the file store while reading.
pub(super) fn unreadable(error: &fjall::Error) -> StoreError {
    StoreError::Corrupt(format!(
        "{}; restore the folder from a backup if it comes again",
        words(error)
    ))
}

/// Rows from one place, in order.
pub(super) type Rows = BTreeMap<Vec<u8>, Slice>;
type Changed = BTreeMap<Vec<u8>, Option<Slice>>;

/// Rows that change; nothing instead of a row that goes.
#[derive(Debug, Default)]
struct Changes {
    documents: Changed,
    lookups: Changed,
}

impl Changes {
    const fn space(&self, space: Space) -> &Changed {
        match space {
            Space::Documents => &self.documents,
            Space::Lookups => &self.lookups,
        }
    }
}

/// What is read while requests are judged: the rows that last, above them the changes of requests that were judged already,
/// and above those the changes of the one that is being judged.
pub(super) struct Draft<'a> {
    tables: &'a Tables,
    kept: Changes,
    tried: Changes,
    tried_bytes: usize,
    bytes: usize,
}

impl<'a> Draft<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            kept: Changes::default(),
            tried: Changes::default(),
            tried_bytes: 0,
            bytes: 0,
        }
    }

    /// Bytes of what was kept, and of what was loaded for answers.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// So many bytes were loaded for an answer, and stay in memory until it is given.
    pub(super) const fn load(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Bytes of what was changed since the last [`Draft::keep`] or [`Draft::forget`].
    pub(super) const fn tried_bytes(&self) -> usize {
        self.tried_bytes
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        // Such a row can't have been written, and the file store would not look for it.
        if key.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        for changes in [&self.tried, &self.kept] {
            if let Some(changed) = changes.space(space).get(key) {
                return Ok(changed.clone());
            }
        }
        let row = self.tables.space(space).get(key);
        row.map_err(|error| unreadable(&error))
    }

    /// A row of what is being judged alone.
    pub(super) fn get_tried(&self, space: Space, key: &[u8]) -> Option<Slice> {
        self.tried.space(space).get(key).cloned().flatten()
    }

    /// The keys that begin with `prefix`, of what is being judged alone.
    pub(super) fn below_tried(&self, space: Space, prefix: &[u8]) -> Vec<Vec<u8>> {
        let changed = self.tried.space(space).range(prefix.to_vec()..);
        let changed = changed.take_while(|(key, _)| key.starts_with(prefix));
        let there = changed.filter(|(_, value)| value.is_some());
        there.map(|(key, _)| key.clone()).collect()
    }

    /// All rows whose keys begin with `prefix`.
    pub(super) fn below(&self, space: Space, prefix: &[u8]) -> Result<Rows, StoreError> {
        let mut rows = Rows::new();
        if prefix.len() > KEY_BYTES_MAX {
            return Ok(rows);
        }
        for row in self.tables.space(space).prefix(prefix) {
            let (key, value) = row.into_inner().map_err(|error| unreadable(&error))?;
            rows.insert(key.to_vec(), value);
        }
        for changes in [&self.kept, &self.tried] {
            let changed = changes.space(space).range(prefix.to_vec()..);
            for (key, value) in changed.take_while(|(key, _)| key.starts_with(prefix)) {
                match value {
                    Some(value) => rows.insert(key.clone(), value.clone()),
                    None => rows.remove(key),
                };
            }
        }
        Ok(rows)
    }

    pub(super) fn put(
        &mut self,
        space: Space,
        key: Vec<u8>,
        value: &[u8],
    ) -> Result<(), StoreError> {
        if key.len() > KEY_BYTES_MAX {
            return Err(StoreError::Unsupported(format!(
                "a path or an indexed value takes {} bytes with the document's key, and at most {KEY_BYTES_MAX} can be kept: \
                 shorten the names",
                key.len()
            )));
        }
        self.change(space, key, Some(value.into()));
        Ok(())
    }

    pub(super) fn delete(&mut self, space: Space, key: Vec<u8>) {
        if key.len() <= KEY_BYTES_MAX {
            self.change(space, key, None);
        }
    }

    fn change(&mut self, space: Space, key: Vec<u8>, value: Option<Slice>) {
        self.tried_bytes += key.len() + value.as_ref().map_or(0, |value| value.len());
        let changed = match space {
            Space::Documents => &mut self.tried.documents,
            Space::Lookups => &mut self.tried.lookups,
        };
        changed.insert(key, value);
    }

    /// What was tried will be written.
    pub(super) fn keep(&mut self) {
        self.bytes += self.tried_bytes;
        self.tried_bytes = 0;
        // One by one: `append` would build the whole map anew for each request.
        self.kept
            .documents
            .extend(std::mem::take(&mut self.tried.documents));
        self.kept
            .lookups
            .extend(std::mem::take(&mut self.tried.lookups));
    }

    /// What was tried won't be written.
    pub(super) fn forget(&mut self) {
        self.tried_bytes = 0;
        self.tried = Changes::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.documents.is_empty() && self.kept.lookups.is_empty()
    }

    /// Writes what was kept, all of it or nothing, and waits until it lasts.
    pub(super) fn write(self) -> Result<(), String> {
        let count = self.kept.documents.len() + self.kept.lookups.len();
        let database = self.tables.database.clone();
        // The journal's length was set before, so that data is all there is to sync; where it wasn't, `fdatasync` writes the
        // length too.
        let mut batch = fjall::OwnedWriteBatch::with_capacity(database, count)
            .durability(Some(PersistMode::SyncData));
        for space in [Space::Documents, Space::Lookups] {
            let keyspace = self.tables.space(space);
            for (key, value) in self.kept.space(space) {
                match value {
                    Some(value) => batch.insert(keyspace, key.as_slice(), value.clone()),
                    None => batch.remove(keyspace, key.as_slice()),
                }
            }
        }
        batch.commit().map_err(|error| words(&error))
    }
}

/// Rows that are read while others are written: all of one moment.
pub(super) struct Snapshot<'a> {
    tables: &'a Tables,
    moment: fjall::Snapshot,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            moment: tables.database.snapshot(),
        }
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        if key.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        let row = self.moment.get(self.tables.space(space), key);
        row.map_err(|error| unreadable(&error))
    }

    /// The rows from behind `after` on whose keys begin with `prefix`.
    pub(super) fn rows(
        &self,
        space: Space,
        prefix: &'a [u8],
        after: &[u8],
    ) -> impl Iterator<Item = Result<(Slice, Slice), StoreError>> + 'a {
        let from = if after > prefix { after } else { prefix };
        let long = from.len() > KEY_BYTES_MAX;
        let from = if long { Vec::new() } else { from.to_vec() };
        let rows = self.moment.range(self.tables.space(space), from..);
        rows.take_while(move |_| !long)
            .map(|row| row.into_inner().map_err(|error| unreadable(&error)))
            .take_while(move |row| {
                row.as_ref()
                    .map_or(true, |(key, _)| key.starts_with(prefix))
            })
    }
}
