//! The table of attributes: where each may stand, what it takes, whether it is there yet. The reference's table is made of this.

/// A kind of place that attributes may stand at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A constant, role, audience, newtype, enum, flags, struct, union or error.
    Type,
    /// A component.
    Component,
    /// An entity.
    Entity,
    /// A service.
    Service,
    /// A field of a struct or an arm.
    Field,
    /// A value of an enum or flags, or an arm.
    Value,
    /// A property.
    Property,
    /// A slot.
    Slot,
    /// A parameter.
    Param,
    /// `rpc`
    Rpc,
    /// `oneway`
    Oneway,
    /// `event`
    Event,
    /// `timer`
    Timer,
    /// `client rpc`
    ClientRpc,
}

impl Place {
    /// Its name in messages.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Type => "a type, constant, role or audience",
            Self::Component => "a component",
            Self::Entity => "an entity",
            Self::Service => "a service",
            Self::Field => "a field",
            Self::Value => "a value or an arm",
            Self::Property => "a property",
            Self::Slot => "a slot",
            Self::Param => "a parameter",
            Self::Rpc => "an rpc",
            Self::Oneway => "a oneway",
            Self::Event => "an event",
            Self::Timer => "a timer",
            Self::ClientRpc => "a client rpc",
        }
    }
}

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgKind {
    /// A time above zero.
    Time,
    /// `10/s`
    Rate,
    /// A whole number of 1 or more.
    Count,
    /// A whole number from 0 to 255.
    Byte,
    /// A number above zero.
    Positive,
    /// A string.
    Text,
    /// Just its name, written or not.
    Flag,
    /// An audience.
    Audience,
    /// Any value.
    Any,
}

impl ArgKind {
    /// What is expected, for messages.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Time => "a time such as `250ms`",
            Self::Rate => "a rate such as `10/s` or `1/10s`",
            Self::Count => "a whole number of 1 or more",
            Self::Byte => "a whole number from 0 to 255",
            Self::Positive => "a number above zero",
            Self::Text => "a string",
            Self::Flag => "no value",
            Self::Audience => "an audience such as `owner`",
            Self::Any => "a value",
        }
    }
}

/// An argument of an attribute.
#[derive(Debug)]
pub struct ArgSpec {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: ArgKind,
    /// Whether it is written without its name (the first such argument only).
    pub positional: bool,
    /// Whether it must be there.
    pub required: bool,
}

/// An attribute.
#[derive(Debug)]
pub struct AttributeSpec {
    /// Its name without `@`.
    pub name: &'static str,
    /// Where it may stand.
    pub places: &'static [Place],
    /// What it takes.
    pub args: &'static [ArgSpec],
    /// Whether it may stand several times.
    pub repeats: bool,
    /// Whether it is planned only, and refused for now.
    pub later: bool,
    /// What it does, in a sentence.
    pub meaning: &'static str,
}

const fn arg(name: &'static str, kind: ArgKind) -> ArgSpec {
    ArgSpec {
        name,
        kind,
        positional: false,
        required: false,
    }
}

const fn first(name: &'static str, kind: ArgKind, required: bool) -> ArgSpec {
    ArgSpec {
        name,
        kind,
        positional: true,
        required,
    }
}

const fn attribute(
    name: &'static str,
    places: &'static [Place],
    args: &'static [ArgSpec],
    meaning: &'static str,
) -> AttributeSpec {
    AttributeSpec {
        name,
        places,
        args,
        repeats: false,
        later: false,
        meaning,
    }
}

const fn later(
    name: &'static str,
    places: &'static [Place],
    meaning: &'static str,
) -> AttributeSpec {
    AttributeSpec {
        name,
        places,
        args: &[],
        repeats: false,
        later: true,
        meaning,
    }
}

const EVERYWHERE: &[Place] = &[
    Place::Type,
    Place::Component,
    Place::Entity,
    Place::Service,
    Place::Field,
    Place::Value,
    Place::Property,
    Place::Slot,
    Place::Param,
    Place::Rpc,
    Place::Oneway,
    Place::Event,
    Place::Timer,
    Place::ClientRpc,
];
const DECLARATIONS: &[Place] = &[Place::Type, Place::Component, Place::Entity, Place::Service];
const NAMED: &[Place] = &[
    Place::Type,
    Place::Component,
    Place::Entity,
    Place::Service,
    Place::Field,
    Place::Value,
    Place::Property,
    Place::Slot,
    Place::Rpc,
    Place::Oneway,
    Place::Event,
    Place::Timer,
    Place::ClientRpc,
];

