//! Calls of entities, components and services.

use super::{Attributes, Audience, AudienceKind, Member, Type, Use};

/// A call.
#[derive(Debug)]
pub struct Call {
    /// What it is.
    pub kind: CallKind,
    /// Name as written.
    pub name: &'static str,
    /// 1 to 127.
    pub tag: u8,
    /// Parameters by position.
    pub params: &'static [Member],
    /// What it returns.
    pub result: Option<Use>,
    /// `-> stream T`: `result` comes many times.
    pub stream: bool,
    /// Its error type.
    pub throws: Option<&'static Type>,
    /// Receivers of an event; empty for other calls.
    pub to: &'static [Audience],
    /// Whether clients may call it, and how often.
    pub exposed: Option<Exposed>,
    /// `@deadline`, in microseconds.
    pub deadline_us: Option<i64>,
    /// `@idempotent`
    pub idempotent: bool,
    /// `@committed`
    pub committed: bool,
    /// `@durable`
    pub durable: bool,
    /// `@expires`, in microseconds.
    pub expires_us: Option<i64>,
    /// `@unreliable`
    pub unreliable: bool,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Awaited.
    Rpc,
    /// Without reply.
    Oneway,
    /// Server to client, without reply.
    Event,
    /// Fired by the entity's own timer.
    Timer,
    /// The server asks the client and waits.
    ClientRpc,
}

/// `@exposed(10/s, burst: 20, guest, for: gm)`
#[derive(Debug, Clone, Copy)]
pub struct Exposed {
    /// Calls per `per_us`.
    pub count: u32,
    /// The period, in microseconds.
    pub per_us: i64,
    /// The most calls at once.
    pub burst: u32,
    /// Callable before login.
    pub guest: bool,
    /// Only for sessions in this audience.
    pub audience: Option<&'static AudienceKind>,
}

impl Call {
    /// A call without parameters, result or attributes.
    #[must_use]
    pub const fn new(kind: CallKind, tag: u8, name: &'static str) -> Self {
        Self {
            kind,
            name,
            tag,
            params: &[],
            result: None,
            stream: false,
            throws: None,
            to: &[],
            exposed: None,
            deadline_us: None,
            idempotent: false,
            committed: false,
            durable: false,
            expires_us: None,
            unreliable: false,
            docs: "",
            attributes: Attributes::NONE,
        }
    }

    /// With these parameters.
    #[must_use]
    pub const fn params(mut self, params: &'static [Member]) -> Self {
        self.params = params;
        self
    }

    /// `-> result`
    #[must_use]
    pub const fn result(mut self, result: Use) -> Self {
        self.result = Some(result);
        self
    }

    /// `-> stream item`
    #[must_use]
    pub const fn stream(mut self, item: Use) -> Self {
        self.result = Some(item);
        self.stream = true;
        self
    }

    /// `throws error`
    #[must_use]
    pub const fn throws(mut self, error: &'static Type) -> Self {
        self.throws = Some(error);
        self
    }

    /// `to audience | ...`
    #[must_use]
    pub const fn to(mut self, to: &'static [Audience]) -> Self {
        self.to = to;
        self
    }

    /// `@exposed`
    #[must_use]
    pub const fn exposed(mut self, exposed: Exposed) -> Self {
        self.exposed = Some(exposed);
        self
    }

    /// `@deadline`
    #[must_use]
    pub const fn deadline_us(mut self, micros: i64) -> Self {
        self.deadline_us = Some(micros);
        self
    }

    /// `@idempotent`
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// `@committed`
    #[must_use]
    pub const fn committed(mut self) -> Self {
        self.committed = true;
        self
    }

    /// `@durable`
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// `@expires`
    #[must_use]
    pub const fn expires_us(mut self, micros: i64) -> Self {
        self.expires_us = Some(micros);
        self
    }

    /// `@unreliable`
    #[must_use]
    pub const fn unreliable(mut self) -> Self {
        self.unreliable = true;
        self
    }

    /// With these docs.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// With these attributes.
    #[must_use]
    pub const fn attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }
}
