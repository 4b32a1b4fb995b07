//! Dialling with a handshake.

use std::{fmt, io, rc::Rc, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{
    ClusterKey, Counts, HANDSHAKE_TIMEOUT, Handshake, NoiseError, PublicKey, Records, Ticket,
    answer_length, preamble::ANSWER_PREAMBLE, stream::Sealed,
};
use crate::network::{self, Listener, LocalBoxFuture, Stream};

/// Another network, whose streams are encrypted when they were dialled. Those of transports that are encrypted themselves
/// stay as they are if the peer is known by a public key.
///
/// Streams that a listener accepts are not: give them to [`accept`](super::accept).
#[derive(Clone)]
pub struct Network {
    inner: Rc<dyn network::Network>,
    key: Key,
    counts: Arc<Counts>,
}

#[derive(Clone)]
enum Key {
    Server(PublicKey),
    Ticket(PublicKey, Ticket),
    Cluster(Arc<ClusterKey>, u32),
}

impl Network {
    /// For a client of servers that have this key.
    #[must_use]
    pub fn client(inner: Rc<dyn network::Network>, server: PublicKey) -> Self {
        Self::new(inner, Key::Server(server))
    }

    /// For a client of servers that have this key, with a ticket of theirs: nobody who has the server's key alone can read
    /// or pose.
    #[must_use]
    pub fn with_ticket(inner: Rc<dyn network::Network>, server: PublicKey, ticket: Ticket) -> Self {
        Self::new(inner, Key::Ticket(server, ticket))
    }

    /// For a node or a tool of the cluster. `lane` is told in the clear, so that the peer can choose a shard; 0 for none.
    #[must_use]
    pub fn cluster(inner: Rc<dyn network::Network>, key: Arc<ClusterKey>, lane: u32) -> Self {
        Self::new(inner, Key::Cluster(key, lane))
    }

    fn new(inner: Rc<dyn network::Network>, key: Key) -> Self {
        Self {
            inner,
            key,
            counts: Arc::default(),
        }
    }

    fn offer(&self) -> Result<(Handshake, Vec<u8>), NoiseError> {
        match &self.key {
            Key::Server(key) => Handshake::client(key, &[]),
            Key::Ticket(key, ticket) => Handshake::with_ticket(key, ticket, &[]),
            Key::Cluster(key, lane) => Handshake::cluster(key, *lane, &[]),
        }
    }

    async fn handshake(&self, stream: &mut dyn Stream) -> Result<Records, NoiseError> {
        let (handshake, offer) = self.offer()?;
        stream.write_all(&offer).await?;
        stream.flush().await?;
        let mut answer = vec![0; ANSWER_PREAMBLE];
        stream.read_exact(&mut answer).await?;
        let length = answer_length(&answer).map_err(|error| match error {
            NoiseError::Plain => NoiseError::Unsealed,
            error => error,
        })?;
        answer.resize(length.unwrap_or(ANSWER_PREAMBLE), 0);
        let rest = answer.get_mut(ANSWER_PREAMBLE..).unwrap_or_default();
        stream.read_exact(rest).await?;
        Ok(handshake.finish(&answer)?.into_records())
    }
}

impl network::Network for Network {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let mut stream = self.inner.dial(address).await?;
            if stream.binding().is_some() && !matches!(self.key, Key::Cluster(..)) {
                return Ok(stream);
            }
            let handshake = timeout(HANDSHAKE_TIMEOUT, self.handshake(&mut *stream)).await;
            let records = handshake.unwrap_or(Err(NoiseError::TimedOut))?;
            let sealed: Box<dyn Stream> =
                Box::new(Sealed::new(stream, records, Arc::clone(&self.counts)));
            Ok(sealed)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.inner.listen(address)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.key {
            Key::Server(_) => "noise::Network::client",
            Key::Ticket(..) => "noise::Network::with_ticket",
            Key::Cluster(..) => "noise::Network::cluster",
        };
        f.debug_tuple(kind).field(&self.inner).finish()
    }
}
