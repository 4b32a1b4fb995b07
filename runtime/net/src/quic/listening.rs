//! Listens for QUIC connections.

use std::{
    fmt,
    future::Future,
    io,
    net::{SocketAddr, UdpSocket},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use quinn::{
    Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime,
    crypto::rustls::QuicServerConfig,
};

use super::{FORM, INCOMING_MAX, PROTOCOL, UNPROVEN_MAX, bounds, refused, stream::Line};
use crate::{
    lazy::Lazy,
    listening::{self, Arrival},
    network::Transport,
    scheme::Scheme,
    tls::Certificates,
};

/// A socket with the connections of all that dial it.
pub struct Listening {
    endpoint: Endpoint,
    address: String,
    next: Pin<Box<dyn Future<Output = Option<Incoming>> + Send>>,
    /// Connections that were adopted and whose handshakes are not over.
    shaking: Arc<AtomicUsize>,
}

impl Listening {
    /// Listens at a socket that is bound, on the runtime whose thread asks, and shows these certificates.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(socket: UdpSocket, certificates: &Certificates) -> io::Result<Self> {
        let tls = certificates.server(PROTOCOL)?;
        let tls = QuicServerConfig::try_from(tls).map_err(refused)?;
        let mut config = ServerConfig::with_crypto(Arc::new(tls));
        config
            .transport_config(bounds(1))
            .max_incoming(INCOMING_MAX);
        let address = Scheme::Quic.at(socket.local_addr()?);
        let endpoint = Endpoint::new(
            EndpointConfig::default(),
            Some(config),
            socket,
            Arc::new(TokioRuntime),
        )?;
        Ok(Self {
            next: next(&endpoint),
            endpoint,
            address,
            shaking: Arc::default(),
        })
    }

    fn arrival(&self, incoming: Incoming) -> Arrival {
        let peer = incoming.remote_address();
        let shaking = Shaking::begin(&self.shaking);
        Arrival {
            peer,
            transport: Transport::Quic,
            adopt: Box::new(move || {
                let handshake = open(incoming, peer, shaking);
                Ok(Lazy::boxed(peer.to_string(), Transport::Quic, handshake))
            }),
        }
    }
}

/// Shakes hands on the thread that will have the connection.
async fn open(
    incoming: Incoming,
    peer: SocketAddr,
    shaking: Shaking,
) -> io::Result<Box<dyn crate::Stream>> {
    let connection = incoming.accept()?.await?;
    let (send, mut receive) = connection.accept_bi().await?;
    let mut form = [0];
    receive.read_exact(&mut form).await.map_err(refused)?;
    if form != [FORM] {
        return Err(refused(format!(
            "a stream of the form {form:?} is not known here"
        )));
    }
    drop(shaking);
    Line::boxed(connection, (send, receive), peer.to_string())
}

fn next(endpoint: &Endpoint) -> Pin<Box<dyn Future<Output = Option<Incoming>> + Send>> {
    let endpoint = endpoint.clone();
    Box::pin(async move { endpoint.accept().await })
}

impl listening::Listening for Listening {
    fn local_address(&self) -> &str {
        &self.address
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        loop {
            let Some(incoming) = ready!(self.next.as_mut().poll(cx)) else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            self.next = next(&self.endpoint);
            let crowded = self.shaking.load(Ordering::Relaxed) >= UNPROVEN_MAX;
            if crowded && !incoming.remote_address_validated() {
                // Whoever can't be asked again is refused by that.
                let _ = incoming.retry();
                continue;
            }
            return Poll::Ready(Ok(self.arrival(incoming)));
        }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quic::Listening({})", self.address)
    }
}

/// A handshake under way.
struct Shaking(Arc<AtomicUsize>);

impl Shaking {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Shaking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
