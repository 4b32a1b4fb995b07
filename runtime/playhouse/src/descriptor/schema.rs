//! The whole schema, and finding things in it.

use super::{AudienceKind, Call, Component, Const, Entity, Property, Role, Service, Slot, Type};

/// A whole schema: generated code has one, `SCHEMA`, beside its packages.
#[derive(Debug)]
pub struct Schema {
    /// Digest of all its types, components, entities and services.
    pub digest: u64,
    /// The last release in its lock when this was generated, 0 if there was none: documents say which one wrote them.
    pub release: u32,
    /// The oldest release that it reads as a whole, 0 if its lock had none: peers of an older one are judged type by type.
    pub readable_since: u32,
    /// What its types were in earlier releases. Sorted by package and number.
    pub past: &'static [Past],
    /// Sorted by name.
    pub packages: &'static [Package],
}

/// What a component, an entity or a service was in earlier releases.
#[derive(Debug)]
pub struct Past {
    /// Its package's number.
    pub package: u16,
    /// Its own number.
    pub number: u16,
    /// The digests that it had, oldest first, and that its schema still reads.
    pub digests: &'static [u64],
    /// What broke it, the latest first.
    pub breaks: &'static [Break],
}

/// A change after which a type is misread by whoever has it as it was before.
#[derive(Debug)]
pub struct Break {
    /// The first release that has it.
    pub release: u32,
    /// What changed: `tavern.Order.count`.
    pub member: &'static str,
    /// How, as `playhouse compat` calls it: `field/rebound_wider`; empty if the lock does not say.
    pub cell: &'static str,
}

/// A package.
#[derive(Debug)]
pub struct Package {
    /// Dotted name, `arena.world`.
    pub name: &'static str,
    /// Its number in `playhouse.toml`.
    pub number: u16,
    /// One for each source file.
    pub modules: &'static [&'static Module],
}

/// One source file of a package.
#[derive(Debug)]
pub struct Module {
    /// Its path.
    pub path: &'static str,
    /// What it says about itself.
    pub docs: &'static str,
    /// In the order of the source.
    pub declarations: &'static [Declaration],
}

/// A declaration.
#[derive(Debug, Clone, Copy)]
pub enum Declaration {
    /// A type.
    Type(&'static Type),
    /// A constant.
    Const(&'static Const),
    /// A role.
    Role(&'static Role),
    /// An audience.
    Audience(&'static AudienceKind),
    /// A component.
    Component(&'static Component),
    /// An entity.
    Entity(&'static Entity),
    /// A service.
    Service(&'static Service),
}

impl Declaration {
    /// Name as written.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Type(ty) => ty.head.name,
            Self::Const(constant) => constant.head.name,
            Self::Role(role) => role.head.name,
            Self::Audience(audience) => audience.head.name,
            Self::Component(component) => component.head.name,
            Self::Entity(entity) => entity.head.name,
            Self::Service(service) => service.head.name,
        }
    }
}

impl Schema {
    /// The package of this name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&'static Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The package of this number.
    #[must_use]
    pub fn package_by_number(&self, number: u16) -> Option<&'static Package> {
        self.packages
            .iter()
            .find(|package| package.number == number)
    }

    /// The declaration of this full name, `arena.world.Player`, or of this name if only one package has it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Declaration> {
        if let Some((package, name)) = name.rsplit_once('.') {
            return self.package(package)?.find(name);
        }
        let mut found = self
            .packages
            .iter()
            .filter_map(|package| package.find(name));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The full name of the component, entity type or service with these numbers.
    #[must_use]
    pub fn name_of(&self, package: u16, number: u16) -> Option<String> {
        let package = self.package_by_number(package)?;
        let declaration = package
            .declarations()
            .find(|declaration| match declaration {
                Declaration::Component(it) => it.number == number,
                Declaration::Entity(it) => it.number == number,
                Declaration::Service(it) => it.number == number,
                _ => false,
            })?;
        Some(format!("{}.{}", package.name, declaration.name()))
    }

    /// The entity type with these numbers.
    #[must_use]
    pub fn entity(&self, package: u16, number: u16) -> Option<&'static Entity> {
        self.package_by_number(package)?
            .declarations()
            .find_map(|declaration| match declaration {
                Declaration::Entity(entity) if entity.number == number => Some(*entity),
                _ => None,
            })
    }

    /// The component type with these numbers.
    #[must_use]
    pub fn component(&self, package: u16, number: u16) -> Option<&'static Component> {
        self.package_by_number(package)?
            .declarations()
            .find_map(|declaration| match declaration {
                Declaration::Component(component) if component.number == number => Some(*component),
                _ => None,
            })
    }

    /// The service with these numbers.
    #[must_use]
    pub fn service(&self, package: u16, number: u16) -> Option<&'static Service> {
        self.package_by_number(package)?
            .declarations()
            .find_map(|declaration| match declaration {
                Declaration::Service(service) if service.number == number => Some(*service),
                _ => None,
            })
    }
}

impl Package {
    /// All declarations, file after file.
    pub fn declarations(&self) -> impl Iterator<Item = &'static Declaration> + use<> {
        self.modules.iter().flat_map(|module| module.declarations)
    }

    /// The declaration of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Declaration> {
        self.declarations()
            .find(|declaration| declaration.name() == name)
    }
}

/// Calls, and for those that have them properties, by name and by tag.
macro_rules! lookups {
    ($owner:ident: $($method:ident $by_tag:ident $list:ident $part:ident, $of:expr;)*) => {
        impl $owner {$(
            #[doc = concat!("The ", stringify!($method), " of this name.")]
            #[must_use]
            pub fn $method(&self, name: &str) -> Option<&'static $part> {
                self.$list.iter().find(|part| ($of)(part).1 == name)
            }

            #[doc = concat!("The ", stringify!($method), " with this tag.")]
            #[must_use]
            pub fn $by_tag(&self, tag: u8) -> Option<&'static $part> {
                self.$list.iter().find(|part| ($of)(part).0 == tag)
            }
        )*}
    };
}

lookups! { Component:
    call call_by_tag calls Call, |call: &Call| (call.tag, call.name);
    property property_by_tag properties Property,
        |property: &Property| (property.member.tag, property.member.name);
}

lookups! { Entity:
    call call_by_tag calls Call, |call: &Call| (call.tag, call.name);
    property property_by_tag properties Property,
        |property: &Property| (property.member.tag, property.member.name);
    slot slot_by_tag slots Slot, |slot: &Slot| (slot.tag, slot.name);
}

lookups! { Service:
    call call_by_tag calls Call, |call: &Call| (call.tag, call.name);
}
