//! Ports for a cluster on one machine, which stay its own while a node that has one is away.
//!
//! A port that the system gave to whoever asked for any is free again as soon as it is not used, and may be anybody's by the time
//! that its node is back. These are below those that systems give away (32,768 and up on Linux, 49,152 elsewhere), in
//! blocks, of which each belongs to whoever listens on its first port.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use anyhow::{Context, Result};

/// The first port of the first block.
const FIRST: u16 = 20_000;

/// Ports of a block, the one that holds it included.
const BLOCK: u16 = 32;

/// How many blocks there are: as many clusters run on one machine at most.
const BLOCKS: u16 = 390;

/// A block of ports of the loopback interface. It is given back when this is dropped.
#[derive(Debug)]
pub struct Ports {
    _held: TcpListener,
    next: u16,
    end: u16,
}

impl Ports {
    /// Takes a block that is nobody's.
    ///
    /// # Errors
    ///
    /// If all are taken.
    pub fn take() -> Result<Self> {
        // Not all begin to look at the same place.
        let start = (std::process::id() % u32::from(BLOCKS)) as u16;
        let mut blocks = (start..BLOCKS).chain(0..start);
        let taken = blocks.find_map(|block| {
            let first = FIRST + block * BLOCK;
            let held = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?;
            Some(Self {
                _held: held,
                next: first + 1,
                end: first + BLOCK,
            })
        });
        taken.context("all ports for clusters on this machine are taken: stop one of them")
    }

    /// The next port of the block on which nobody listens, over TCP and UDP.
    ///
    /// # Errors
    ///
    /// If there is none left: a block has 31.
    pub fn next_free(&mut self) -> Result<u16> {
        while self.next < self.end {
            let port = self.next;
            self.next += 1;
            let address = (Ipv4Addr::LOCALHOST, port);
            // Other programs may have ports here.
            if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
                return Ok(port);
            }
        }
        anyhow::bail!("no port of this cluster's block is left: run fewer nodes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_get_ports_of_their_own_until_there_are_none() {
        let (mut one, mut other) = (Ports::take().unwrap(), Ports::take().unwrap());
        let (mut given, mut last) = (Vec::new(), None);
        for ports in [&mut one, &mut other] {
            for _ in 0..BLOCK {
                match ports.next_free() {
                    Ok(port) => given.push(port),
                    Err(error) => last = Some(error),
                }
            }
        }
        let count = given.len();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), count);
        assert!(last.unwrap().to_string().contains("run fewer nodes"));
    }

    #[test]
    fn a_port_stays_ones_own_while_nobody_listens_on_it() {
        let mut ports = Ports::take().unwrap();
        let port = ports.next_free().unwrap();
        for _ in 0..3 {
            drop(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
            let others: Vec<_> = (0..50).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
            let taken = others.iter().flatten();
            assert!(
                taken
                    .flat_map(TcpListener::local_addr)
                    .all(|it| it.port() != port)
            );
        }
    }
}
