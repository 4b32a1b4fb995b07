//! A listener's socket: datagrams to the connections they belong to, new connections to who accepts them.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    net::UdpSocket,
    select,
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};

use super::{
    SCHEME,
    contact::{Came, Contact, ContactLimits},
    counts::{Count, Counts},
    line::{Gone, Inbound, Line, RECEIVE_BYTES, Socket},
    options::Options,
    packet::Packet,
    security::Security,
    stream,
};
use crate::{Arrival, Transport};

/// Datagrams that wait for a connection's thread; past them they are dropped, and sent again by the peer.
pub const CONNECTION_QUEUE_MAX: usize = 256;
/// Connections that wait to be accepted; past them clients go on asking.
pub const ARRIVALS_MAX: usize = 64;
/// What a listener's socket may hold until it is read, if the system allows.
const SOCKET_BYTES: usize = 4 * 1024 * 1024;
/// Datagrams that are read before other tasks have their turn.
const TURN_DATAGRAMS: usize = 256;

/// Gives the connections that come. Dropping it lets no more come; those that were accepted live on, and hold the address.
#[derive(Debug)]
pub struct Listening {
    arrivals: mpsc::Receiver<Arrival>,
    address: String,
}

/// Reads the socket of a listener and of its connections: [`run`](Self::run) it on a runtime that always has time.
#[derive(Debug)]
pub struct Pump {
    socket: Arc<UdpSocket>,
    contact: Contact,
    connections: HashMap<u64, mpsc::Sender<Inbound>>,
    arrivals: mpsc::Sender<Arrival>,
    tell_gone: mpsc::UnboundedSender<u64>,
    gone: mpsc::UnboundedReceiver<u64>,
    start: Instant,
    answer: Vec<u8>,
}

impl Listening {
    /// Listens on a socket that was bound, in the runtime of the thread that calls it, and counts what comes; nothing does
    /// before the pump runs.
    ///
    /// # Errors
    ///
    /// What the system says: no randomness, or a runtime without IO.
    pub fn new(
        socket: std::net::UdpSocket,
        security: Security,
        options: Options,
        limits: ContactLimits,
        counts: Counts,
    ) -> io::Result<(Self, Pump)> {
        socket.set_nonblocking(true)?;
        // As much as the system allows.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(SOCKET_BYTES);
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let contact = Contact::new(&secret, security, options, limits).counting(counts);
        let address = format!("{SCHEME}{}", socket.local_addr()?);
        let (arrive, arrivals) = mpsc::channel(ARRIVALS_MAX);
        let (tell_gone, gone) = mpsc::unbounded_channel();
        let pump = Pump {
            socket: Arc::new(UdpSocket::from_std(socket)?),
            contact,
            connections: HashMap::new(),
            arrivals: arrive,
            tell_gone,
            gone,
            start: Instant::now(),
            answer: Vec::new(),
        };
        Ok((Self { arrivals, address }, pump))
    }
}

impl crate::Listening for Listening {
    fn local_address(&self) -> &str {
        &self.address
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let arrival = ready!(self.arrivals.poll_recv(cx));
        // Its pump is gone, so its runtime is.
        Poll::Ready(arrival.ok_or_else(|| io::ErrorKind::ConnectionAborted.into()))
    }
}

impl Pump {
    /// Runs until the listener was dropped and its last connection is over.
    pub async fn run(mut self) {
        let mut bytes = [0; RECEIVE_BYTES];
        let mut closing = false;
        loop {
            select! {
                biased;
                Some(id) = self.gone.recv() => self.forget(id),
                () = self.arrivals.closed(), if !closing => closing = true,
                received = self.socket.recv_from(&mut bytes) => {
                    let mut received = received;
                    for _ in 0..TURN_DATAGRAMS {
                        // Errors are what routers say of datagrams that were sent.
                        if let Ok((count, from)) = received {
                            self.handle(from, bytes.get(..count).unwrap_or_default(), closing);
                        }
                        received = self.socket.try_recv_from(&mut bytes);
                        if received.is_err() {
                            break;
                        }
                    }
                    tokio::task::yield_now().await;
                }
            }
            if closing && self.connections.is_empty() {
                return;
            }
        }
    }

    fn forget(&mut self, id: u64) {
        if self.connections.remove(&id).is_some() {
            self.contact.closed();
        }
    }

    fn handle(&mut self, from: SocketAddr, bytes: &[u8], closing: bool) {
        let id = match Packet::read(bytes) {
            Some(Packet::Data { id, .. }) => Some(id),
            _ => None,
        };
        if let Some(queue) = id.and_then(|id| self.connections.get(&id)) {
            match queue.try_send((from, bytes.to_vec())) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(_)) => self.contact.count(Count::Dropped),
            }
            return;
        }
        if closing {
            return;
        }
        let place = match (id, self.arrivals.try_reserve()) {
            (_, Ok(place)) => Some(place),
            (None, Err(_)) => None,
            (Some(_), Err(_)) => return self.contact.count(Count::Dropped),
        };
        let now_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match self.contact.handle(now_ms, from, bytes, &mut self.answer) {
            Came::Nothing => {}
            Came::Question => {
                // What the socket has no room for is lost, as on the network.
                let _ = self.socket.try_send_to(&self.answer, from);
            }
            Came::Opened(connection) => {
                let (queue, inbound) = mpsc::channel(CONNECTION_QUEUE_MAX);
                let id = connection.id();
                self.connections.insert(id, queue);
                let socket = Socket::Shared {
                    socket: Arc::clone(&self.socket),
                    inbound,
                    _gone: Gone {
                        id,
                        tell: self.tell_gone.clone(),
                    },
                };
                let line = Line::new(connection, socket, self.start);
                if let Some(place) = place {
                    place.send(Arrival {
                        peer: from,
                        transport: Transport::Kcp,
                        adopt: Box::new(move || stream::start(line, from.to_string())),
                    });
                }
            }
        }
    }
}
