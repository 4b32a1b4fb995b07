//! A port that stays free for the server that it is meant for, also while that is away.

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port on loopback that the system gives to nobody else for as long as this lives. A server listens on it by its number, as
/// often as it likes.
///
/// A port that is only looked up, and free again until its server listens, is sooner or later given to another connection of
/// this machine. This one is bound all the while and never listens, which the system lets a server pass that allows others at
/// its address (`SO_REUSEADDR`), as almost all do.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Bound for as long as this lives.
    _held: TcpSocket,
}

impl Port {
    /// Takes one that is free.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn take() -> Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self {
            number: held.local_addr()?.port(),
            _held: held,
        })
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn its_server_listens_again_and_again_and_nobody_is_given_it() {
        let port = Port::take().expect("a free port");
        for _ in 0..3 {
            let server = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number()));
            drop(server.expect("it is free for its server"));
        }
        let others: Vec<_> = (0..200).map_while(|_| Port::take().ok()).collect();
        assert!(others.iter().all(|other| other.number() != port.number()));
    }
}
