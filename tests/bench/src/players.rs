//! Clients, as games have them, and what breaks their connections.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result};
use playhouse_client::network::{Datagrams, Handover, Listener, LocalBoxFuture, Stream, Transport};
use playhouse_client::{Builder, Client, Network, PublicKey, Scheme, Tcp};
use playhouse_net::{quic, tls, ws};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::SCHEMA;
use crate::client::bench::Avatar;
use crate::client::bench::AvatarProxy;
use crate::lobby::pass;

/// Whom clients trust: a server's key, and the certificate at a path.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    /// None: they speak plainly.
    pub key: Option<PublicKey>,
    /// For QUIC and WebSocket over TLS.
    pub chain: Option<Vec<u8>>,
}

/// A client of every transport.
///
/// # Errors
///
/// If the certificate can't be read.
pub fn builder(trusted: &Trusted) -> Result<Builder> {
    let mut builder = Client::builder(&SCHEMA);
    if let Some(key) = trusted.key {
        builder = builder.server_key(key);
    }
    let webs = match &trusted.chain {
        Some(chain) => {
            let trust = tls::Trust::pem(chain)?;
            let quic = Rc::new(quic::Network::trusting(trust.clone()));
            builder = builder.transport(Scheme::Quic, quic);
            let webs = Rc::new(ws::Network::trusting(trust));
            builder = builder.transport(Scheme::Wss, Rc::clone(&webs) as Rc<dyn Network>);
            webs
        }
        None => Rc::new(ws::Network::new()),
    };
    Ok(builder.transport(Scheme::Ws, webs))
}

/// The client of an account, with a session.
///
/// # Errors
///
/// If the server does not take it.
pub async fn enter(builder: Builder, address: &str, number: u64) -> Result<(Client, AvatarProxy)> {
    let client = builder.connect(address).await?;
    client.open(&pass(number)).await.context("no session")?;
    let avatar = client.entity::<Avatar>();
    Ok((client, avatar))
}

/// TCP whose connection is cut when it is said to: both ends see that it is over.
#[derive(Clone, Default)]
pub struct Cutting(Rc<Cut>);

#[derive(Default)]
struct Cut {
    /// How often it was cut so far.
    count: Cell<u64>,
    /// Who reads.
    reader: RefCell<Option<Waker>>,
}

impl Cutting {
    /// Cuts what is connected now.
    pub fn cut(&self) {
        self.0.count.set(self.0.count.get() + 1);
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }
}

impl Network for Cutting {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream: Box<dyn Stream> = Box::new(Cuttable {
                stream: Tcp.dial(address).await?,
                cut: Rc::clone(&self.0),
                made_at: self.0.count.get(),
            });
            Ok(stream)
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Tcp.listen(address)
    }
}

struct Cuttable {
    stream: Box<dyn Stream>,
    cut: Rc<Cut>,
    made_at: u64,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if self.cut.count.get() == self.made_at {
            Ok(())
        } else {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        *self.cut.reader.borrow_mut() = Some(cx.waker().clone());
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Stream for Cuttable {
    fn peer_address(&self) -> &str {
        self.stream.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.transport()
    }

    fn binding(&self) -> Option<&[u8]> {
        self.stream.binding()
    }

    fn datagrams(&self) -> Option<Rc<dyn Datagrams>> {
        self.stream.datagrams()
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl fmt::Debug for Cutting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cutting({})", self.0.count.get())
    }
}

impl fmt::Debug for Cuttable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
