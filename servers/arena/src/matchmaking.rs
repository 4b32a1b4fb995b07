//! Finding opponents: the service in front, a queue for each mode and region, and what becomes of a match.

pub mod forming;

mod maker;
mod offers;
mod queue;

pub use maker::MatchMakerLogic;
pub(crate) use offers::all;
pub use queue::MatchQueueLogic;
