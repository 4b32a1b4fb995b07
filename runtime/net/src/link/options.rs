//! What a link says of itself and what it holds.

use std::{fmt, rc::Rc};

use playhouse_wire::link::{Identity, Link as Protocol, LinkLimits, Side};

use super::{QueueLimits, Traffic};

/// What a link says of itself and what it holds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// Who this side is.
    pub identity: Identity,
    /// Bounds of the protocol: heartbeat, longest message.
    pub limits: LinkLimits,
    /// Bounds of the queues.
    pub queues: QueueLimits,
    /// Counts what goes over all links with these options.
    pub traffic: Rc<Traffic>,
    /// Tells the date, if this side knows it: then hellos do, and who dials knows how far the other clock is ahead.
    pub date: Option<Date>,
}

/// Tells the date, in microseconds since 1970. Cheap to clone.
#[derive(Clone)]
pub struct Date(Rc<dyn Fn() -> i64>);

impl Date {
    /// By this clock.
    #[must_use]
    pub fn by(clock: impl Fn() -> i64 + 'static) -> Self {
        Self(Rc::new(clock))
    }

    fn now_us(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Date(..)")
    }
}

impl LinkOptions {
    /// The default bounds for this identity.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            limits: LinkLimits::DEFAULT,
            queues: QueueLimits::default(),
            traffic: Rc::default(),
            date: None,
        }
    }

    /// The protocol of a link that begins now.
    pub(super) fn protocol(&self, side: Side, now_us: u64) -> Protocol {
        let protocol = Protocol::new(side, self.identity.clone(), self.limits, now_us);
        match &self.date {
            Some(date) => protocol.with_date(date.now_us()),
            None => protocol,
        }
    }
}
