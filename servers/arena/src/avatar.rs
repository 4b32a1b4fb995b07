//! A player, as long as they are not in battle: one file a component.

pub mod bag;
pub mod quests;
