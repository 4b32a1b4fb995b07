//! The durable protocol, taken through every order of events.
//!
//! A [`World`] has nodes that run the real [`Activation`](playhouse_store::durable::Activation)s on the real
//! [`Documents`](playhouse_store::Documents), and a network that loses, doubles and delays. [`explore`] takes every
//! [`Step`] in every state, breadth first, until nothing new comes, and looks at each state: whether each item is in
//! exactly one place, whether what was acknowledged lasts, and, on a sample, whether everything comes to rest once no more goes wrong. A
//! [`Scenario`] bounds how often each thing may happen. A rule that is dropped must be found: the way to it is printed.
//!
//! What is not here: several copies of the store itself, and the time that anything takes.

mod explore;
mod scenario;
mod world;

pub use explore::explore;
pub use playhouse_explore_tests::{Found, Report};
pub use scenario::{Habit, Scenario, Without};
pub use world::{Step, World};
