//! Opens the addresses that a node listens at, by what stands in front of them.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use playhouse_net::{Located, Scheme, kcp};
use tokio::runtime::Handle;

use super::{Door, Speech};
use crate::node::problem::StartError;

/// An address that is taken, before the runtime that listens there has begun.
pub(in crate::node) struct Bound {
    socket: Socket,
    speech: Speech,
    /// As others dial it.
    address: String,
}

enum Socket {
    Tcp(TcpListener),
    Kcp(UdpSocket),
}

/// Whether nodes and tools can dial this address, which go over TCP.
pub(in crate::node) fn is_tcp(address: &str) -> bool {
    Located::of(address).is_ok_and(|it| it.scheme == Scheme::Tcp)
}

/// Takes an address.
///
/// # Errors
///
/// If it can't be had, or this program was built without what it begins with.
pub(in crate::node) fn bind(address: &str, speech: Speech) -> Result<Bound, StartError> {
    let problem = |error| StartError::Listen {
        address: address.to_owned(),
        error,
    };
    let located = Located::of(address).map_err(problem)?;
    let (socket, local) = match located.scheme {
        Scheme::Tcp => tcp(located.host).map_err(problem)?,
        Scheme::Kcp => udp(located.host).map_err(problem)?,
        scheme => return Err(problem(missing(scheme))),
    };
    Ok(Bound {
        socket,
        speech,
        address: format!("{}{}", located.scheme.at(local), located.path),
    })
}

fn tcp(host: &str) -> io::Result<(Socket, SocketAddr)> {
    let listener = TcpListener::bind(host)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok((Socket::Tcp(listener), local))
}

fn udp(host: &str) -> io::Result<(Socket, SocketAddr)> {
    let socket = UdpSocket::bind(host)?;
    let local = socket.local_addr()?;
    Ok((Socket::Kcp(socket), local))
}

fn missing(scheme: Scheme) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("this program was built without the transport of {scheme}://"),
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
            Socket::Tcp(listener) => Ok(Door::Tcp {
                listener: tokio::net::TcpListener::from_std(listener)?,
                speech: self.speech,
                dress: None,
            }),
            Socket::Kcp(socket) => {
                let security = kcp::Security::plain();
                let (options, limits) = (kcp::Options::FAST, kcp::ContactLimits::DEFAULT);
                let (listening, pump) = kcp::Listening::new(socket, security, options, limits)?;
                Handle::current().spawn(pump.run());
                Ok(Door::Datagrams(Box::new(listening)))
            }
        }
    }
}
