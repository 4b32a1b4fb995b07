//! The cases.

pub mod locks;
pub mod members;
