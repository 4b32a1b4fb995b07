//! KCP: a reliable stream over UDP that sends lost segments again sooner than TCP does, and single datagrams beside it.
//!
//! What is on the network, from outside to inside: datagrams of the first contact and of connections (`packet.rs`), the
//! latter sealed ([`Security`]); inside one [`Conversation`], which makes a stream of segments, and single datagrams.
//! [`Contact`] and [`Connection`] are pure; a [`Pump`] reads a listener's socket, and each connection is driven on the
//! thread that took it up.
//!
//! A server keeps nothing of who has not brought back a cookie from the address he says he has, and answers nothing with
//! more than it got. There is no heartbeat here: that is the link's.

mod connection;
mod contact;
mod conversation;
mod cookie;
mod counts;
mod dialling;
mod line;
mod listening;
mod options;
mod packet;
mod seal;
mod security;
mod segment;
mod stream;
#[cfg(test)]
mod tests;

use std::{future::poll_fn, io, net::SocketAddr};

use tokio::{
    net::{UdpSocket, lookup_host},
    task::{spawn_local, yield_now},
    time::{Duration, Instant, timeout_at},
};

pub use self::{
    connection::{Connection, DATAGRAMS_UNREAD_MAX, SILENCE_MS_MAX, State},
    contact::{Came, Contact, ContactLimits},
    conversation::Conversation,
    cookie::COOKIE_SLOT_MS,
    counts::{Count, Counts},
    listening::{ARRIVALS_MAX, CONNECTION_QUEUE_MAX, Listening, Pump},
    options::Options,
    packet::Refusal,
    security::{Security, Trust},
    segment::SEGMENT_HEADER_BYTES,
    stream::LINGER,
};
use self::{
    dialling::Dialling,
    line::{Line, RECEIVE_BYTES, Socket},
};
use crate::network::{Listener, LocalBoxFuture, Network, Stream};

/// How long a dialled server is asked. Links give up sooner.
pub const DIAL_TIME_MAX: Duration = Duration::from_secs(20);
/// What a client's socket may hold until it is read, if the system allows.
const SOCKET_BYTES: usize = 1024 * 1024;
/// What addresses may begin with.
const SCHEME: &str = "kcp://";

/// The network of the machine, by KCP: `kcp://host:port`, or `host:port`.
#[derive(Debug, Clone)]
pub struct Kcp {
    options: Options,
    trust: Trust,
    security: Security,
}

impl Kcp {
    /// Dials servers that are known like this; what is listened to is plain.
    #[must_use]
    pub const fn new(options: Options, trust: Trust) -> Self {
        Self {
            options,
            trust,
            security: Security::plain(),
        }
    }

    /// Listens with this.
    #[must_use]
    pub fn listening(mut self, security: Security) -> Self {
        self.security = security;
        self
    }
}

impl Network for Kcp {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let host = address.strip_prefix(SCHEME).unwrap_or(address);
            let mut last = io::ErrorKind::NotFound.into();
            for server in lookup_host(host).await? {
                match dial(self, server).await {
                    Ok(line) => return stream::start(line, address.to_owned()),
                    Err(error) => last = error,
                }
            }
            Err(last)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let host = address.strip_prefix(SCHEME).unwrap_or(address);
            // The task of a listener that was just dropped lets go of its address in its turn.
            yield_now().await;
            let socket = UdpSocket::bind(host).await?.into_std()?;
            let limits = ContactLimits::DEFAULT;
            let (listening, pump) = Listening::new(
                socket,
                self.security.clone(),
                self.options,
                limits,
                Counts::default(),
            )?;
            spawn_local(pump.run());
            let listener: Box<dyn Listener> = Box::new(KcpListener(listening));
            Ok(listener)
        })
    }
}

#[derive(Debug)]
struct KcpListener(Listening);

impl Listener for KcpListener {
    fn local_address(&self) -> &str {
        crate::Listening::local_address(&self.0)
    }

    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let arrival = poll_fn(|cx| crate::Listening::poll_arrival(&mut self.0, cx)).await?;
            (arrival.adopt)()
        })
    }
}

async fn dial(kcp: &Kcp, server: SocketAddr) -> io::Result<Line> {
    let here: SocketAddr = match server {
        SocketAddr::V4(_) => ([0; 4], 0).into(),
        SocketAddr::V6(_) => ([0; 16], 0).into(),
    };
    let socket = UdpSocket::bind(here).await?;
    // As much as the system allows.
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(SOCKET_BYTES);
    socket.connect(server).await?;
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce)?;
    let start = Instant::now();
    let mut dialling = Dialling::new(nonce, kcp.options, &kcp.trust, server)?;
    let mut bytes = [0; RECEIVE_BYTES];
    while start.elapsed() < DIAL_TIME_MAX {
        let now_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(question) = dialling.ask(now_ms) {
            socket.send(question).await?;
        }
        let until = start + Duration::from_millis(dialling.poll_timeout());
        if let Ok(received) = timeout_at(until, socket.recv(&mut bytes)).await
            && let Some(connection) = dialling.handle(bytes.get(..received?).unwrap_or_default())?
        {
            let socket = Socket::Own(socket);
            return Ok(Line::new(Box::new(connection), socket, start));
        }
    }
    let words = format!("{server} did not answer within {DIAL_TIME_MAX:?}");
    Err(io::Error::new(io::ErrorKind::TimedOut, words))
}
