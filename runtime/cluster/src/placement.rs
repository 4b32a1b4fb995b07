//! Where an entity runs, and how calls find it: the machines of the placement protocol, without IO and without a clock.
//!
//! Every entity that is not bound to one node has a document in the store, whose header says who owns it: `{owner, epoch}`. An
//! epoch names exactly one activation. Everything else (the members' view, hashing, caches, answers to "where is it?") are
//! hints. Four machines keep calls right while activations come, go and move; `docs/placement.md` has the rules, and
//! `tests/placement` takes the machines through every order of events.
//!
//! - [`Caller`]: a node's calls to one entity. Locates, sends with the exact epoch, keeps the order, knows what may have run.
//! - [`Tenure`]: one activation's place. Says of each call whether it runs, waits or is sent back.
//! - [`NodeLease`]: the lease by which a node may run placed entities at all, as its holder sees it.
//! - [`LeaseWatch`]: another node's lease, as one sees it who wants to prove that it is over.
//!
//! Times are microseconds of the host's monotonic clock, handed in.

mod caller;
mod lease;
mod rules;
mod tenure;
mod watch;

use playhouse_store::Owner;
use playhouse_wire::message::NoOwnerReason;

pub use caller::{Act, BACKOFF_FIRST_US, BACKOFF_MAX_US, Caller, Ended};
pub use lease::{LeaseStep, LeaseTerms, NodeLease};
pub use rules::{Rule, Rules};
pub use tenure::{Admission, Tenure};
pub use watch::{LeaseWatch, Watched};

/// An activation, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The node, in one of its lives.
    pub owner: Owner,
    /// The activation's number.
    pub epoch: u64,
}

/// Nobody runs the entity, and asking again would not help now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unplaced {
    /// Why.
    pub reason: NoOwnerReason,
    /// More about it, for whoever reads the failure.
    pub text: Option<String>,
}
