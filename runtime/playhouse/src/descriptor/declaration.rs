//! What all declarations share, and the small ones.

use std::fmt;

use super::{Component, Entity, Service, Type, Use, Value};

/// `Debug` by kind and full name: declarations point at one another, in circles too.
macro_rules! shown_by_name {
    ($($declaration:ident)*) => {$(
        impl fmt::Debug for $declaration {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    concat!(stringify!($declaration), "({}.{})"),
                    self.head.package,
                    self.head.name
                )
            }
        }
    )*};
}

shown_by_name!(Type Component Entity Service Role AudienceKind);

/// What every declaration has.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Name as written, `Inventory`.
    pub name: &'static str,
    /// The package it stands in, `arena.world`.
    pub package: &'static str,
    /// The source file.
    pub path: &'static str,
    /// The line of the name, counted from 1.
    pub line: u32,
    /// What the schema says about it; lines are parted by `\n`.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

impl Head {
    /// A declaration without a word on it.
    #[must_use]
    pub const fn new(
        package: &'static str,
        name: &'static str,
        path: &'static str,
        line: u32,
    ) -> Self {
        Self {
            name,
            package,
            path,
            line,
            docs: "",
            attributes: Attributes::NONE,
        }
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

/// Attributes that any declaration or member may carry.
#[derive(Debug, Clone, Copy)]
pub struct Attributes {
    /// `@deprecated("use X")`: the text, empty if there is none.
    pub deprecated: Option<&'static str>,
    /// `@since(n)`: the release of the schema that brought it.
    pub since: Option<u32>,
    /// `@was("old")`: earlier names, oldest first.
    pub was: &'static [&'static str],
    /// `@internal`: not for other packages.
    pub internal: bool,
    /// `@redact`: never written to logs.
    pub redact: bool,
    /// `@ui.name(value)`: for editors and clients, by name without `ui.`.
    pub ui: &'static [(&'static str, Value)],
}

impl Attributes {
    /// None of them.
    pub const NONE: Self = Self {
        deprecated: None,
        since: None,
        was: &[],
        internal: false,
        redact: false,
        ui: &[],
    };

    /// `@deprecated(text)`
    #[must_use]
    pub const fn deprecated(mut self, text: &'static str) -> Self {
        self.deprecated = Some(text);
        self
    }

    /// `@since(release)`
    #[must_use]
    pub const fn since(mut self, release: u32) -> Self {
        self.since = Some(release);
        self
    }

    /// `@was(name)` for each of `names`.
    #[must_use]
    pub const fn was(mut self, names: &'static [&'static str]) -> Self {
        self.was = names;
        self
    }

    /// `@internal`
    #[must_use]
    pub const fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// `@redact`
    #[must_use]
    pub const fn redact(mut self) -> Self {
        self.redact = true;
        self
    }

    /// `@ui.name(value)` for each of `ui`.
    #[must_use]
    pub const fn ui(mut self, ui: &'static [(&'static str, Value)]) -> Self {
        self.ui = ui;
        self
    }
}

/// `const`
#[derive(Debug)]
pub struct Const {
    /// Name, place, docs.
    pub head: Head,
    /// Its type.
    pub ty: Use,
    /// Its value.
    pub value: Value,
}

/// `role`
pub struct Role {
    /// Name, place, docs.
    pub head: Head,
}

/// `audience`
pub struct AudienceKind {
    /// Name, place, docs.
    pub head: Head,
    /// What tells one group from another.
    pub param: Option<Use>,
}

/// Who sees a synced property or receives an event.
#[derive(Debug, Clone, Copy)]
pub enum Audience {
    /// The bound session.
    Owner,
    /// Owner and observers.
    All,
    /// Observers.
    Others,
    /// Those in range, with the owner.
    Near,
    /// A declared one.
    Named(&'static AudienceKind),
}

impl Audience {
    /// `owner`, or the name of the declared one.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::All => "all",
            Self::Others => "others",
            Self::Near => "near",
            Self::Named(audience) => audience.head.name,
        }
    }
}
