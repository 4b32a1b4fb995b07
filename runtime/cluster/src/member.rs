//! Members: what a node says of itself.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A member that is silent for so long is gone.
pub const MEMBER_TTL: Duration = Duration::from_secs(6);
/// How often a member says that it is there, and how busy.
pub const REPORT_EVERY: Duration = Duration::from_secs(2);
/// At most so many members has a cluster.
pub const MEMBERS_MAX: usize = 1024;
/// The name of a member has at most so many bytes, and so has each of its addresses and roles.
pub const NAME_MAX: usize = 256;
/// At most so many addresses has a member.
pub const ADDRESSES_MAX: usize = 16;
/// At most so many roles has a member.
pub const ROLES_MAX: usize = 64;
/// At most so many types of entities runs a member, and so many services.
pub const ENTITIES_MAX: usize = 4096;
/// So many types that those of earlier releases can't understand names a member at most: those that broke last.
pub const BREAKS_MAX: usize = 1024;

/// The full id of an entity type or a service: its package's number and its own.
pub type TypeId = (u16, u16);

/// A node of the cluster, as it describes itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The node's name: one of its kind in the cluster.
    pub name: Arc<str>,
    /// Which of its lives, as the owner in the store's records.
    pub incarnation: u64,
    /// Where it listens; nodes dial the first.
    pub addresses: Vec<String>,
    /// The roles that it plays.
    pub roles: Vec<String>,
    /// The types of entities that it runs.
    pub entities: Vec<TypeId>,
    /// The services that it runs.
    pub services: Vec<TypeId>,
    /// The digest of its whole schema.
    pub root: u64,
    /// The release of its schema.
    pub release: u32,
    /// What those of earlier releases can't understand of it: of each type the latest change.
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// In which types it and the node that looks don't understand each other; of the node that looks itself, which types it
    /// leaves to members that are behind it. The node that looks judges.
    #[serde(skip)]
    pub strange: Arc<[Strange]>,
    /// When its process began, in microseconds since 1970.
    pub started_us: i64,
    /// Whether it is about to leave: nothing new goes there.
    pub draining: bool,
    /// How busy it is.
    pub load: Load,
}

/// A change of a type that those of earlier releases can't follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// The entity, the component or the service.
    pub of: TypeId,
    /// The first release with the change.
    pub since: u32,
    /// What changed, for people: at most [`NAME_MAX`] bytes.
    pub what: String,
}

/// A type in which a member and the node that looks don't understand each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// The entity, the component or the service.
    pub of: TypeId,
    /// What changed, and which of the two must be replaced, for people.
    pub why: Arc<str>,
    /// Whether the member is of the earlier release.
    pub behind: bool,
}

impl Member {
    /// A member that has nothing but a name, one address and a life, for its node to fill in.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, incarnation: u64, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            incarnation,
            addresses: vec![address.into()],
            roles: Vec::new(),
            entities: Vec::new(),
            services: Vec::new(),
            root: 0,
            release: 0,
            breaks: Vec::new(),
            strange: Arc::default(),
            started_us: 0,
            draining: false,
            load: Load::default(),
        }
    }

    /// Whether it and the node that looks understand each other in everything.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.strange.is_empty()
    }

    /// Whether anything new may be given to it.
    #[must_use]
    pub fn is_candidate(&self) -> bool {
        self.accepts() && !self.draining
    }

    /// Why it and the node that looks don't understand each other in this type, if they don't.
    #[must_use]
    pub fn strange_in(&self, of: TypeId) -> Option<&Strange> {
        self.strange.iter().find(|strange| strange.of == of)
    }

    /// Whether it runs this type of entities, or this service.
    #[must_use]
    pub fn runs(&self, of: TypeId) -> bool {
        self.entities.contains(&of) || self.services.contains(&of)
    }

    /// What of it is longer than it may be, if anything.
    #[must_use]
    pub fn excess(&self) -> Option<String> {
        let long = |text: &str| text.is_empty() || text.len() > NAME_MAX;
        if long(&self.name) {
            return Some(format!("its name has 1 to {NAME_MAX} bytes"));
        }
        if self.addresses.len() > ADDRESSES_MAX || self.addresses.iter().any(|it| long(it)) {
            return Some(format!(
                "it has at most {ADDRESSES_MAX} addresses of 1 to {NAME_MAX} bytes"
            ));
        }
        if self.roles.len() > ROLES_MAX || self.roles.iter().any(|it| long(it)) {
            return Some(format!(
                "it has at most {ROLES_MAX} roles of 1 to {NAME_MAX} bytes"
            ));
        }
        if self.breaks.len() > BREAKS_MAX || self.breaks.iter().any(|it| it.what.len() > NAME_MAX) {
            return Some(format!(
                "it names at most {BREAKS_MAX} changes, with at most {NAME_MAX} bytes each"
            ));
        }
        (self.entities.len() > ENTITIES_MAX || self.services.len() > ENTITIES_MAX)
            .then(|| format!("it runs at most {ENTITIES_MAX} types of entities, and services"))
    }
}

/// How busy a member is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// What picks go by: 0 is idle, 100 every core busy, at most 120. [`LoadMeter`](crate::LoadMeter) makes it.
    pub score: f32,
    /// The share of the machine's processors that its process used in the last seconds, in percent.
    pub cpu: f32,
    /// Entities that live there.
    pub entities: u32,
    /// Links that are open.
    pub links: u32,
    /// Sessions of clients whose entities are there.
    pub sessions: u32,
    /// Clients whose links to it serve their sessions, wherever those are. A node of an earlier release does not say.
    #[serde(default)]
    pub clients: u32,
}
