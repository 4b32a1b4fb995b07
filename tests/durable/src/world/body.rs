//! What an entity of the world persists.

use playhouse_store::{Document, Path, Update, Value};

/// Items by number, how often it has each; plain changes, a bit each; and what it knows of the other one's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Body {
    pub(super) items: [u64; 2],
    pub(super) touched: u64,
    pub(super) seen: u64,
}

impl Body {
    pub(super) fn of(document: &Document) -> Self {
        let number = |name: &str| match document.root.at(&Path::of(["body", name]).0) {
            Some(Value::Unsigned(number)) => *number,
            _ => 0,
        };
        Self {
            items: [number("first"), number("second")],
            touched: number("touched"),
            seen: number("seen"),
        }
    }

    /// What changes a document with `kept` into one with this.
    pub(super) fn changes(&self, kept: &Self) -> Update {
        let mut update = Update::new();
        for (name, now, kept) in [
            ("first", self.items[0], kept.items[0]),
            ("second", self.items[1], kept.items[1]),
            ("touched", self.touched, kept.touched),
            ("seen", self.seen, kept.seen),
        ] {
            if now != kept {
                update.set(Path::of(["body", name]), Value::Unsigned(now));
            }
        }
        update
    }
}
