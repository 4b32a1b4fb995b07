//! Arena: a small online game on Playhouse, as an example to copy from.

pub mod avatar;
pub mod battle;
pub mod matchmaking;
pub mod seal;
pub mod tables;
