//! Arena: the reference game of Playhouse, and an example to copy from. It uses nothing but the public facade.
//!
//! - [`avatar`]: a player between battles, one file a component: walking, bag, money, friends, chat, quests, letters
//!   and the seat in line.
//! - [`account`]: logging in, and what is kept of a player apart from the game.
//! - [`lobby`]: who is near whom and who is online.
//! - [`matchmaking`]: queues that form matches, and what becomes of a match.
//! - [`battle`]: placing battles, fighting them twenty steps a second, and settling them.
//! - [`app`]: all of it on a node; read this one first.
//! - [`process`] and [`up`]: a node as a process, and all nodes of a configuration on one machine.
//!
//! Rules are plain functions over plain values ([`avatar::bag`], [`battle::field`], [`matchmaking::forming`]); entities
//! check who asks, call the rules, and tell the others.

pub mod account;
pub mod app;
pub mod avatar;
pub mod battle;
pub mod lobby;
pub mod matchmaking;
pub mod process;
pub mod tables;
pub mod up;

mod away;
mod clock;

/// The examples of the page on growing, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/growing.md")]
struct Growing;

/// The examples of the page on persistence, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/persistence.md")]
struct Persistence;
