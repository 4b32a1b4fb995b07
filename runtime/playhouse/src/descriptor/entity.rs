//! Components, entities and services.

use super::{Attributes, Audience, Call, Head, Member, Role, Use};

/// A component.
pub struct Component {
    /// Name, place, docs.
    pub head: Head,
    /// The number of its package.
    pub package: u16,
    /// Its number in the package.
    pub number: u16,
    /// Components that an entity with this one must have too.
    pub requires: &'static [&'static Self],
    /// By tag, ascending.
    pub properties: &'static [Property],
    /// By tag, ascending.
    pub calls: &'static [Call],
    /// Digest of all that decides how peers read it.
    pub digest: u64,
}

/// An entity type.
pub struct Entity {
    /// Name, place, docs.
    pub head: Head,
    /// The number of its package.
    pub package: u16,
    /// Its number in the package.
    pub number: u16,
    /// How its entities are addressed.
    pub kind: EntityKind,
    /// The role whose nodes run it; none for local entities.
    pub role: Option<&'static Role>,
    /// By tag, ascending.
    pub slots: &'static [Slot],
    /// By tag, ascending.
    pub properties: &'static [Property],
    /// By tag, ascending.
    pub calls: &'static [Call],
    /// `@deadline` of its calls, in microseconds.
    pub deadline_us: Option<i64>,
    /// `@tick`: its fixed step, in microseconds.
    pub tick_us: Option<i64>,
    /// Digest of all that decides how peers read it.
    pub digest: u64,
}

/// How entities of a type come to be and are addressed.
#[derive(Debug, Clone, Copy)]
pub enum EntityKind {
    /// By a key of these parts; the first use creates it.
    Keyed(&'static [Use]),
    /// Created explicitly, addressed by number.
    Instance,
    /// Exactly one in the cluster.
    Singleton,
    /// One on every node of the role.
    PerNode,
    /// Replicated with this entity that holds it, not addressable.
    Local(Container),
}

/// The entity type that holds local entities.
#[derive(Debug, Clone, Copy)]
pub struct Container(pub &'static Entity);

/// `has 2 inventory: Inventory;`
#[derive(Debug)]
pub struct Slot {
    /// Name as written.
    pub name: &'static str,
    /// 1 to 127, in one space with the properties.
    pub tag: u8,
    /// What fills it.
    pub component: &'static Component,
    /// `@sync(a)`: the component's audiences are cut down to this one.
    pub sync: Option<Audience>,
    /// `@transient`: nothing of it is persisted.
    pub transient: bool,
    /// `@hidden`: nothing of it is synced or exposed.
    pub hidden: bool,
    /// What the schema says about it.
    pub docs: &'static str,
    /// General attributes.
    pub attributes: Attributes,
}

/// A property of an entity or a component.
#[derive(Debug)]
pub struct Property {
    /// Name, tag, type, default, docs.
    pub member: Member,
    /// `@persist`
    pub persist: Option<Persist>,
    /// `@sync`
    pub sync: Option<Sync>,
    /// `@position`: what `near` measures from.
    pub position: bool,
    /// `@unique`: no two entities of the type hold the same value.
    pub unique: bool,
    /// `@index`: entities can be found by it.
    pub index: bool,
    /// `@handoff`: moves with the entity though it is not persisted.
    pub handoff: bool,
    /// `@priority(n)`: greater is sent sooner.
    pub priority: u8,
}

/// `@persist(every: 8s)`
#[derive(Debug, Clone, Copy)]
pub struct Persist {
    /// Longest time a change may wait, in microseconds; `None`: as configured.
    pub every_us: Option<i64>,
}

/// `@sync(audience, latest, every: 50ms, quantize: 0.01, within: 30.0)`
#[derive(Debug, Clone, Copy)]
pub struct Sync {
    /// Who sees it.
    pub audience: Audience,
    /// Only the newest value matters: it may travel unreliably.
    pub latest: bool,
    /// Shortest time between two sends, in microseconds.
    pub every_us: Option<i64>,
    /// Step to which floats are rounded.
    pub quantize: Option<f64>,
    /// Range of `near`.
    pub within: Option<f64>,
}

/// A service.
pub struct Service {
    /// Name, place, docs.
    pub head: Head,
    /// The number of its package.
    pub package: u16,
    /// Its number in the package.
    pub number: u16,
    /// The role whose nodes run it.
    pub role: &'static Role,
    /// By tag, ascending.
    pub calls: &'static [Call],
    /// `@deadline` of its calls, in microseconds.
    pub deadline_us: Option<i64>,
    /// Digest of all that decides how peers read it.
    pub digest: u64,
}

impl Slot {
    /// A slot.
    #[must_use]
    pub const fn new(tag: u8, name: &'static str, component: &'static Component) -> Self {
        Self {
            name,
            tag,
            component,
            sync: None,
            transient: false,
            hidden: false,
            docs: "",
            attributes: Attributes::NONE,
        }
    }

    /// `@sync(audience)`
    #[must_use]
    pub const fn sync(mut self, audience: Audience) -> Self {
        self.sync = Some(audience);
        self
    }

    /// `@transient`
    #[must_use]
    pub const fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// `@hidden`
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
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

impl Property {
    /// A property that is neither persisted nor synced.
    #[must_use]
    pub const fn new(member: Member) -> Self {
        Self {
            member,
            persist: None,
            sync: None,
            position: false,
            unique: false,
            index: false,
            handoff: false,
            priority: 0,
        }
    }

    /// `@persist`
    #[must_use]
    pub const fn persist(mut self) -> Self {
        self.persist = Some(Persist { every_us: None });
        self
    }

    /// `@persist(every: ..)`
    #[must_use]
    pub const fn persist_every_us(mut self, micros: i64) -> Self {
        self.persist = Some(Persist {
            every_us: Some(micros),
        });
        self
    }

    /// `@sync`
    #[must_use]
    pub const fn sync(mut self, sync: Sync) -> Self {
        self.sync = Some(sync);
        self
    }

    /// `@position`
    #[must_use]
    pub const fn position(mut self) -> Self {
        self.position = true;
        self
    }

    /// `@unique`
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// `@index`
    #[must_use]
    pub const fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// `@handoff`
    #[must_use]
    pub const fn handoff(mut self) -> Self {
        self.handoff = true;
        self
    }

    /// `@priority(n)`
    #[must_use]
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }
}

impl Sync {
    /// `@sync(audience)`
    #[must_use]
    pub const fn to(audience: Audience) -> Self {
        Self {
            audience,
            latest: false,
            every_us: None,
            quantize: None,
            within: None,
        }
    }

    /// `latest`
    #[must_use]
    pub const fn latest(mut self) -> Self {
        self.latest = true;
        self
    }

    /// `every: ..`
    #[must_use]
    pub const fn every_us(mut self, micros: i64) -> Self {
        self.every_us = Some(micros);
        self
    }

    /// `quantize: ..`
    #[must_use]
    pub const fn quantize(mut self, step: f64) -> Self {
        self.quantize = Some(step);
        self
    }

    /// `within: ..`
    #[must_use]
    pub const fn within(mut self, range: f64) -> Self {
        self.within = Some(range);
        self
    }
}
