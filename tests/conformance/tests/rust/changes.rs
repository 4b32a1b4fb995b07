//! Changes of state.

use playhouse::properties::{Consumer, Properties, Tags};
use playhouse::{Error, Limits, Reader, Timestamp, Writer};
use playhouse_conformance::vectors::{bytes_of, files, hex_of};

use crate::generated::conformance::{Bag, Player, Word};
use crate::values::check_refusal;

/// A component or entity of the schema.
trait State: Properties {
    /// A state to apply snapshots to.
    fn blank() -> Self;
}

impl State for Bag {
    fn blank() -> Self {
        Self::default()
    }
}

impl State for Player {
    fn blank() -> Self {
        Self::new(Word("any".to_owned()), Timestamp(0)).expect("the name is within its bound")
    }
}

/// Every tag there can be.
fn all() -> Tags {
    (1..=127).fold(Tags::NONE, Tags::with)
}

fn apply(state: &mut impl State, bytes: &[u8]) -> Result<(), Error> {
    let mut reader = Reader::new(bytes, &Limits::DEFAULT);
    state.apply(all(), &mut reader)?;
    reader.end()
}

fn snapshot(state: &impl State) -> String {
    let mut writer = Writer::new();
    state.encode_all(Consumer::Persist, all(), &mut writer);
    hex_of(&writer.into_bytes())
}

fn changed<S: State>(before: &str, changes: &str) -> anyhow::Result<String> {
    let mut state = S::blank();
    apply(&mut state, &bytes_of(before)?)?;
    apply(&mut state, &bytes_of(changes)?)?;
    Ok(snapshot(&state))
}

fn refused<S: State>(before: &str, changes: &str) -> anyhow::Result<Result<(), Error>> {
    let mut state = S::blank();
    apply(&mut state, &bytes_of(before)?)?;
    let unchanged = snapshot(&state);
    let result = apply(&mut state, &bytes_of(changes)?);
    if result.is_err() && !changes.starts_with("82") {
        anyhow::ensure!(
            snapshot(&state) == unchanged,
            "the property has changed all the same"
        );
    }
    Ok(result)
}

#[test]
fn changes_are_applied() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for vector in &file.changes {
            for changes in std::iter::once(&vector.changes).chain(&vector.also) {
                let after = match vector.owner.as_str() {
                    "Bag" => changed::<Bag>(&vector.before, changes),
                    "Player" => changed::<Player>(&vector.before, changes),
                    owner => panic!("no owner {owner}"),
                };
                let after = after.unwrap_or_else(|error| panic!("{name}: {error}: {vector:?}"));
                let expected = hex_of(&bytes_of(&vector.after).unwrap());
                assert_eq!(after, expected, "{name}: {changes} in {vector:?}");
            }
            count += 1;
        }
    }
    assert!(count > 10, "only {count} vectors");
}

#[test]
fn changes_that_break_a_bound_are_refused() {
    let mut count = 0;
    for (name, file) in files().unwrap() {
        for vector in &file.invalid_changes {
            let result = match vector.owner.as_str() {
                "Bag" => refused::<Bag>(&vector.before, &vector.changes),
                owner => panic!("no owner {owner}"),
            };
            result
                .and_then(|result| check_refusal(result, &vector.error, vector.path.as_deref()))
                .unwrap_or_else(|error| panic!("{name}: {error:#}: {vector:?}"));
            count += 1;
        }
    }
    assert!(count > 10, "only {count} vectors");
}
