//! QUIC: one stream of bytes a connection, datagrams beside it, and TLS 1.3 around both.
//!
//! A client opens one bidirectional stream and nobody opens another. Its connection may move to another address of the
//! client without anybody above noticing. Nothing here judges whether a peer lives: the link's heartbeat does, as for
//! every transport. What a stranger may have kept is bounded: [`WINDOW_BYTES`], [`DATAGRAM_BYTES_KEPT`],
//! [`INCOMING_MAX`]; past [`UNPROVEN_MAX`] handshakes each new address has to prove first that it is one.

mod listening;
mod network;
mod stream;

use std::{io, sync::Arc};

use quinn::{TransportConfig, VarInt};

pub use listening::Listening;
pub use network::Network;

/// What both sides say they speak.
pub const PROTOCOL: &[u8] = b"playhouse/1";

/// The first byte of a client's stream: the rest are the link's.
pub const FORM: u8 = 1;

/// Most bytes of a connection that were sent and not read, each way: 256 KiB.
pub const WINDOW_BYTES: u32 = 256 * 1024;

/// Most bytes of datagrams that wait, each way: 32 KiB. What doesn't fit displaces older ones.
pub const DATAGRAM_BYTES_KEPT: usize = 32 * 1024;

/// Most connections that nobody has looked at yet: 256.
pub const INCOMING_MAX: usize = 256;

/// With so many handshakes under way a new address has to show that it receives what is sent to it: 64.
pub const UNPROVEN_MAX: usize = 64;

/// The bounds of a connection of which the peer may open so many streams.
fn bounds(streams: u32) -> Arc<TransportConfig> {
    let mut bounds = TransportConfig::default();
    bounds
        .max_concurrent_bidi_streams(VarInt::from_u32(streams))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(WINDOW_BYTES))
        .receive_window(VarInt::from_u32(WINDOW_BYTES))
        .send_window(WINDOW_BYTES.into())
        .datagram_receive_buffer_size(Some(DATAGRAM_BYTES_KEPT))
        .datagram_send_buffer_size(DATAGRAM_BYTES_KEPT)
        // Who is silent for how long is gone: that the link judges, and nobody beside it.
        .max_idle_timeout(None)
        .keep_alive_interval(None);
    Arc::new(bounds)
}

fn refused(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_string())
}
