//! Facts: what an element is beyond its key and name, as canonical text.

/// A kind of fact. Facts without a value of their own are there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// The number of a package.
    Number,
    /// The type of a field, property, parameter, newtype, const, audience, or of an arm with one value, as a form.
    Type,
    /// What an arm carries: `nothing`, `type` or `members`.
    Body,
    /// The default that holds, written or not; a member without it is required.
    Default,
    /// The default is written out in the schema.
    Written,
    /// A constant's value.
    Value,
    /// The bits of a combination of flags.
    Bits,
    /// The integer type that carries an enum or flags.
    Repr,
    /// Unknown values or arms are refused.
    Closed,
    /// The name of a generic's instance as the schema writes it.
    Instance,
    /// How an entity is addressed: `keyed`, `instance` ...
    Addressed,
    /// The parts of an entity's key, as forms.
    EntityKey,
    /// The role of an entity or a service.
    Role,
    /// The entity that holds a local one.
    Container,
    /// The component in a slot.
    Component,
    /// `@persist`, with `every` in microseconds or nothing.
    Persist,
    /// The audience of `@sync`.
    Sync,
    /// `@sync(latest)`
    Latest,
    /// `@sync(every)`, in microseconds.
    Every,
    /// `@sync(quantize)`
    Quantize,
    /// `@sync(within)`
    Within,
    /// `@position`
    Position,
    /// `@unique`
    Unique,
    /// `@index`
    Index,
    /// `@handoff`
    Handoff,
    /// `@priority`
    Priority,
    /// `@transient`
    Transient,
    /// `@hidden`
    Hidden,
    /// What a call returns, as a form.
    Result,
    /// The result comes many times.
    Stream,
    /// The error type of a call.
    Throws,
    /// Receivers of an event, with `|` between.
    To,
    /// `@exposed`: calls per microseconds.
    Rate,
    /// `@exposed(burst)`
    Burst,
    /// `@exposed(guest)`
    Guest,
    /// `@exposed(for)`
    For,
    /// `@deadline`, in microseconds.
    Deadline,
    /// `@idempotent`
    Idempotent,
    /// `@durable`
    Durable,
    /// `@expires`, in microseconds.
    Expires,
    /// `@unreliable`
    Unreliable,
    /// `@tick`, in microseconds.
    Tick,
    /// `@internal`
    Internal,
    /// `@redact`
    Redact,
    /// `@deprecated`
    Deprecated,
    /// Values of the type, or the element itself, are in stored documents.
    Stored,
    /// Clients can send values of the type, or of the element itself.
    Input,
    /// The digest of a declaration.
    Digest,
}

const NAMES: [(Fact, &str); 48] = [
    (Fact::Number, "number"),
    (Fact::Type, "type"),
    (Fact::Body, "body"),
    (Fact::Default, "default"),
    (Fact::Written, "written"),
    (Fact::Value, "value"),
    (Fact::Bits, "bits"),
    (Fact::Repr, "repr"),
    (Fact::Closed, "closed"),
    (Fact::Instance, "instance"),
    (Fact::Addressed, "addressed"),
    (Fact::EntityKey, "key"),
    (Fact::Role, "role"),
    (Fact::Container, "container"),
    (Fact::Component, "component"),
    (Fact::Persist, "persist"),
    (Fact::Sync, "sync"),
    (Fact::Latest, "latest"),
    (Fact::Every, "every"),
    (Fact::Quantize, "quantize"),
    (Fact::Within, "within"),
    (Fact::Position, "position"),
    (Fact::Unique, "unique"),
    (Fact::Index, "index"),
    (Fact::Handoff, "handoff"),
    (Fact::Priority, "priority"),
    (Fact::Transient, "transient"),
    (Fact::Hidden, "hidden"),
    (Fact::Result, "result"),
    (Fact::Stream, "stream"),
    (Fact::Throws, "throws"),
    (Fact::To, "to"),
    (Fact::Rate, "rate"),
    (Fact::Burst, "burst"),
    (Fact::Guest, "guest"),
    (Fact::For, "for"),
    (Fact::Deadline, "deadline"),
    (Fact::Idempotent, "idempotent"),
    (Fact::Durable, "durable"),
    (Fact::Expires, "expires"),
    (Fact::Unreliable, "unreliable"),
    (Fact::Tick, "tick"),
    (Fact::Internal, "internal"),
    (Fact::Redact, "redact"),
    (Fact::Deprecated, "deprecated"),
    (Fact::Stored, "stored"),
    (Fact::Input, "input"),
    (Fact::Digest, "digest"),
];

impl Fact {
    /// Its name in the lock.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(fact, _)| *fact == self)
            .map_or("", |(_, name)| name)
    }

    /// The fact of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(fact, _)| *fact)
    }
}

/// The facts of an element, in the order of [`Fact`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(Fact, String)>);

impl Facts {
    /// The value of `fact`; empty for one without a value of its own.
    #[must_use]
    pub fn get(&self, fact: Fact) -> Option<&str> {
        let index = self.0.binary_search_by_key(&fact, |(fact, _)| *fact).ok()?;
        self.0.get(index).map(|(_, value)| value.as_str())
    }

    /// Whether `fact` is there.
    #[must_use]
    pub fn has(&self, fact: Fact) -> bool {
        self.get(fact).is_some()
    }

    /// Puts `fact` there, in place of an earlier value.
    pub fn set(&mut self, fact: Fact, value: impl Into<String>) {
        let value = value.into();
        match self.0.binary_search_by_key(&fact, |(fact, _)| *fact) {
            Ok(index) => self.0[index].1 = value,
            Err(index) => self.0.insert(index, (fact, value)),
        }
    }

    /// Takes `fact` away.
    pub fn remove(&mut self, fact: Fact) {
        self.0.retain(|(known, _)| *known != fact);
    }

    /// Puts a fact without a value there if `holds`.
    pub fn mark(&mut self, fact: Fact, holds: bool) {
        if holds {
            self.set(fact, "");
        }
    }

    /// Puts `fact` there if there is a value.
    pub fn set_if(&mut self, fact: Fact, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(fact, value.to_string());
        }
    }

    /// All facts in order.
    pub fn iter(&self) -> impl Iterator<Item = (Fact, &str)> {
        self.0.iter().map(|(fact, value)| (*fact, value.as_str()))
    }
}
