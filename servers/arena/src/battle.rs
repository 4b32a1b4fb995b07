//! Battles: where they are placed, how they run, and how players take part.

pub mod field;
pub mod rewards;
