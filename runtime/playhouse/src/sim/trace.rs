//! What happened in a simulation: a hash over all of it, and the last of it for whoever looks for a mistake.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How many events are kept for the report of a failure.
const KEPT_MAX: usize = 64;

/// Every event of a simulation, hashed in order.
///
/// Behind a lock, since interceptors are shared; nobody ever waits for it, as a simulation has one thread.
#[derive(Debug, Default)]
pub(crate) struct Trace(Mutex<Events>);

#[derive(Debug, Default)]
struct Events {
    hash: u64,
    count: u64,
    last: VecDeque<Event>,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// Microseconds since the beginning.
    pub(crate) at_us: u64,
    /// The number of the host, in order of their first start.
    pub(crate) host: u32,
    /// What kind of thing.
    pub(crate) kind: &'static str,
    /// To what type; empty: to the host as a whole.
    pub(crate) owner: &'static str,
    /// To what call of it; empty: to none.
    pub(crate) name: &'static str,
    /// Anything more, as a number.
    pub(crate) detail: u64,
}

impl Trace {
    /// It has happened.
    pub(crate) fn record(&self, event: Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.mix(event.at_us);
        events.mix(u64::from(event.host));
        events.mix_text(event.kind);
        events.mix_text(event.owner);
        events.mix_text(event.name);
        events.mix(event.detail);
        events.count += 1;
        if events.last.len() == KEPT_MAX {
            events.last.pop_front();
        }
        events.last.push_back(event);
    }

    /// A number that goes into the hash and is no event: a draw, a poll, a part of the final state.
    pub(crate) fn mix(&self, value: u64) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .mix(value);
    }

    /// Text that goes into the hash.
    pub(crate) fn mix_bytes(&self, bytes: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .mix_bytes(bytes);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hash
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// The last events, oldest first.
    pub(crate) fn last(&self) -> Vec<Event> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.last.iter().copied().collect()
    }
}

impl Events {
    fn mix(&mut self, value: u64) {
        // As in `rustc-hash` 1; the rotation makes the order count.
        self.hash = (self.hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn mix_text(&mut self, text: &str) {
        self.mix_bytes(text.as_bytes());
    }

    fn mix_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(bytes.len() as u64);
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at_us,
            host,
            kind,
            owner,
            name,
            detail,
        } = self;
        let (seconds, micros) = (at_us / 1_000_000, at_us % 1_000_000);
        write!(f, "{seconds}.{micros:06}s host {host} {kind}")?;
        for part in [owner, name] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        if *detail != 0 {
            write!(f, " {detail}")?;
        }
        Ok(())
    }
}
