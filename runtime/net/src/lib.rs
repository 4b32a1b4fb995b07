//! Links between nodes and clients, on tokio: transports, batching, pending calls, and the simulated network.
//!
//! Everything here lives on one shard's `LocalSet` and is `!Send`. Time comes from `tokio::time` alone and chance from a
//! [`Random`] that is handed in, so that under a paused clock and the [`sim`] network the same code is deterministic.
//!
//! This crate decides how bytes get to a peer and what becomes of a call when they don't. It knows nothing of entities,
//! shards or sessions: a [`LinkHandler`](link::LinkHandler) is told what arrived, a [`ReplySink`](link::ReplySink) what
//! became of a request. It spawns one task a link; for KCP also one a connection and one a listener.
//!
//! Read first: [`Network`], then [`Link`], then [`Links`].

pub mod kcp;
pub mod lazy;
pub mod link;
pub mod links;
pub mod listening;
pub mod network;
pub mod noise;
#[cfg(feature = "quic")]
pub mod quic;
pub mod random;
pub mod scheme;
pub mod sim;
pub mod tcp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "websocket")]
pub mod ws;

pub use kcp::Kcp;
pub use lazy::Lazy;
pub use link::Link;
pub use links::{Address, Links};
pub use listening::{Arrival, Listening};
pub use network::{
    Adopt, Datagrams, Handover, Listener, LocalBoxFuture, Network, Stream, Transport,
};
pub use random::Random;
pub use scheme::{Located, Scheme};
pub use tcp::Tcp;
