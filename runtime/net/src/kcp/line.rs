//! A connection with the socket that carries it: the part that moves from thread to thread.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::ReadBuf,
    net::UdpSocket,
    sync::mpsc,
    time::{Duration, Instant},
};

use super::connection::Connection;

/// Longer datagrams are cut, and are nobody's then.
pub(super) const RECEIVE_BYTES: usize = 2_048;

/// A datagram for a connection, and where it came from.
pub(super) type Inbound = (SocketAddr, Vec<u8>);

/// Tells the listener that a connection is over.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) id: u64,
    pub(super) tell: mpsc::UnboundedSender<u64>,
}

impl Drop for Gone {
    fn drop(&mut self) {
        // Nobody listens any more: then nobody needs to know.
        let _ = self.tell.send(self.id);
    }
}

/// Where datagrams come from and go to.
#[derive(Debug)]
pub(super) enum Socket {
    /// A client's own.
    Own(UdpSocket),
    /// The same between two threads.
    Moving(std::net::UdpSocket),
    /// A listener's, which many connections share.
    Shared {
        socket: Arc<UdpSocket>,
        inbound: mpsc::Receiver<Inbound>,
        _gone: Gone,
    },
}

/// A connection and its socket. Dropped, it tells the peer.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) connection: Box<Connection>,
    socket: Option<Socket>,
    /// The connection's time begins here.
    start: Instant,
}

impl Line {
    pub(super) fn new(connection: Box<Connection>, socket: Socket, start: Instant) -> Self {
        Self {
            connection,
            socket: Some(socket),
            start,
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When a time of the connection is.
    pub(super) fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Makes it one that any thread can take up.
    pub(super) fn detached(mut self) -> io::Result<Self> {
        self.socket = match self.socket.take() {
            Some(Socket::Own(socket)) => Some(Socket::Moving(socket.into_std()?)),
            socket => socket,
        };
        Ok(self)
    }

    /// Makes it one of this thread's runtime.
    pub(super) fn attached(mut self) -> io::Result<Self> {
        self.socket = match self.socket.take() {
            Some(Socket::Moving(socket)) => Some(Socket::Own(UdpSocket::from_std(socket)?)),
            socket => socket,
        };
        Ok(self)
    }

    /// Takes the next datagram that has come; an error if none can come any more.
    pub(super) fn poll_handle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now_ms = self.now_ms();
        match &mut self.socket {
            Some(Socket::Own(socket)) => {
                let mut bytes = [0; RECEIVE_BYTES];
                let mut buffer = ReadBuf::new(&mut bytes);
                // Errors are what routers say of datagrams that were sent, and anyone can say it in their name.
                if ready!(socket.poll_recv(cx, &mut buffer)).is_ok() {
                    let from = self.connection.path();
                    self.connection.handle_packet(now_ms, from, buffer.filled());
                }
                Poll::Ready(Ok(()))
            }
            Some(Socket::Shared { inbound, .. }) => match ready!(inbound.poll_recv(cx)) {
                Some((from, bytes)) => {
                    self.connection.handle_packet(now_ms, from, &bytes);
                    Poll::Ready(Ok(()))
                }
                None => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            },
            Some(Socket::Moving(_)) | None => Poll::Pending,
        }
    }

    /// Sends what there is to be sent now. What the socket has no room for is lost, as on the network.
    pub(super) fn flush(&mut self) {
        let now_ms = self.now_ms();
        let socket = &self.socket;
        self.connection.flush(now_ms, |to, bytes| {
            let _ = match socket {
                Some(Socket::Own(socket)) => socket.try_send(bytes),
                Some(Socket::Moving(socket)) => socket.send(bytes),
                Some(Socket::Shared { socket, .. }) => socket.try_send_to(bytes, to),
                None => Ok(0),
            };
        });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connection.close();
        self.flush();
    }
}
