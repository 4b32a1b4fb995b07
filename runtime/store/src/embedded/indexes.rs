//! Indexes of a store that is opened: those it has are brought to what the schema wants.

use std::sync::Arc;

use crate::embedded::draft::{Draft, Snapshot, Space, Tables};
use crate::embedded::judge::{Indexes, entry_of};
use crate::embedded::rows::{self, kind};
use crate::embedded::writer::BATCH_BYTES_MAX;
use crate::problem::StoreError;
use crate::store::{Collection, Index};

/// The indexes that the store has from now on. What the schema does not name stays as it was: another program that opens the
/// same store, as one that checks its data, must not make it forget.
pub(super) fn prepare(tables: &Tables, collections: &[Collection]) -> Result<Indexes, String> {
    let mut indexes = stored(tables).map_err(|error| error.to_string())?;
    for collection in collections {
        let old = indexes.get(&collection.name).map_or(&[][..], |old| old);
        if old != collection.indexes {
            rebuild(tables, collection, old)?;
            indexes.insert(collection.name.clone(), collection.indexes.clone());
        }
    }
    Ok(indexes)
}

fn stored(tables: &Tables) -> Result<Indexes, StoreError> {
    let moment = Snapshot::new(tables);
    let mut indexes = Indexes::new();
    for row in moment.rows(Space::Lookups, &[kind::INDEXES], &[]) {
        let (key, value) = row?;
        let name = rows::last_name(&key, 1)
            .ok_or_else(|| StoreError::Corrupt("the list of indexes is damaged".into()))?;
        indexes.insert(name.into(), rows::decode_indexes(&value)?);
    }
    Ok(indexes)
}

/// Drops what is wanted no more, and fills what is new from the documents. What the store has is written down last, so that
/// a crash in between begins it again.
fn rebuild(tables: &Tables, collection: &Collection, old: &[Index]) -> Result<(), String> {
    let is_new = |index: &&Index| !old.contains(index);
    let new: Vec<&Index> = collection.indexes.iter().filter(is_new).collect();
    let gone = old
        .iter()
        .filter(|index| !collection.indexes.contains(index));
    let mut pages = Pages::new(tables);
    for index in gone.chain(new.iter().copied()) {
        let prefix = rows::entries(&collection.name, index);
        for row in Snapshot::new(tables).rows(Space::Lookups, &prefix, &[]) {
            let (key, _) = row.map_err(|error| error.to_string())?;
            pages.draft.delete(Space::Lookups, key.to_vec());
            pages.turn()?;
        }
    }
    if !new.is_empty() {
        fill(&mut pages, collection, &new)?;
    }
    let key = {
        let mut key = vec![kind::INDEXES];
        rows::push(&mut key, collection.name.as_bytes());
        key
    };
    let value = rows::encode_indexes(&collection.indexes);
    let put = pages.draft.put(Space::Lookups, key, &value);
    put.map_err(|error| error.to_string())?;
    pages.end()
}

fn fill(pages: &mut Pages<'_>, collection: &Collection, new: &[&Index]) -> Result<(), String> {
    let prefix = rows::collection(&collection.name);
    let moment = Snapshot::new(pages.tables);
    for row in moment.rows(Space::Documents, &prefix, &[]) {
        let (key, value) = row.map_err(|error| error.to_string())?;
        let (id, path) = rows::of_row(&key).ok_or("the key of a row is damaged")?;
        let Some(index) = new.iter().find(|index| index.path.0 == path) else {
            continue;
        };
        let value = rows::decode(&value).map_err(|error| error.to_string())?;
        let Some(entry) = entry_of(&id, index, &value) else {
            continue;
        };
        let mut document = Arc::from([].as_slice());
        if index.unique {
            document = Arc::from(id.key.as_bytes());
            let holder = pages.draft.get(Space::Lookups, &entry);
            if let Some(holder) = holder.map_err(|error| error.to_string())? {
                return Err(format!(
                    "{id} and {} have the same value at {}, which is to be unique from now on; make them differ first",
                    String::from_utf8_lossy(&holder),
                    index.path
                ));
            }
        }
        let put = pages.draft.put(Space::Lookups, entry, &document);
        put.map_err(|error| format!("{id}: {error}"))?;
        pages.turn()?;
    }
    Ok(())
}

/// Changes that are written page by page.
struct Pages<'a> {
    tables: &'a Tables,
    draft: Draft<'a>,
}

impl<'a> Pages<'a> {
    fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            draft: Draft::new(tables),
        }
    }

    fn turn(&mut self) -> Result<(), String> {
        self.draft.keep();
        if self.draft.bytes() < BATCH_BYTES_MAX {
            return Ok(());
        }
        let next = Draft::new(self.tables);
        write(std::mem::replace(&mut self.draft, next))
    }

    fn end(mut self) -> Result<(), String> {
        self.draft.keep();
        write(self.draft)
    }
}

fn write(draft: Draft<'_>) -> Result<(), String> {
    draft
        .write()
        .map_err(|error| format!("its indexes can't be written ({error}); look after the disk"))
}
