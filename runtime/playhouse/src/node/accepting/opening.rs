//! Opens the addresses that a node listens at, by what stands in front of them.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use playhouse_net::kcp::{self, ContactLimits, Options, Security};
use playhouse_net::{Located, Scheme};
use tokio::runtime::Handle;

use super::{Door, Dress, Speech};
use crate::node::builder::Policy;
use crate::node::problem::StartError;

/// An address that is taken, before the runtime that listens there has begun.
pub(in crate::node) struct Bound {
    socket: Socket,
    /// As others dial it.
    address: String,
}

enum Socket {
    Tcp {
        listener: TcpListener,
        speech: Speech,
        dress: Option<Dress>,
    },
    Kcp(UdpSocket, Security, kcp::Counts),
    #[cfg(feature = "quic")]
    Quic(UdpSocket, playhouse_net::tls::Certificates),
}

/// What the listeners of a node share.
pub(in crate::node) struct Opening {
    security: Security,
    counts: kcp::Counts,
    #[cfg(feature = "websocket")]
    origins: Vec<String>,
    #[cfg(feature = "tls")]
    pub(in crate::node) shown: Option<super::Shown>,
}

/// Whether nodes and tools can dial this address, which go over TCP.
pub(in crate::node) fn is_tcp(address: &str) -> bool {
    Located::of(address).is_ok_and(|it| it.scheme == Scheme::Tcp)
}

impl Opening {
    /// What a node was told of it.
    ///
    /// # Errors
    ///
    /// If its certificate can't be read.
    pub(in crate::node) fn new(policy: &Policy) -> Result<Self, StartError> {
        let keys = policy.keys.clone();
        let security = match (keys.server.is_some(), policy.encrypted) {
            (true, true) => Security::sealed(keys),
            (true, false) => Security::sealed(keys).or_plain(),
            // Clients who are not encrypted are refused with their hello, if they must be.
            (false, _) => Security::plain(),
        };
        Ok(Self {
            security,
            counts: policy.kcp.clone(),
            #[cfg(feature = "websocket")]
            origins: policy.origins.clone(),
            #[cfg(feature = "tls")]
            shown: policy.tls.as_ref().map(super::Shown::read).transpose()?,
        })
    }

    /// Says what clients know the node by.
    pub(in crate::node) fn tell(&self, node: &str, policy: &Policy) {
        if let Some(key) = &policy.keys.server {
            let public_key = key.public_key();
            tracing::info!(node, %public_key, "clients that are encrypted know the node by its public key");
        }
        #[cfg(feature = "tls")]
        if let Some(certificate) = self
            .shown
            .as_ref()
            .and_then(|it| it.certificates().fingerprint())
        {
            tracing::info!(node, sha256 = %certificate, "the node shows this certificate");
        }
    }

    /// Takes an address.
    ///
    /// # Errors
    ///
    /// If it can't be had, this program was built without what it begins with, or it needs a certificate and there is none.
    pub(in crate::node) fn bind(&self, address: &str, speech: Speech) -> Result<Bound, StartError> {
        let problem = |error| StartError::Listen {
            address: address.to_owned(),
            error,
        };
        let located = Located::of(address).map_err(problem)?;
        let (socket, local) = self.take(located, speech).map_err(problem)?;
        Ok(Bound {
            socket,
            address: format!("{}{}", located.scheme.at(local), located.path),
        })
    }

