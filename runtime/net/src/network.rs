//! What a transport is: dialling, listening, and streams of bytes.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite};

/// A boxed future of one shard.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A network as one host sees it: TCP, or a host of the simulated network.
///
/// Shared as `Rc<dyn Network>` by everything on a shard. Addresses are text, `host:port`, with the transport in front of it
/// where there are several: [`Transport`] has the forms.
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

/// The answer of a network of clients to [`Network::listen`].
#[cfg(any(feature = "websocket", feature = "quic"))]
pub(crate) fn only_dials(address: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{address} is listened at by a node, with `.listen(..)`, not by whoever dials"),
    )
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

    /// What carries it.
    fn transport(&self) -> Transport;

    /// What only the two ends of this stream know and no other stream has: the Noise handshake's hash, or the TLS
    /// exporter. None for a stream that isn't encrypted.
    fn binding(&self) -> Option<&[u8]> {
        None
    }

    /// Its unreliable side, if the transport has one.
    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        None
    }

    /// Lets go of the stream, so that another thread can take it up: one listener serves several shards.
    ///
    /// # Errors
    ///
    /// If the system refuses; the stream is closed then.
    fn hand_over(self: Box<Self>) -> io::Result<Handover>;
}

/// Messages beside a stream, to the same peer and under the same encryption, that may be lost, doubled and overtaken.
pub trait Datagrams: fmt::Debug {
    /// Most bytes of one now, which may change with the path.
    fn bytes_max(&self) -> usize;

    /// Sends one, or drops it: one that is too long, or for which there is no room.
    fn send(&self, bytes: &[u8]);

    /// The next that came; pending for ever once the stream is over. At most one task waits.
    fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Vec<u8>>;
}

/// What carries a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Transport {
    /// TCP: `tcp://host:port`, or `host:port`.
    Tcp,
    /// KCP over UDP: `kcp://host:port`.
    Kcp,
    /// WebSocket, plain or over TLS: `ws://host:port/path`, `wss://host:port/path`.
    WebSocket,
    /// QUIC: `quic://host:port`.
    Quic,
    /// The simulated network.
    Simulated,
}

impl Transport {
    /// As addresses, logs and metrics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Kcp => "kcp",
            Self::WebSocket => "ws",
            Self::Quic => "quic",
            Self::Simulated => "sim",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes a stream one of the runtime of the thread that calls it.
pub type Adopt = Box<dyn FnOnce() -> io::Result<Box<dyn Stream>> + Send>;

/// A stream between two shards.
pub struct Handover(Held);

enum Held {
    Moves(Adopt),
    Stays(Box<dyn Stream>),
}

impl Handover {
    /// A stream that any thread can take up: `adopt` makes it one of the thread's runtime.
    pub fn moving(adopt: impl FnOnce() -> io::Result<Box<dyn Stream>> + Send + 'static) -> Self {
        Self(Held::Moves(Box::new(adopt)))
    }

    /// A stream that stays in its thread, in which all shards are: the simulated network's.
    #[must_use]
    pub fn staying(stream: Box<dyn Stream>) -> Self {
        Self(Held::Stays(stream))
    }

    /// Takes the stream up, in the runtime of the thread that asks.
    ///
    /// # Errors
    ///
    /// What the system says: the connection is gone, or the runtime has no IO.
    pub fn adopt(self) -> io::Result<Box<dyn Stream>> {
        match self.0 {
            Held::Moves(adopt) => adopt(),
            Held::Stays(stream) => Ok(stream),
        }
    }

    /// The same with something around the stream, whichever thread takes it up.
    #[must_use]
    pub fn wrapped<S: Stream + 'static>(
        self,
        wrap: impl FnOnce(Box<dyn Stream>) -> S + Send + 'static,
    ) -> Self {
        match self.0 {
            Held::Moves(adopt) => Self::moving(move || Ok(Box::new(wrap(adopt()?)))),
            Held::Stays(stream) => Self::staying(Box::new(wrap(stream))),
        }
    }

    /// What another thread may take up; none for a stream that stays.
    #[must_use]
    pub fn into_adopt(self) -> Option<Adopt> {
        match self.0 {
            Held::Moves(adopt) => Some(adopt),
            Held::Stays(_) => None,
        }
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Held::Moves(_) => "Handover::moving",
            Held::Stays(_) => "Handover::staying",
        })
    }
}
