//! Facts: what an element is beyond its key and name, as canonical text.

macro_rules! facts {
    ($($name:ident $word:literal $doc:literal,)*) => {
        /// A kind of fact. Facts without a value of their own are there or not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $(#[doc = $doc] $name,)*
        }

        impl Fact {
            /// Its name in the lock.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The fact of a name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

facts! {
    Number "number" "The number of a package.",
    Type "type" "The type of a field, property, parameter, newtype, const, audience, or of an arm with one value, as a form.",
    Body "body" "What an arm carries: `nothing`, `type` or `members`.",
    Default "default" "The default that holds, written or not; a member without it is required.",
    Written "written" "The default is written out in the schema.",
    Value "value" "A constant's value.",
    Bits "bits" "The bits of a combination of flags.",
    Repr "repr" "The integer type that carries an enum or flags.",
    Closed "closed" "Unknown values or arms are refused.",
    Instance "instance" "The name of a generic's instance as the schema writes it.",
    Addressed "addressed" "How an entity is addressed: `keyed`, `instance` ...",
    EntityKey "key" "The parts of an entity's key, as forms.",
    Role "role" "The role of an entity or a service.",
    Container "container" "The entity that holds a local one.",
    Component "component" "The component in a slot.",
    Persist "persist" "`@persist`, with `every` in microseconds or nothing.",
    Sync "sync" "The audience of `@sync`.",
    Latest "latest" "`@sync(latest)`",
    Every "every" "`@sync(every)`, in microseconds.",
    Quantize "quantize" "`@sync(quantize)`",
    Within "within" "`@sync(within)`",
    Position "position" "`@position`",
    Unique "unique" "`@unique`",
    Index "index" "`@index`",
    Handoff "handoff" "`@handoff`",
    Priority "priority" "`@priority`",
    Transient "transient" "`@transient`",
    Hidden "hidden" "`@hidden`",
    Result "result" "What a call returns, as a form.",
    Stream "stream" "The result comes many times.",
    Throws "throws" "The error type of a call.",
    To "to" "Receivers of an event, with `|` between.",
    Rate "rate" "`@exposed`: calls per microseconds.",
    Burst "burst" "`@exposed(burst)`",
    Guest "guest" "`@exposed(guest)`",
    For "for" "`@exposed(for)`",
    Deadline "deadline" "`@deadline`, in microseconds.",
    Idempotent "idempotent" "`@idempotent`",
    Committed "committed" "`@committed`",
    Durable "durable" "`@durable`",
    Expires "expires" "`@expires`, in microseconds.",
    Unreliable "unreliable" "`@unreliable`",
    Tick "tick" "`@tick`, in microseconds.",
    Internal "internal" "`@internal`",
    Redact "redact" "`@redact`",
    Deprecated "deprecated" "`@deprecated`",
    Stored "stored" "Values of the type, or the element itself, are in stored documents.",
    Input "input" "Clients can send values of the type, or of the element itself.",
    Filed "filed" "What documents call the element, if that is not its name: the first of its `@was`.",
    Digest "digest" "The digest of a declaration.",
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
