//! Messages: read, written, refused; and whatever bytes, which must be one of the two.

mod named;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use playhouse_conformance::protocol::{Invalid, Valid, expanded, files};
use playhouse_conformance::random::Random;
use playhouse_conformance::vectors::{bytes_of, hex_of};
use playhouse_wire::{Message, Writer};

use crate::values::check_refusal;

const SEED: u64 = 20_261_122;
/// Mutated bytes of each vector.
const MUTATED: usize = 400;
/// Places from the start at which a message is cut.
const CUTS: usize = 300;

fn written(message: &Message<'_>) -> Vec<u8> {
    let mut writer = Writer::new();
    message.put(&mut writer);
    writer.into_bytes()
}

fn check_valid(vector: &Valid) -> Result<()> {
    let canonical = bytes_of(&vector.hex)?;
    for hex in std::iter::once(&vector.hex).chain(&vector.also) {
        let bytes = bytes_of(hex)?;
        let message = Message::decode(&bytes).with_context(|| hex.clone())?;
        let (kind, value) = named::of(&message);
        ensure!(kind == vector.kind, "{hex} is read as {kind}");
        ensure!(value == expanded(&vector.value), "{hex} is read as {value}");
        let again = written(&message);
        ensure!(again == canonical, "{hex} is written as {}", hex_of(&again));
    }
    for cut in 0..canonical.len().min(CUTS) {
        let Ok(message) = Message::decode(&canonical[..cut]) else {
            continue;
        };
        // Only what is the rest of the frame may be short, for its own reader finds that.
        let again = written(&message);
        ensure!(
            again == canonical[..cut],
            "cut at {cut} it is another message"
        );
    }
    Ok(())
}

fn check_invalid(vector: &Invalid) -> Result<()> {
    let bytes = bytes_of(&vector.hex)?;
    let path = vector.path.as_deref();
    check_refusal(Message::decode(&bytes).map(drop), &vector.error, path)
}

#[test]
fn messages_are_read_and_written() {
    let mut kinds = BTreeSet::new();
    for (name, file) in files().unwrap() {
        for vector in &file.valid {
            check_valid(vector).unwrap_or_else(|error| panic!("{name}: {error:#}: {vector:?}"));
            kinds.insert(vector.kind.clone());
        }
    }
    let all: BTreeSet<String> = named::KINDS.iter().map(|&kind| kind.to_owned()).collect();
    assert_eq!(kinds, all, "every kind has a vector");
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for vector in &file.invalid {
            check_invalid(vector).unwrap_or_else(|error| panic!("{name}: {error:#}: {vector:?}"));
            count += 1;
        }
    }
    assert!(count > 100, "only {count} vectors");
}

/// What is read of any bytes is written in a form that is read as the same.
#[test]
fn bytes_near_a_message_are_read_and_written_or_refused() {
    let mut random = Random::new(SEED);
    let (mut read, mut refused) = (0, 0);
    for (_, file) in files().unwrap() {
        for vector in file.valid.iter().filter(|vector| vector.hex.len() < 1000) {
            let bytes = bytes_of(&vector.hex).unwrap();
            for _ in 0..MUTATED {
                let bytes = random.mutated(&bytes);
                let Ok(message) = Message::decode(&bytes) else {
                    refused += 1;
                    continue;
                };
                read += 1;
                let canonical = written(&message);
                let again = Message::decode(&canonical).unwrap_or_else(|error| {
                    panic!("{error}: {} from {}", hex_of(&canonical), hex_of(&bytes))
                });
                assert_eq!(named::of(&again), named::of(&message), "{}", hex_of(&bytes));
                assert_eq!(written(&again), canonical, "{}", hex_of(&bytes));
            }
        }
    }
    assert!(
        read > 1000 && refused > 1000,
        "{read} read, {refused} refused"
    );
}
