//! Clusters: many nodes that know of one another and share what they run.

pub use playhouse_cluster::{
    Load, Lock, LockError, Member, NoMember, OpenError, Picker, Seat, View, What,
};

use crate::node::NodeBuilder;

/// A way for a node to be one of a cluster, for [`NodeBuilder::cluster`].
pub trait Membership: playhouse_cluster::Backend {
    /// The node, with what it must run for this besides what the game wants.
    fn attach(&self, node: NodeBuilder) -> NodeBuilder {
        node
    }
}
