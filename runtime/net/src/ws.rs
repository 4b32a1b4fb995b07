//! WebSocket: a stream of bytes in binary messages, for browsers and for networks that let nothing else through.
//!
//! Messages are pieces of the stream: where one ends means nothing, and each side cuts as it likes. An empty message says
//! that its side will send no more, as the end of a TCP stream does; a close frame ends both. Text is refused. What a
//! stranger may send is bounded before anything is kept of it: [`UPGRADE_BYTES_MAX`], [`MESSAGE_BYTES_MAX`],
//! [`CONTROLS_MAX`].

mod network;
mod stream;
mod upgrade;

pub use network::Network;
pub use stream::{CONTROLS_MAX, MESSAGE_BYTES_MAX};
pub use upgrade::{Rules, UPGRADE_BYTES_MAX, accept};
