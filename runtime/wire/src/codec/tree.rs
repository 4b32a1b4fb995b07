//! Maps and sets: built in one go while their keys ascend, as canonical writers write them.
//!
//! Building a tree from ascending entries costs a fifth of inserting them one by one, and fills its nodes. The first
//! key out of order ends that; from there entries are inserted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::Reader;
use crate::error::{Error, Problem, Result};

/// Reads `count` entries of a map.
#[inline]
pub(super) fn map<K: Ord + Debug, V>(
    r: &mut Reader<'_>,
    count: usize,
    decode_key: impl Fn(&mut Reader<'_>) -> Result<K>,
    decode_value: impl Fn(&mut Reader<'_>) -> Result<V>,
) -> Result<BTreeMap<K, V>> {
    let cost = Cost::new(count, size_of::<(K, V)>());
    r.charge(cost.building)?;
    let mut ascending: Vec<(K, V)> = Vec::with_capacity(count);
    let mut out_of_order = None;
    while ascending.len() < count {
        let start = r.offset();
        let key = decode_key(r).map_err(|error| error.index(ascending.len()))?;
        match ascending.last() {
            Some((last, _)) if *last == key => return Err(twice(&key, start)),
            Some((last, _)) if *last > key => {
                out_of_order = Some((start, key));
                break;
            }
            _ => {
                let value = decode_value(r).map_err(|error| error.key(&key))?;
                ascending.push((key, value));
            }
        }
    }
    let built = ascending.len();
    let mut map = BTreeMap::from_iter(ascending);
    r.refund(cost.building - cost.built);
    let Some(first) = out_of_order else {
        return Ok(map);
    };

    r.charge(cost.inserted.saturating_sub(cost.built))?;
    let mut first = Some(first);
    for index in built..count {
        let (start, key) = match first.take() {
            Some(first) => first,
            None => (
                r.offset(),
                decode_key(r).map_err(|error| error.index(index))?,
            ),
        };
        match map.entry(key) {
            Entry::Vacant(entry) => {
                let value = decode_value(r).map_err(|error| error.key(entry.key()))?;
                entry.insert(value);
            }
            Entry::Occupied(entry) => return Err(twice(entry.key(), start)),
        }
    }
    Ok(map)
}

/// Reads `count` elements of a set.
#[inline]
pub(super) fn set<T: Ord>(
    r: &mut Reader<'_>,
    count: usize,
    decode: impl Fn(&mut Reader<'_>) -> Result<T>,
) -> Result<BTreeSet<T>> {
    let cost = Cost::new(count, size_of::<T>());
    r.charge(cost.building)?;
    let mut ascending: Vec<T> = Vec::with_capacity(count);
    let mut out_of_order = None;
    while ascending.len() < count {
        let start = r.offset();
        let element = decode(r).map_err(|error| error.index(ascending.len()))?;
        match ascending.last() {
            Some(last) if *last == element => {
                return Err(Error::at(Problem::Duplicate, start).index(ascending.len()));
            }
            Some(last) if *last > element => {
                out_of_order = Some((start, element));
                break;
            }
            _ => ascending.push(element),
        }
    }
    let built = ascending.len();
    let mut set = BTreeSet::from_iter(ascending);
    r.refund(cost.building - cost.built);
    let Some(first) = out_of_order else {
        return Ok(set);
    };

    r.charge(cost.inserted.saturating_sub(cost.built))?;
    let mut first = Some(first);
    for index in built..count {
        let (start, element) = match first.take() {
            Some(first) => first,
            None => (r.offset(), decode(r).map_err(|error| error.index(index))?),
        };
        if !set.insert(element) {
            return Err(Error::at(Problem::Duplicate, start).index(index));
        }
    }
    Ok(set)
}

#[cold]
fn twice(key: &dyn Debug, start: usize) -> Error {
    Error::at(Problem::Duplicate, start).key(key)
}

/// The most memory that a tree takes.
struct Cost {
    /// While it is built from a vector: the vector, the scratch of its sorting, and the tree.
    building: usize,
    /// Once it was built so: all nodes are full but the last ones.
    built: usize,
    /// If its entries were inserted: all nodes but the root are at least half full.
    inserted: usize,
}

impl Cost {
    /// Of `count` entries of `entry` bytes.
    ///
    /// A node has up to 11 entries, at least 5 unless it is the root, and less than 24 bytes of links and padding; an
    /// inner node has 12 children more. The test of the memory limit watches that this stays true of Rust's trees.
    fn new(count: usize, entry: usize) -> Self {
        const ENTRIES: usize = 11;
        const ENTRIES_LEAST: usize = 5;
        /// Rust sorts so few elements without scratch memory.
        const SORTED_IN_PLACE: usize = 20;
        let leaf = entry.saturating_mul(ENTRIES).saturating_add(24);
        let inner = leaf.saturating_add(12 * size_of::<usize>());
        let tree = |entries_a_node: usize| {
            if count <= ENTRIES {
                return if count == 0 { 0 } else { leaf };
            }
            let mut nodes = count / (entries_a_node + 1) + 1;
            let mut bytes = leaf.saturating_mul(nodes);
            while nodes > 1 {
                nodes = nodes.div_ceil(entries_a_node + 1);
                bytes = bytes.saturating_add(inner.saturating_mul(nodes));
            }
            bytes
        };
        let vector = entry.saturating_mul(count);
        let scratch = if count > SORTED_IN_PLACE { vector } else { 0 };
        let built = tree(ENTRIES);
        Self {
            building: vector.saturating_add(scratch).saturating_add(built),
            built,
            inserted: tree(ENTRIES_LEAST),
        }
    }
}
