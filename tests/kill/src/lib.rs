//! Arena killed with `kill -9` at random moments, and a checker that nothing is lost or doubled.
//!
//! [`Rounds`] runs the game as a process of its own on an embedded store, has players trade, mail, be paid and fight, kills
//! it, starts it again and looks: the sums must be the same, and all that was acknowledged must be there. Some rounds end it
//! with SIGTERM instead, after which nothing at all may be missing.
//!
//! [`ClusterRounds`] does the same to a cluster of processes on etcd and MongoDB's protocol, of which not only nodes are killed.
//!
//! `cargo run -p playhouse-kill-tests --bin kill -- --rounds 60` is the soak, and `kill -- cluster --rounds 60` that of a cluster;
//! `cargo test -p playhouse-kill-tests` does a few rounds of each.

mod audit;
mod book;
mod cashier;
mod cluster;
mod player;
mod rounds;
mod server;

pub use cluster::{ClusterReport, ClusterRounds, Trouble};
pub use rounds::{Report, Rounds};
pub use server::{Serve, rule, serve};
