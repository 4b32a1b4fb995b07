//! What must be true in every state.

use playhouse_store::durable::Rule;
use playhouse_store::{Document, Path, Value};

use super::body::Body;
use super::{NAMES, World, id};
use crate::scenario::Without;

impl World {
    /// What is wrong in this state.
    #[must_use]
    pub fn wrong(&self, without: Without) -> Option<String> {
        if let Some(fault) = self.fault {
            return Some(fault.to_owned());
        }
        let documents = [0, 1].map(|entity| self.documents.read(&id(entity)));
        let bodies = documents.map(|document| document.map(Body::of).unwrap_or_default());
        for item in 0..self.items {
            let held: u64 = bodies.iter().map(|body| body.items[item]).sum();
            let sent: u64 = (0..2)
                .map(|from| on_its_way(documents[from], documents[1 - from], from, item, without))
                .sum();
            match held + sent {
                1 => {}
                0 => return Some(format!("item {} has vanished", item + 1)),
                _ => return Some(format!("item {} is there twice", item + 1)),
            }
        }
        for entity in 0..2 {
            if self.acknowledged[entity] & !bodies[entity].touched != 0 {
                return Some(format!(
                    "a change of {} that was acknowledged as saved is lost",
                    NAMES[entity]
                ));
            }
            if bodies[entity].seen & !bodies[1 - entity].touched != 0 {
                return Some(format!(
                    "{} has kept what {} was never saved to be",
                    NAMES[entity],
                    NAMES[1 - entity]
                ));
            }
        }
        None
    }

    /// Whether a document still holds rows.
    pub(super) fn has_rows(&self) -> bool {
        self.documents.iter().any(|document| {
            let outbox = document.root.at(&Path::of(["outbox"]).0);
            let lines = outbox.and_then(Value::entries).into_iter().flatten();
            lines
                .filter_map(|(_, line)| line.entries())
                .any(|line| !line.is_empty())
        })
    }
}

/// How often an item is in the outbox of `sender` with its effect still to come, by what the documents say.
fn on_its_way(
    sender: Option<&Document>,
    receiver: Option<&Document>,
    from: usize,
    item: usize,
    without: Without,
) -> u64 {
    let Some(sender) = sender else { return 0 };
    let line = Path::of(["outbox"]).and(id(1 - from).to_string());
    let rows = sender.root.at(&line.0).and_then(Value::entries);
    let rows = rows.into_iter().flatten().filter(|(name, row)| {
        let is_item = row.at(&Path::of(["slot"]).0) == Some(&Value::Unsigned(item as u64));
        is_item && is_to_come(name, sender.header.birth, receiver, from, without)
    });
    rows.count() as u64
}

/// Whether the receiver has not taken a row, or has refused it and remembers that.
fn is_to_come(
    name: &str,
    birth: u64,
    receiver: Option<&Document>,
    from: usize,
    without: Without,
) -> bool {
    let birth = match without {
        Without::Rule(Rule::BirthInMarks) => 0,
        _ => birth,
    };
    let at = Path::of(["inbox"]).and(id(from).to_string());
    let at = at.and(format!("{birth:020}"));
    let Some(mark) = receiver.and_then(|receiver| receiver.root.at(&at.0)) else {
        return true;
    };
    let seq: u64 = name.parse().unwrap_or(0);
    if !matches!(mark.at(&Path::of(["hwm"]).0), Some(Value::Unsigned(upto)) if *upto >= seq) {
        return true;
    }
    match mark.at(&Path::of(["refused"]).0) {
        Some(Value::List(refused)) => refused
            .iter()
            .any(|entry| entry.at(&Path::of(["seq"]).0) == Some(&Value::Unsigned(seq))),
        _ => false,
    }
}
