//! Sessions, taken through every order of events: the machines of `playhouse_wire::session` themselves, not a model of them.
//!
//! A [`World`] has a client, links that break, gates, links between nodes, two homes, and an attacker who replays what he has
//! recorded. [`explore`] takes every step in every state. What must be true is in `world/check.rs`; `docs/sessions.md` has the
//! rules, each of which can be dropped to see what it is for.

mod aside;
mod latest;
mod scenario;
mod walk;
mod world;

pub use aside::{AsideStep, AsideWorld};
pub use latest::{LatestStep, LatestWorld};
pub use playhouse_explore_tests::{Found, Report, explore};
pub use scenario::{Budget, Scenario};
pub use walk::{ENDS, LONG, Lived, walk};
pub use world::{Step, World};
