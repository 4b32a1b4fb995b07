//! Clusters: many nodes that know of one another and share what they run.
//!
//! A node becomes one of a cluster by [`NodeBuilder::cluster`]. Where its membership is kept is the choice of the one who runs
//! it: [`Embedded`], where one of the nodes hosts the registry and nothing has to be installed, or etcd (the feature
//! `etcd`). The code of a game is the same on both:
//!
//! ```no_run
//! # fn schema() -> &'static playhouse::descriptor::Schema { unimplemented!() }
//! use playhouse::cluster::Embedded;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let first = playhouse::Node::builder().schema(schema()).name("lobby-1");
//! let first = first.listen("127.0.0.1:7300").cluster(Embedded::hosting()).build()?;
//!
//! let second = playhouse::Node::builder().schema(schema()).name("lobby-2");
//! let second = second.listen("127.0.0.1:7301").cluster(Embedded::at("127.0.0.1:7300")).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! A node's [`Seat`] shows who is there ([`View`]), and has locks. What a view says are hints: who owns an entity is said by the
//! store. So a registry that is away stops nothing that runs.

mod asking;
mod driving;
mod following;
mod form;
#[path = "cluster/generated/mod.rs"]
#[rustfmt::skip]
mod generated;
mod handle;
mod hosting;
mod locking;
mod measuring;
mod serving;
mod staying;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use playhouse_cluster::{Backend, Driver};

use crate::node::NodeBuilder;
use asking::Asking;
use generated::playhouse::cluster as schema;
use hosting::Hosting;
use serving::Serving;

pub use handle::Cluster;
pub use playhouse_cluster::{
    Break, Load, Lock, LockError, Member, NoMember, OpenError, Picker, Seat, Strange, View, What,
    watch,
};
#[cfg(feature = "etcd")]
pub use playhouse_cluster::{Etcd, Tls};

pub(crate) use measuring::measure;

/// The package of the registry's interface.
pub(crate) const PACKAGE: &str = "playhouse.cluster";

/// A way for a node to be one of a cluster, for [`NodeBuilder::cluster`].
pub trait Membership: Backend {
    /// The node, with what it must run for this besides what the game wants.
    fn attach(&self, node: NodeBuilder) -> NodeBuilder {
        node
    }
}

#[cfg(feature = "etcd")]
impl Membership for Etcd {}

/// A membership whose registry is one of the nodes: nothing has to be installed.
///
/// It is not replicated. While the node that hosts it is away, the others keep the view that they had, nobody can join and no
/// lock is given; what runs goes on. When it is back, all join again by themselves, and locks that were held are lost. For
/// more than that there is etcd.
///
/// Only nodes are answered, as they are told apart by [`NodeBuilder::trust_peers`].
#[derive(Clone)]
pub struct Embedded {
    place: Place,
}

#[derive(Clone)]
enum Place {
    Here(Arc<Hosting>),
    There(Arc<str>),
}

impl Embedded {
    /// This node hosts the registry; others reach it where the node listens.
    #[must_use]
    pub fn hosting() -> Self {
        Self {
            place: Place::Here(Arc::default()),
        }
    }

    /// The node that listens at this address hosts the registry.
    #[must_use]
    pub fn at(address: impl Into<Arc<str>>) -> Self {
        Self {
            place: Place::There(address.into()),
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Here(_) => f.write_str("a registry of its own"),
            Place::There(address) => write!(f, "the registry at {address}"),
        }
    }
}

impl Backend for Embedded {
    fn drive(
        &self,
        driver: Driver,
        _system: tokio::runtime::Handle,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        let asking = match &self.place {
            Place::Here(hosting) => Asking::Here(Arc::clone(hosting)),
            Place::There(address) => Asking::There(Arc::clone(address)),
        };
        Box::pin(driving::drive(asking, driver))
    }
}

impl Membership for Embedded {
    fn attach(&self, node: NodeBuilder) -> NodeBuilder {
        match &self.place {
            Place::Here(hosting) => {
                let hosting = Arc::clone(hosting);
                node.own_service(move || Serving::new(Arc::clone(&hosting)))
            }
            Place::There(_) => node,
        }
    }
}
