//! Finding opponents.

pub mod forming;
