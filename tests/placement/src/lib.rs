//! Placement and leases, taken through every order of events.
//!
//! A [`World`] has nodes that run the real [`Caller`](playhouse_cluster::placement::Caller)s,
//! [`Tenure`](playhouse_cluster::placement::Tenure)s and [`NodeLease`](playhouse_cluster::placement::NodeLease)s on one record of a store, and links
//! that break with what is on them. [`explore`] takes every step in every state, breadth first, until nothing new comes, and looks
//! at each state: whether the call that starts does so where the entity is, once, in order; whether what a caller is told is
//! true; and, on a sample, whether every call ends once nothing fails any more. A [`Scenario`] bounds how often each thing may happen.
//! A rule that is dropped must be found: the way to it is printed.
//!
//! In a [`World`] a lease holds or it doesn't. That a revoked one never does is explored with clocks, in a [`LeaseWorld`] of
//! its own: real [`NodeLease`](playhouse_cluster::placement::NodeLease)s, real [`LeaseWatch`](playhouse_cluster::placement::LeaseWatch)es, and clocks that differ in speed.

mod leases;
mod scenario;
mod world;

pub use leases::{LeaseMove, LeaseScenario, LeaseWorld};
pub use playhouse_explore_tests::{Found, Model, Report, explore};
pub use scenario::{Budget, Scenario, Without};
pub use world::{Step, World};
