//! What a listener and a client demand of each other before they talk.

use std::{fmt, io, sync::Arc};

use super::{packet::Nonce, seal::Seal};
use crate::noise::{Handshake, Keys, NoiseError, PublicKey, Secured, Ticket, answer};

/// What a listener's connections are sealed with.
#[derive(Clone)]
pub struct Security {
    keys: Option<Keys>,
    plain: bool,
}

impl Security {
    /// Connections that are encrypted with these keys, and no others.
    #[must_use]
    pub const fn sealed(keys: Keys) -> Self {
        Self {
            keys: Some(keys),
            plain: false,
        }
    }

    /// Connections without encryption, and no others: everyone on the path reads and writes along.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            keys: None,
            plain: true,
        }
    }

    /// Takes connections without encryption besides.
    #[must_use]
    pub fn or_plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// The answer to a client's part of the handshake, and what seals the connection then.
    pub(super) fn answer(
        &self,
        nonce: &Nonce,
        handshake: &[u8],
    ) -> Result<(Seal, Vec<u8>), NoiseError> {
        if handshake.is_empty() && self.plain {
            return Ok((Seal::Plain, Vec::new()));
        }
        let keys = self.keys.as_ref().ok_or(NoiseError::NoKey)?;
        if handshake.is_empty() {
            keys.counts.problem(&NoiseError::Plain);
            return Err(NoiseError::Plain);
        }
        let answered = answer(keys, handshake, &context(nonce))?;
        let counts = Arc::clone(&keys.counts);
        let seal = Seal::noise(answered.secured.into_datagrams(), Some(counts));
        Ok((seal, answered.answer))
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security")
            .field("sealed", &self.keys.is_some())
            .field("plain", &self.plain)
            .finish()
    }
}

/// How a client knows the server.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Not at all: nothing is encrypted.
    #[default]
    Plain,
    /// By its key.
    Key(PublicKey),
    /// By its key, and by that of a ticket of it.
    Ticket(PublicKey, Ticket),
}

/// A client's part of the handshake, while it waits for the server's.
pub(super) enum Offered {
    Plain,
    Noise(Box<Handshake>),
}

impl Trust {
    /// The client's part, and its bytes.
    pub(super) fn offer(&self, nonce: &Nonce) -> io::Result<(Offered, Vec<u8>)> {
        let context = context(nonce);
        let (handshake, offer) = match self {
            Self::Plain => return Ok((Offered::Plain, Vec::new())),
            Self::Key(key) => Handshake::client(key, &context)?,
            Self::Ticket(key, ticket) => Handshake::with_ticket(key, ticket, &context)?,
        };
        Ok((Offered::Noise(Box::new(handshake)), offer))
    }
}

impl Offered {
    /// What seals the connection, by the server's answer.
    pub(super) fn finish(self, answer: &[u8]) -> io::Result<Seal> {
        match self {
            Self::Plain if answer.is_empty() => Ok(Seal::Plain),
            Self::Plain => {
                let words =
                    "the server takes no connections without encryption: give its public key";
                Err(io::Error::new(io::ErrorKind::ConnectionRefused, words))
            }
            Self::Noise(handshake) => {
                let secured: Secured = handshake.finish(answer)?;
                Ok(Seal::noise(secured.into_datagrams(), None))
            }
        }
    }
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Noise(_) => "Noise",
        })
    }
}

/// What both sides must agree on besides the keys.
fn context(nonce: &Nonce) -> Vec<u8> {
    [&b"kcp"[..], nonce].concat()
}
