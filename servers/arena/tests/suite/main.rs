//! Arena by the client SDK: what players may do, and what they are refused. Over real sockets, but for `cluster`.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod account;
mod bag;
mod battle;
mod chat;
mod cluster;
mod game;
mod kept;
mod lobby;
mod login;
mod progress;
mod queue;
mod social;
mod up;
