//! What a transport is: dialling, listening, and streams of bytes.

use std::{fmt, future::Future, io, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};

/// A boxed future of one shard.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A network as one host sees it: TCP, or a host of the simulated network.
///
/// Shared as `Rc<dyn Network>` by everything on a shard. Addresses are text, `host:port`.
pub trait Network: fmt::Debug {
    /// Opens a stream to `address`.
    ///
    /// May take as long as the network likes: whoever calls sets the limit.
    ///
    /// # Errors
    ///
    /// What the network says: refused, unknown host, unreachable.
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>>;

    /// Opens `address` for others to dial; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// What the network says: in use, not an address of this host, not allowed.
    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>>;
}

/// An address that others can dial. Dropping it closes the address; streams that were accepted live on.
pub trait Listener: fmt::Debug {
    /// The address, with the port that was taken, in the form that `dial` takes.
    fn local_address(&self) -> &str;

    /// Waits for the next stream. Dropping the future loses no stream.
    ///
    /// # Errors
    ///
    /// What the network says. Most errors concern one stream or the moment (too many open files): go on after a pause.
    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Stream>>>;
}

/// A reliable, ordered stream of bytes in both directions. Dropping it closes it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + fmt::Debug {
    /// Where the other end is, for logs and rules; not necessarily an address that can be dialled.
    fn peer_address(&self) -> &str;

    /// Lets go of the stream, so that another thread can take it up: one listener serves several shards.
    ///
    /// # Errors
    ///
    /// If the system refuses; the stream is closed then.
    fn hand_over(self: Box<Self>) -> io::Result<Handover>;
}

/// A stream between two shards.
#[derive(Debug)]
pub enum Handover {
    /// Any thread can take it up, with [`Tcp::adopt`](crate::Tcp::adopt).
    Tcp(std::net::TcpStream),
    /// It stays in its thread, in which all shards are: the simulated network's.
    Stays(Box<dyn Stream>),
}
