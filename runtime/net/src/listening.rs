//! Addresses that strangers come in at, and that another thread than theirs listens at.
//!
//! A [`Listener`](crate::Listener) is of one shard. A node listens for all its shards on its system's runtime instead,
//! looks at where each connection comes from before anything is spent on it, and has a shard adopt it.

use std::{
    fmt, io,
    net::SocketAddr,
    task::{Context, Poll},
};

use crate::network::{Adopt, Transport};

/// An address of a transport that finds its connections among the datagrams of one socket. It is polled on the runtime
/// that it was made on; its connections live wherever they are adopted.
pub trait Listening: fmt::Debug + Send {
    /// The address, with the port that was taken, in the form that `dial` takes.
    fn local_address(&self) -> &str;

    /// The next connection.
    ///
    /// # Errors
    ///
    /// What the network says. An error concerns the moment: go on after a pause.
    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>>;
}

/// A connection that nobody has taken yet. Dropping it refuses it, and costs next to nothing.
pub struct Arrival {
    /// Where it comes from.
    pub peer: SocketAddr,
    /// What carries it.
    pub transport: Transport,
    /// Takes it, on the thread that it will live on. Its stream is there at once: what handshake it has begins when it is
    /// read or written, so that whoever is slow at it costs a link that waits for its hello, and nobody else.
    pub adopt: Adopt,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrival({} from {})", self.transport, self.peer)
    }
}
