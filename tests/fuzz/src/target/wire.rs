//! Built-in values: reading costs no more memory than the input justifies, and what was read is written back as it is.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_wire::value::{Bytes, Duration, EntityRef, Timestamp, Uuid};
use playhouse_wire::{Decode, Encode, Limits, Reader, from_slice, to_vec};

use crate::allocation;

pub(super) fn run(bytes: &[u8]) {
    decodes::<bool>(bytes);
    decodes::<Vec<u64>>(bytes);
    decodes::<Vec<i64>>(bytes);
    decodes::<Vec<f64>>(bytes);
    decodes::<Vec<Option<f32>>>(bytes);
    decodes::<Vec<Bytes>>(bytes);
    decodes::<Vec<Vec<Vec<String>>>>(bytes);
    decodes::<BTreeSet<String>>(bytes);
    decodes::<BTreeMap<u16, BTreeMap<Uuid, Vec<i32>>>>(bytes);
    decodes::<BTreeMap<String, Option<EntityRef>>>(bytes);
    decodes::<Vec<Timestamp>>(bytes);
    decodes::<Option<Duration>>(bytes);
    let (_, held) = allocation::peak(|| Reader::new(bytes, &Limits::STRICT).skip());
    bounded(bytes, held);
}

/// Reads one value as `T` within the strict limits; what can be read is written and read again.
pub(super) fn decodes<T: Decode + Encode>(bytes: &[u8]) {
    let (result, held) = allocation::peak(|| from_slice::<T>(bytes, &Limits::STRICT));
    bounded(bytes, held);
    match result {
        Ok(value) => {
            let written = to_vec(&value);
            let again = from_slice::<T>(&written, &Limits::DEFAULT);
            let again = again.unwrap_or_else(|error| panic!("{error}: own bytes {written:02x?}"));
            assert_eq!(
                to_vec(&again),
                written,
                "what was written is read as something else"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn bounded(bytes: &[u8], held: usize) {
    let allowed = Limits::STRICT.memory(bytes.len());
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
}
