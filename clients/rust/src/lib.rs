//! The client runtime of Playhouse for Rust: what generated client SDKs run on.
//!
//! A [`Client`] is one link to a node and, once it is [opened](Client::open), one session there. It lives on one thread,
//! inside of a tokio `LocalSet` or of a `main` with `#[tokio::main(flavor = "local")]`, and its clones are the same
//! client. Calls go through generated proxies:
//! [`Client::service`] for what is open to guests, [`Client::entity`] for the entity that is bound to the session. What
//! the server sends comes to [`Client::on`], what it asks to [`Client::answer`].
//!
//! ```no_run
//! # use std::net::IpAddr;
//! use arena_bots::SCHEMA;
//! use arena_bots::account::{ClientInfo, Login};
//! use arena_bots::common::Region;
//! use arena_bots::world::{Avatar, AvatarConfirmArgs, InventoryChangedArgs};
//! use playhouse_client::Client;
//!
//! # async fn play() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect(&SCHEMA, "127.0.0.1:7000").await?;
//! client.on(|changed: InventoryChangedArgs| println!("place {:?} changed", changed.slot));
//! client.answer(|asked: AvatarConfirmArgs| async move { asked.text.contains("sure") });
//!
//! let info = ClientInfo { version: "1.0".into(), region: Region::Europe, language: "en".into() };
//! let grant = client.service::<Login>().enter_as_guest(playhouse_client::Uuid([7; 16]), info).await?;
//! client.open(&grant.token.0).await?;
//! client.entity::<Avatar>().chat().say(arena_bots::world::Channel::Nearby, "hello".to_owned().into()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Failures are those of the server: a [`Failure`] says whether the call may have taken effect, a [`CallError`] holds
//! what the handler threw instead. A lost link fails every call that waits, and [`Client::closed`] says so; connecting
//! anew is up to the caller. This crate never calls again by itself what may have been executed.
//!
//! Limits: [`ANSWERS_MAX`] client rpcs at once; those of the link are [`playhouse_net::link::QueueLimits`].

mod answers;
mod builder;
mod calling;
mod client;
mod events;
mod handler;
mod origin;
mod proxy;
mod schema;

#[doc(hidden)]
pub mod __private;

pub use answers::ANSWERS_MAX;
pub use builder::Builder;
pub use calling::Calling;
pub use client::Client;
pub use origin::Origin;
pub use playhouse::{
    Arguments, Bytes, CallError, Duration, EntityKey, EntityRef, Executed, Failure, FailureKind,
    Ref, Timestamp, Uuid, math,
};
pub use playhouse_net::link::{CloseReason, QueueLimits};
pub use playhouse_net::{Network, Random, Tcp};
pub use playhouse_wire::message::{GoAwayReason, SessionReason};
