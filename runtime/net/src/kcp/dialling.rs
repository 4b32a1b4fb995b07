//! The first contact as a client has it.

use std::{io, net::SocketAddr};

use super::{
    connection::Connection,
    options::Options,
    packet::{Nonce, Packet, Refusal},
    security::{Offered, Trust},
};

/// How long an answer is waited for before the question is asked again, in milliseconds; then ever longer.
const ASK_AGAIN_MS_FIRST: u64 = 150;
/// How long at most.
const ASK_AGAIN_MS_MAX: u64 = 2_000;

/// Asks for a cookie, brings it back with a handshake, and ends in a [`Connection`]. Pure: it is told the time.
#[derive(Debug)]
pub(super) struct Dialling {
    nonce: Nonce,
    options: Options,
    server: SocketAddr,
    offered: Option<Offered>,
    offer: Vec<u8>,
    question: Vec<u8>,
    ask_ms: u64,
    wait_ms: u64,
}

impl Dialling {
    pub(super) fn new(
        nonce: Nonce,
        options: Options,
        trust: &Trust,
        server: SocketAddr,
    ) -> io::Result<Self> {
        let (offered, offer) = trust.offer(&nonce)?;
        let mut question = Vec::new();
        Packet::Hello { nonce }.write(&mut question);
        Ok(Self {
            nonce,
            options,
            server,
            offered: Some(offered),
            offer,
            question,
            ask_ms: 0,
            wait_ms: ASK_AGAIN_MS_FIRST,
        })
    }

    /// What is to be sent now, if anything.
    pub(super) fn ask(&mut self, now_ms: u64) -> Option<&[u8]> {
        if now_ms < self.ask_ms {
            return None;
        }
        self.ask_ms = now_ms + self.wait_ms;
        self.wait_ms = (self.wait_ms * 3 / 2).min(ASK_AGAIN_MS_MAX);
        Some(&self.question)
    }

    /// When the next question is due.
    pub(super) const fn poll_timeout(&self) -> u64 {
        self.ask_ms
    }

    /// Takes a datagram: the connection, once the server accepts.
    pub(super) fn handle(&mut self, bytes: &[u8]) -> io::Result<Option<Connection>> {
        match Packet::read(bytes) {
            // A second cookie after a while replaces one that may have gone stale.
            Some(Packet::Challenge { nonce, cookie }) if nonce == self.nonce => {
                let open = Packet::Open {
                    nonce,
                    cookie,
                    handshake: &self.offer,
                };
                open.write(&mut self.question);
                self.ask_ms = 0;
                self.wait_ms = ASK_AGAIN_MS_FIRST;
                Ok(None)
            }
            Some(Packet::Accept {
                nonce,
                id,
                handshake,
            }) if nonce == self.nonce => {
                let Some(offered) = self.offered.take() else {
                    return Ok(None);
                };
                let seal = offered.finish(handshake)?;
                let connection = Connection::new(id, seal, self.options, self.server);
                Ok(Some(connection.confirming()))
            }
            Some(Packet::Refuse { nonce, refusal }) if nonce == self.nonce => Err(io::Error::new(
                io::ErrorKind::ConnectionRefused,
                words(refusal),
            )),
            _ => Ok(None),
        }
    }
}

const fn words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Full => "the server has as many connections as it takes: try again later",
        Refusal::Other => "the server refused the connection: is it of a newer version?",
    }
}