/// Every attribute, by name.
pub static ATTRIBUTES: &[AttributeSpec] = &[
    later(
        "collection",
        &[Place::Entity],
        "keeps the entity's documents in a collection of this name",
    ),
    attribute(
        "committed",
        &[Place::Rpc],
        &[],
        "its reply, and what it sends, waits until the state that it saw is saved",
    ),
    later(
        "computed",
        &[Place::Property],
        "a property that is worked out from others",
    ),
    later(
        "concurrent",
        &[Place::Rpc, Place::Oneway],
        "the call may run beside others of its entity",
    ),
    attribute(
        "deadline",
        &[Place::Rpc, Place::ClientRpc, Place::Entity, Place::Service],
        &[first("time", ArgKind::Time, true)],
        "the longest time a caller waits; on an entity or service it is that of all its calls",
    ),
    attribute(
        "deprecated",
        NAMED,
        &[first("text", ArgKind::Text, false)],
        "still works; generated code says that it should not be used, and what to use",
    ),
    attribute(
        "durable",
        &[Place::Oneway, Place::Timer],
        &[],
        "takes effect exactly once, even across crashes and for inactive entities",
    ),
    attribute(
        "expires",
        &[Place::Oneway],
        &[first("time", ArgKind::Time, true)],
        "how long an undelivered durable oneway is kept",
    ),
    attribute(
        "exposed",
        &[Place::Rpc, Place::Oneway],
        &[
            first("rate", ArgKind::Rate, false),
            arg("burst", ArgKind::Count),
            arg("guest", ArgKind::Flag),
            arg("for", ArgKind::Audience),
        ],
        "clients may call it, at this rate",
    ),
    attribute(
        "handoff",
        &[Place::Property],
        &[],
        "moves with the entity though it is not persisted",
    ),
    attribute(
        "hidden",
        &[Place::Slot],
        &[],
        "nothing of the component is synced or exposed in this slot",
    ),
    attribute(
        "idempotent",
        &[Place::Rpc],
        &[],
        "may be sent again when its outcome is unknown",
    ),
    attribute(
        "index",
        &[Place::Property],
        &[],
        "entities can be found by the property's value",
    ),
    attribute(
        "internal",
        DECLARATIONS,
        &[],
        "invisible outside of its package",
    ),
    attribute(
        "persist",
        &[Place::Property],
        &[arg("every", ArgKind::Time)],
        "is stored; a change waits at most `every`, else as configured",
    ),
    attribute(
        "position",
        &[Place::Property],
        &[],
        "what `near` measures from: a Vec2 or Vec3",
    ),
    attribute(
        "priority",
        &[Place::Property],
        &[first("value", ArgKind::Byte, true)],
        "which change goes first when bytes are short; greater is sooner, 0 unless given",
    ),
    attribute(
        "redact",
        &[Place::Type, Place::Field, Place::Property, Place::Param],
        &[],
        "never written to logs",
    ),
    attribute(
        "since",
        EVERYWHERE,
        &[first("release", ArgKind::Count, true)],
        "the schema release that brought it",
    ),
    attribute(
        "sync",
        &[Place::Property, Place::Slot],
        &[
            first("audience", ArgKind::Audience, false),
            arg("latest", ArgKind::Flag),
            arg("every", ArgKind::Time),
            arg("quantize", ArgKind::Positive),
            arg("within", ArgKind::Positive),
        ],
        "clients of this audience see it; in a slot: the component's audiences are cut down to this one",
    ),
    attribute(
        "tick",
        &[Place::Entity],
        &[first("step", ArgKind::Time, true)],
        "the entity's fixed time step",
    ),
    attribute(
        "transient",
        &[Place::Slot],
        &[],
        "nothing of the component is persisted in this slot",
    ),
    attribute(
        "unique",
        &[Place::Property],
        &[],
        "no two entities of the type hold the same value",
    ),
    attribute(
        "unreliable",
        &[Place::Oneway, Place::Event],
        &[],
        "may be lost, and is not sent again",
    ),
    AttributeSpec {
        name: "was",
        places: NAMED,
        args: &[first("name", ArgKind::Text, true)],
        repeats: true,
        later: false,
        meaning: "an earlier name; stored documents and other readers by name still find it",
    },
];

/// The attribute `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static AttributeSpec> {
    ATTRIBUTES.iter().find(|spec| spec.name == name)
}
