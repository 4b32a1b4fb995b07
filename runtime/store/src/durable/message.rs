//! What goes between entities: rows and their deliveries one way, acknowledgements the other.

use std::sync::Arc;

use playhouse_wire::message::Trace;

use crate::document::DocumentId;

/// A call that takes effect exactly once: what a sender hands to its outbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// Who is called.
    pub to: DocumentId,
    /// Which of its slots.
    pub slot: u32,
    /// Which call of that slot.
    pub tag: u32,
    /// The call's name, for people who read documents.
    pub call: Arc<str>,
    /// Its arguments, encoded.
    pub args: Arc<[u8]>,
    /// Which slot of the sender sent it, and is told if it is refused.
    pub from_slot: u32,
    /// From when on it is to be refused, in microseconds since 1970.
    pub expires_us: Option<i64>,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
}

/// A row on its way. It may be lost, doubled and late.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The sender.
    pub from: DocumentId,
    /// The sender's birth.
    pub birth: u64,
    /// Its number among those from this sender to this receiver, from 1 on.
    pub seq: u64,
    /// The lowest number that the sender's document still holds for this receiver: refusals below it may be forgotten.
    pub lowest: u64,
    /// What is sent, and to whom.
    pub row: Row,
}

/// What a receiver has committed of a sender's rows. It may be lost, doubled and late.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ack {
    /// The rows' sender, to whom this goes.
    pub from: DocumentId,
    /// The sender's birth.
    pub birth: u64,
    /// The rows' receiver, whose word this is.
    pub to: DocumentId,
    /// All up to this number are done or refused.
    pub upto: u64,
    /// Those of them that were refused and may not be known so by the sender, and why.
    pub refused: Vec<(u64, String)>,
}

/// What to do with a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// Run it, then [`mark`](crate::durable::Activation::mark) it.
    Run,
    /// It was done before. Acknowledge it again.
    Again(Ack),
    /// It was done, but that is not committed yet: its acknowledgement comes with the commit.
    Wait,
    /// Others are missing before it. Ignore it: it will be sent again.
    Gap,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Its handler ran and has had its effect.
    Done,
    /// It has had no effect and never will. The sender is told this, cut at [`REFUSAL_LENGTH_MAX`](crate::durable::REFUSAL_LENGTH_MAX) bytes.
    Refused(String),
}
