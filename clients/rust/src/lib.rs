//! The client runtime of Playhouse for Rust: what generated client SDKs run on.
//!
//! A [`Client`] is a guest on one link to a node and, once it is [opened](Client::open), a session, which outlives links: the
//! client gets another one by itself, and calls only wait a little longer. It lives on one thread,
//! inside of a tokio `LocalSet` or of a `main` with `#[tokio::main(flavor = "local")]`, and its clones are the same
//! client. Calls go through generated proxies:
//! [`Client::service`] for what is open to guests, [`Client::entity`] for the entity that is bound to the session. What
//! the server sends comes to [`Client::on`], what it asks to [`Client::answer`], how the session fares to
//! [`Client::on_state`].
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
//! what the handler threw instead. What a session took is executed once, however many links it has. When it is lost for good
//! ([`Client::closed`], [`Client::session_end`]) every call that waits fails with its own tag, and logging in anew is up to
//! the game, with a new client.
//! A guest's calls end with its link. This crate never calls again by itself what may have been executed.
//!
//! Limits: [`ANSWERS_MAX`] client rpcs at once; those of the link are [`playhouse_net::link::QueueLimits`], those of the
//! session [`SessionLimits`]: a call that finds its window full is refused at once, as not executed. A session without a
//! link tries again after [`RECONNECT_LEAST`] to [`RECONNECT_MOST`], and moves to another link if its own owes an answer for
//! [`MIGRATE_AFTER`].

mod answers;
mod builder;
mod calling;
mod calls;
mod client;
mod engine;
mod events;
mod line;
mod origin;
mod proxy;
mod race;
mod schema;
mod state;
mod transports;

#[doc(hidden)]
pub mod __private;

pub use answers::ANSWERS_MAX;
pub use builder::{Builder, MIGRATE_AFTER, RECONNECT_LEAST, RECONNECT_MOST};
pub use calling::Calling;
pub use client::Client;
pub use origin::Origin;
pub use playhouse::{
    Arguments, Bytes, CallError, Duration, EntityKey, EntityRef, Executed, Failure, FailureKind,
    Ref, Timestamp, Uuid, math,
};
pub use playhouse_net::link::{CloseReason, QueueLimits};
pub use playhouse_net::links::Backoff;
pub use playhouse_net::noise::PublicKey;
#[cfg(feature = "quic")]
pub use playhouse_net::quic;
#[cfg(feature = "tls")]
pub use playhouse_net::tls;
#[cfg(feature = "websocket")]
pub use playhouse_net::ws;
pub use playhouse_net::{Network, Random, Scheme, Tcp, Transport, kcp, network};
pub use playhouse_wire::message::{GoAwayReason, SessionReason};
pub use playhouse_wire::session::SessionLimits;
pub use state::{Closed, State};
pub use transports::Race;
