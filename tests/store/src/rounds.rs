//! Rounds of saves whose traces show whether any was lost or is there by half.
//!
//! In each round `n` two documents are committed together, both with `n` and with a filling that depends on it, and others each by
//! themselves. A store that was killed has, for each, `n` of the last round that was answered, or of the next one: with its
//! own filling, and the two of them the same.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{Commit, Committed, Path, Store, Table, Value};

use crate::{AVATARS, Held};

/// Documents that are committed alone.
const ALONE: usize = 8;

/// Who writes.
#[derive(Debug)]
pub struct Writer {
    together: [Held; 2],
    alone: Vec<Held>,
}

impl Writer {
    /// Claims the documents. `by` is the claimer's incarnation.
    ///
    /// # Panics
    ///
    /// If the store fails.
    pub async fn claim(store: &Rc<dyn Store>, by: u64) -> Self {
        let mut alone = Vec::new();
        for number in 0..ALONE {
            alone.push(Held::claim(store, AVATARS, &format!("a{number}"), by).await);
        }
        let first = Held::claim(store, AVATARS, "t0", by).await;
        let second = Held::claim(store, AVATARS, "t1", by).await;
        Self {
            together: [first, second],
            alone,
        }
    }

    /// Saves all, and returns once each save was answered.
    ///
    /// # Panics
    ///
    /// If a save is refused.
    pub async fn round(&mut self, store: &Rc<dyn Store>, round: u64) {
        let commit = |held: &mut Held| {
            let commit = commit(held, round);
            held.rev += 1;
            Arc::new(commit)
        };
        let together = store.commit(self.together.iter_mut().map(commit).collect());
        let alone: Vec<_> = self
            .alone
            .iter_mut()
            .map(|held| store.commit(vec![commit(held)]))
            .collect();
        assert_eq!(together.await, Ok(vec![Committed::Applied; 2]));
        for alone in alone {
            assert_eq!(alone.await, Ok(vec![Committed::Applied]));
        }
    }
}

fn commit(held: &Held, round: u64) -> Commit {
    let mut commit = held.set("round", Value::Unsigned(round));
    commit
        .update
        .set(Path::of(["body", "filling"]), filling(round));
    let name = format!("{} in round {round}", held.document.id.key);
    commit
        .update
        .set(Path::of(["body", "name"]), Value::Text(name));
    commit.pending = round.is_multiple_of(2);
    commit
}

/// Several leaves, of which any that is of another round would show.
fn filling(round: u64) -> Value {
    let entry = |number: u64| {
        (
            number.to_string(),
            Value::Bytes(vec![round as u8; 100 + number as usize]),
        )
    };
    Value::Table((0..10 + round % 5).map(entry).collect::<Table>())
}

/// Claims the documents anew, and looks whether all is there that was answered.
///
/// # Errors
///
/// What is not as it should be.
pub async fn verify(store: &Rc<dyn Store>, answered: u64, by: u64) -> Result<u64, String> {
    let writer = Writer::claim(store, by).await;
    let mut reached = Vec::new();
    for held in writer.together.iter().chain(&writer.alone) {
        let document = &held.document;
        let at = |name: &str| document.root.at(&["body".to_owned(), name.to_owned()]);
        let round = match at("round") {
            Some(Value::Unsigned(round)) => *round,
            None => 0,
            other => return Err(format!("{}: {other:?}", document.id)),
        };
        if round < answered || round > answered + 1 {
            return Err(format!(
                "{} is of round {round}, and {answered} was answered",
                document.id
            ));
        }
        if round > 0 && at("filling") != Some(&filling(round)) {
            return Err(format!("{} is there by half", document.id));
        }
        if round > 0 && document.header.pending != round.is_multiple_of(2) {
            return Err(format!("the header of {} is of another round", document.id));
        }
        let find = playhouse_store::Find {
            collection: AVATARS.into(),
            path: Path::of(["body", "name"]),
            value: Value::Text(format!("{} in round {round}", document.id.key)),
            limit: 9,
        };
        let found = store.find(find).await.map_err(|error| error.to_string())?;
        if round > 0 && found != [document.id.clone()] {
            return Err(format!(
                "the name of {} is not in its index: {found:?}",
                document.id
            ));
        }
        reached.push(round);
    }
    if reached[0] != reached[1] {
        return Err(format!(
            "of two committed together one is there: {reached:?}"
        ));
    }
    Ok(reached[0])
}