    fn take(&self, located: Located<'_>, speech: Speech) -> io::Result<(Socket, SocketAddr)> {
        let dress = match located.scheme {
            Scheme::Tcp => None,
            #[cfg(feature = "websocket")]
            Scheme::Ws => Some(self.websocket(located.path)),
            #[cfg(all(feature = "websocket", feature = "tls"))]
            Scheme::Wss => Some(self.websocket_over_tls(located.path)?),
            Scheme::Kcp => {
                let socket = UdpSocket::bind(located.host)?;
                let local = socket.local_addr()?;
                let (security, counts) = (self.security.clone(), self.counts.clone());
                return Ok((Socket::Kcp(socket, security, counts), local));
            }
            #[cfg(feature = "quic")]
            Scheme::Quic => {
                let socket = UdpSocket::bind(located.host)?;
                let local = socket.local_addr()?;
                return Ok((Socket::Quic(socket, self.shown()?), local));
            }
            scheme => return Err(missing(scheme)),
        };
        let listener = TcpListener::bind(located.host)?;
        listener.set_nonblocking(true)?;
        let local = listener.local_addr()?;
        let socket = Socket::Tcp {
            listener,
            speech,
            dress,
        };
        Ok((socket, local))
    }

    /// What is asked of those who come by WebSocket at this path.
    #[cfg(feature = "websocket")]
    fn rules(&self, path: &str) -> playhouse_net::ws::Rules {
        playhouse_net::ws::Rules {
            path: (!path.is_empty()).then(|| path.to_owned()),
            origins: self.origins.clone(),
        }
    }

    #[cfg(feature = "websocket")]
    fn websocket(&self, path: &str) -> Dress {
        use playhouse_net::{Lazy, ws};

        let rules = self.rules(path);
        std::sync::Arc::new(move |stream| {
            let (peer, carried) = (stream.peer_address().to_owned(), Scheme::Ws.transport());
            Lazy::boxed(peer, carried, ws::accept(stream, rules.clone()))
        })
    }

    #[cfg(all(feature = "websocket", feature = "tls"))]
    fn websocket_over_tls(&self, path: &str) -> io::Result<Dress> {
        use playhouse_net::{Lazy, ws};

        let (rules, acceptor) = (self.rules(path), self.shown()?.acceptor()?);
        Ok(std::sync::Arc::new(move |stream| {
            let (peer, carried) = (stream.peer_address().to_owned(), Scheme::Wss.transport());
            let (rules, acceptor) = (rules.clone(), acceptor.clone());
            Lazy::boxed(peer, carried, async move {
                ws::accept(acceptor.accept(stream).await?, rules).await
            })
        }))
    }

    #[cfg(all(feature = "tls", any(feature = "websocket", feature = "quic")))]
    fn shown(&self) -> io::Result<playhouse_net::tls::Certificates> {
        let shown = self.shown.as_ref().map(|it| it.certificates().clone());
        shown.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the node has no certificate to show there: give it one with `.tls(..)`, or `tls` in its configuration, or say \
                 `\"mode\": \"dev\"` there on a developer's machine",
            )
        })
    }
}

fn missing(scheme: Scheme) -> io::Error {
    let features = match scheme {
        Scheme::Ws => "`websocket`",
        Scheme::Wss => "`websocket` and `tls`",
        Scheme::Quic => "`quic`",
        _ => "of that transport",
    };
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!(
            "this program was built without {scheme}: build it with the feature {features} of `playhouse`"
        ),
    )
}

impl Bound {
    /// Where it is, as others dial it.
    pub(in crate::node) fn address(&self) -> &str {
        &self.address
    }

    /// Begins to listen, on the runtime whose thread asks.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(in crate::node) fn open(self) -> io::Result<Door> {
        match self.socket {
            Socket::Tcp {
                listener,
                speech,
                dress,
            } => Ok(Door::Tcp {
                listener: tokio::net::TcpListener::from_std(listener)?,
                speech,
                dress,
            }),
            Socket::Kcp(socket, security, counts) => {
                let (options, limits) = (Options::FAST, ContactLimits::DEFAULT);
                let (listening, pump) =
                    kcp::Listening::new(socket, security, options, limits, counts)?;
                Handle::current().spawn(pump.run());
                Ok(Door::Datagrams(Box::new(listening)))
            }
            #[cfg(feature = "quic")]
            Socket::Quic(socket, shown) => {
                let listening = playhouse_net::quic::Listening::new(socket, &shown)?;
                Ok(Door::Datagrams(Box::new(listening)))
            }
        }
    }
}
