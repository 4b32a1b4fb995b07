//! The kinds of elements: the rows of the table of verdicts.

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `package`, with its number in the manifest.
    Package,
    /// `role`
    Role,
    /// `audience`
    Audience,
    /// `const`
    Const,
    /// `newtype`
    Newtype,
    /// `enum`
    Enum,
    /// A value of an enum.
    EnumValue,
    /// `flags`
    Flags,
    /// A single flag or a named combination.
    Flag,
    /// `struct`
    Struct,
    /// A field of a struct or an arm.
    Field,
    /// `union`
    Union,
    /// `error`
    Error,
    /// An arm of a union or an error.
    Arm,
    /// `component`
    Component,
    /// One component that a component requires.
    Requires,
    /// A property of a component or an entity.
    Property,
    /// A slot of an entity.
    Slot,
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
    /// A parameter of a call.
    Parameter,
    /// `entity`
    Entity,
    /// `service`
    Service,
}

impl Kind {
    /// Whether documents know elements of this kind by their names.
    #[must_use]
    pub const fn is_stored_by_name(self) -> bool {
        matches!(
            self,
            Self::Field
                | Self::Arm
                | Self::Property
                | Self::Slot
                | Self::EnumValue
                | Self::Flag
                | Self::Entity
        )
    }

    /// Every kind, in the order of the table.
    pub const ALL: [Self; 26] = [
        Self::Package,
        Self::Role,
        Self::Audience,
        Self::Const,
        Self::Newtype,
        Self::Enum,
        Self::EnumValue,
        Self::Flags,
        Self::Flag,
        Self::Struct,
        Self::Field,
        Self::Union,
        Self::Error,
        Self::Arm,
        Self::Component,
        Self::Requires,
        Self::Property,
        Self::Slot,
        Self::Rpc,
        Self::Oneway,
        Self::Event,
        Self::Timer,
        Self::ClientRpc,
        Self::Parameter,
        Self::Entity,
        Self::Service,
    ];

    /// Its name as one word: in the lock, in JSON, in the names of fixtures.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Role => "role",
            Self::Audience => "audience",
            Self::Const => "const",
            Self::Newtype => "newtype",
            Self::Enum => "enum",
            Self::EnumValue => "enum_value",
            Self::Flags => "flags",
            Self::Flag => "flag",
            Self::Struct => "struct",
            Self::Field => "field",
            Self::Union => "union",
            Self::Error => "error",
            Self::Arm => "arm",
            Self::Component => "component",
            Self::Requires => "requires",
            Self::Property => "property",
            Self::Slot => "slot",
            Self::Rpc => "rpc",
            Self::Oneway => "oneway",
            Self::Event => "event",
            Self::Timer => "timer",
            Self::ClientRpc => "client_rpc",
            Self::Parameter => "parameter",
            Self::Entity => "entity",
            Self::Service => "service",
        }
    }

    /// Its name in messages.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::EnumValue => "enum value",
            Self::ClientRpc => "client rpc",
            Self::Requires => "`requires`",
            _ => self.word(),
        }
    }

    /// The kind that `word` names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it is a call.
    #[must_use]
    pub const fn is_call(self) -> bool {
        matches!(
            self,
            Self::Rpc | Self::Oneway | Self::Event | Self::Timer | Self::ClientRpc
        )
    }

    /// Whether it is a declared type of values.
    #[must_use]
    pub const fn is_type(self) -> bool {
        matches!(
            self,
            Self::Newtype | Self::Enum | Self::Flags | Self::Struct | Self::Union | Self::Error
        )
    }

    /// Whether it is a component, an entity or a service.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        matches!(self, Self::Component | Self::Entity | Self::Service)
    }
}
