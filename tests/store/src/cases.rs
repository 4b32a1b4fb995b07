//! The cases, by what they are about.

pub mod claims;
pub mod commits;
pub mod histories;
pub mod lists;
pub mod unique;
pub mod values;
