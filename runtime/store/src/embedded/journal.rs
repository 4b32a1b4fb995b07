//! Journals, looked through before the file store reads them.
//!
//! A crash of the machine may leave the last batch in pieces, in any order, since it was not synced yet: nobody was told that it
//! lasts, and it is cut off. So may a write that failed; the file store may begin another journal behind that one, which then
//! has nothing in it. Damage anywhere before that hits what somebody was told of. The file store would end its reading there
//! and drop what follows without a word; here it is refused.
//!
//! The format is that of version 3 of the file store. A batch is `01`, the number of its items and its sequence; for each item `02`, kind,
//! compression, keyspace, lengths, key and value; `03`, a checksum of the items, and four bytes that never change. All
//! numbers are little-endian. Behind the last batch are zeros, or nothing.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const TRAILER: [u8; 4] = *b"FJL\x03";
/// What says of which format the file store's folder is. A folder without it is new, or was not finished: there is nothing in it.
const VERSION: &str = "version";

/// Looks through the journals in the file store's folder, and cuts off at their end what nobody was told of.
///
/// # Errors
///
/// Where what somebody was told of is damaged, and what to do.
pub(super) fn inspect(rows: &Path) -> Result<(), String> {
    let unreadable = |error: std::io::Error| {
        format!(
            "its journals can't be read ({error}); look after the disk and the rights of this user"
        )
    };
    match std::fs::read(rows.join(VERSION)) {
        Ok(version) if version == TRAILER => {}
        // The file store says what it thinks of another version.
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    }
    let journals = journals(rows).map_err(unreadable)?;
    let mut later = journals.iter();
    while let Some(path) = later.next() {
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let sound = sound(&bytes);
        let rest = bytes.get(sound..).unwrap_or_default();
        if is_blank(rest) {
            continue;
        }
        if has_batch(rest) || !are_blank(later.as_slice()).map_err(unreadable)? {
            return Err(format!(
                "its journal {} is damaged at byte {}, and goes on behind that; nothing was changed: restore the folder from a \
                 backup",
                path.display(),
                sound
            ));
        }
        tracing::warn!(
            journal = %path.display(),
            kept = sound,
            "the last batch was not written to its end and is dropped; none of it was answered, unless the disk has damaged it since"
        );
        cut(path, sound).map_err(|error| {
            format!("its journal can't be cut ({error}); look after the disk and the rights of this user")
        })?;
    }
    Ok(())
}

/// In the order in which they were written.
fn journals(rows: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut journals = Vec::new();
    for entry in std::fs::read_dir(rows)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(".jnl")?.parse::<u64>().ok());
        journals.extend(number.map(|number| (number, path)));
    }
    journals.sort();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

/// Whether nothing was written to any of them.
fn are_blank(journals: &[PathBuf]) -> std::io::Result<bool> {
    for path in journals {
        if !is_blank(&std::fs::read(path)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn cut(path: &Path, length: usize) -> std::io::Result<()> {
    let file: File = OpenOptions::new().write(true).open(path)?;
    file.set_len(length as u64)?;
    file.sync_all()
}

/// How many bytes of a journal are whole batches.
fn sound(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut last = None;
    while let Some(batch) = bytes.get(length..).and_then(batch) {
        // A sequence that goes back is a damaged one: the checksum does not cover it.
        if last.is_some_and(|last| batch.sequence <= last) {
            break;
        }
        last = Some(batch.sequence);
        length += batch.length;
    }
    length
}

/// Whether a whole batch stands anywhere in the bytes behind the first that is none.
fn has_batch(rest: &[u8]) -> bool {
    let mut places = (1..rest.len()).filter(|place| rest.get(*place) == Some(&START));
    places.any(|place| rest.get(place..).and_then(batch).is_some())
}

struct Batch {
    length: usize,
    sequence: u64,
}

/// The batch that the bytes begin with, if it is whole.
fn batch(bytes: &[u8]) -> Option<Batch> {
    let mut rest = bytes;
    let [START] = take(&mut rest)? else {
        return None;
    };
    let count = u32::from_le_bytes(take(&mut rest)?);
    let sequence = u64::from_le_bytes(take(&mut rest)?);
    let items = rest;
    for _ in 0..count {
        let [ITEM, _kind, _compression] = take(&mut rest)? else {
            return None;
        };
        let _keyspace: [u8; 8] = take(&mut rest)?;
        let key = u16::from_le_bytes(take(&mut rest)?);
        let _value_unpacked: [u8; 4] = take(&mut rest)?;
        let value = u32::from_le_bytes(take(&mut rest)?);
        let length = usize::from(key).checked_add(usize::try_from(value).ok()?)?;
        rest = rest.get(length..)?;
    }
    let items = items.get(..items.len() - rest.len())?;
    let [END] = take(&mut rest)? else {
        return None;
    };
    let checksum = u64::from_le_bytes(take(&mut rest)?);
    let trailer: [u8; 4] = take(&mut rest)?;
    let is_whole = trailer == TRAILER && checksum == xxh3_64(items);
    is_whole.then(|| Batch {
        length: bytes.len() - rest.len(),
        sequence,
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}
