//! Arena over real sockets, by the client SDK: what players may do, and what they are refused.

mod bag;
mod battle;
mod chat;
mod game;
mod login;
mod progress;
mod queue;
mod social;
