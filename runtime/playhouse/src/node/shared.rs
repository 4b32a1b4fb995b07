//! What all threads of a node see.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use playhouse_store::{Owner, Store};
use playhouse_wire::link::Identity;
use playhouse_wire::message::{Incarnation, Role, TypeDigest};
use tokio::sync::mpsc;
use tokio::time::Duration;

use super::builder::Policy;
use super::clocks::Clocks;
use super::control::Control;
use super::doors::Doors;
use super::gate::Gate;
use super::guests::{GUEST_CALLS_MAX, Guests};
use super::lanes::Lanes;
use super::observing::Watching;
use super::shard::ShardNode;
use super::system::{Phase, Place, Progress};
use super::tool::About;
use crate::descriptor::{Declaration, Package, Schema};
use crate::host::{Drained, Keeping, Setup};
use crate::standing::NameLock;

/// What all threads of a node see.
pub(super) struct Shared {
    pub(super) about: About,
    pub(super) setup: Setup,
    pub(super) policy: Policy,
    pub(super) stop_timeout: Duration,
    pub(super) stall_after: Duration,
    pub(super) gate: Gate,
    pub(super) guests: Guests,
    pub(super) doors: Arc<Doors>,
    /// For peers whose root digest differs.
    pub(super) digests: Arc<[TypeDigest]>,
    pub(super) progress: Progress,
    pub(super) lanes: Lanes,
    /// How far it is with handing over what it runs.
    pub(super) drained: Arc<Drained>,
    mailboxes: OnceLock<Box<[Mailbox]>>,
    places: OnceLock<Places>,
    place: OnceLock<Place>,
    pub(super) control: Control,
    pub(super) watching: Watching,
    pub(super) clocks: Clocks,
    /// Where spans go.
    #[cfg(feature = "opentelemetry")]
    pub(super) exporting: OnceLock<super::exporting::Exporting>,
}

/// Where a node listens, once it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    pub(super) addresses: Vec<String>,
    pub(super) interop: Vec<String>,
    pub(super) metrics: Option<String>,
    #[cfg(feature = "login-http")]
    pub(super) login: Option<String>,
    #[cfg(feature = "tls")]
    pub(super) shown: Option<playhouse_net::tls::Certificates>,
    pub(super) incarnation: Incarnation,
}

/// Something for a shard to do, sent from another thread.
pub(super) type Job = Box<dyn FnOnce(&Rc<ShardNode>) + Send>;

/// Where a shard takes its jobs from.
pub(super) type Jobs = mpsc::UnboundedReceiver<Job>;

/// The way to a shard of this node.
#[derive(Debug, Clone)]
pub(super) struct Mailbox(mpsc::UnboundedSender<Job>);

impl Mailbox {
    pub(super) fn new() -> (Self, Jobs) {
        let (sender, jobs) = mpsc::unbounded_channel();
        (Self(sender), jobs)
    }

    /// Has the shard do this soon; whether it still takes jobs.
    pub(super) fn post(&self, job: impl FnOnce(&Rc<ShardNode>) + Send + 'static) -> bool {
        self.0.send(Box::new(job)).is_ok()
    }
}

impl Shared {
    pub(super) fn new(about: About, setup: Setup, policy: Policy) -> Self {
        Self {
            gate: Gate::new(about.schema),
            doors: Arc::new(Doors::new(policy.doors)),
            guests: Guests::new(policy.guests_per_address, GUEST_CALLS_MAX),
            digests: digests(about.schema),
            progress: Progress::new(if policy.cluster.is_some() {
                Phase::Joining
            } else {
                Phase::Runs
            }),
            drained: Arc::new(Drained::of(about.shards)),
            about,
            setup,
            lanes: Lanes::default(),
            stop_timeout: policy.stop_timeout,
            stall_after: policy.stall_after,
            policy,
            mailboxes: OnceLock::new(),
            places: OnceLock::new(),
            place: OnceLock::new(),
            control: Control::default(),
            watching: Watching::new(),
            clocks: Clocks::default(),
            #[cfg(feature = "opentelemetry")]
            exporting: OnceLock::new(),
        }
    }

    /// How many shards the node has with the system's own, which is there in a cluster.
    pub(super) fn shards_in_all(&self) -> usize {
        self.about.shards + usize::from(self.policy.cluster.is_some())
    }

    /// The shards can be reached from now on. `started_us` is when that is, in microseconds since 1970; `lock` is that of
    /// the node's name on its machine.
    pub(super) fn open(
        &self,
        mailboxes: Vec<Mailbox>,
        places: Places,
        started_us: i64,
        lock: Option<NameLock>,
    ) {
        // A node starts once, so nobody was here before.
        let _ = self.mailboxes.set(mailboxes.into());
        let _ = self.places.set(places);
        if self.policy.cluster.is_some() {
            let _ = self.place.set(Place::new(self, started_us, lock));
        }
    }

    /// The node's place in its cluster, if it is in one and has started.
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.get()
    }

    /// The ways to all shards, by index; the system's own comes last.
    pub(super) fn mailboxes(&self) -> &[Mailbox] {
        self.mailboxes.get().map_or(&[], |all| all)
    }

    /// Has all shards close the links of addresses that are banned by now.
    pub(super) fn turn_out_banned(&self) {
        for mailbox in self.mailboxes() {
            mailbox.post(|node| node.turn_out_banned());
        }
    }

    /// The way to a shard.
    pub(super) fn mailbox(&self, index: usize) -> Option<&Mailbox> {
        self.mailboxes().get(index)
    }

    /// What the node says of itself on its links.
    pub(super) fn identity(&self) -> Identity {
        Identity {
            role: Role::Node,
            name: self.about.name.as_str().into(),
            incarnation: self.places().incarnation,
            root: self.about.schema.digest,
            release: self.about.schema.release,
            digests: Arc::clone(&self.digests),
            lane: 0,
        }
    }

    /// How shards use a store: as this node, in this life of it.
    pub(super) fn keeping(&self, store: Rc<dyn Store>, exclusive: bool) -> Keeping {
        let owner = Owner {
            node: self.about.name.as_str().into(),
            incarnation: self.places().incarnation.boot,
        };
        Keeping {
            // Others of a cluster save there, too.
            exclusive: exclusive && self.policy.cluster.is_none(),
            release: self.about.schema.release,
            rules: self.policy.rules,
            every: self.policy.save_every,
            unsaved_max: self.policy.unsaved_max,
            idle_after: self.policy.idle_after,
            ..Keeping::new(store, owner)
        }
    }

    /// Where the node listens; nothing before it does.
    pub(super) fn places(&self) -> Places {
        self.places.get().cloned().unwrap_or_default()
    }
}

/// A digest for each component, entity and service.
fn digests(schema: &Schema) -> Arc<[TypeDigest]> {
    let declarations = schema.packages.iter().flat_map(Package::declarations);
    declarations
        .filter_map(|declaration| {
            let (package, number, digest) = match declaration {
                Declaration::Component(it) => (it.package, it.number, it.digest),
                Declaration::Entity(it) => (it.package, it.number, it.digest),
                Declaration::Service(it) => (it.package, it.number, it.digest),
                _ => return None,
            };
            Some(TypeDigest {
                package,
                number,
                digest,
            })
        })
        .collect()
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}
