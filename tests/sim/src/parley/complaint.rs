//! What clients log when they find that whoever they talk to breaks the rules: nobody does, so it is wrong.

use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};

use super::record;

/// Where clients log it.
const SESSIONS: &str = "playhouse_client::engine::session";

struct Complaints;

/// Plays something, and records what its clients complain of.
pub(super) fn heard<T>(play: impl FnOnce() -> T) -> T {
    dispatcher::with_default(&Dispatch::new(Complaints), play)
}

impl Subscriber for Complaints {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == SESSIONS && *metadata.level() == Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text("a client complains:".to_owned());
        event.record(&mut text);
        record::with(|record| record.found(text.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What an event says.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
