//! Datagrams as they stand on the network: the four of the first contact, and those that carry data.
//!
//! ```text
//! 1 hello      "PHK1" | nonce 8 | zeros to 64 bytes             client
//! 2 challenge  nonce 8 | cookie 20                              server, which remembers nothing
//! 3 open       nonce 8 | cookie 20 | handshake                  client
//! 4 accept     nonce 8 | id 8 | handshake                       server
//! 5 data       id 8 | sealed: counter 8, what it carries, tag   both
//! 6 refuse     nonce 8 | reason 1                               server
//! ```
//! The first byte says which it is. No answer of a server is longer than what it answers.

use super::cookie::{COOKIE_BYTES, Cookie};
use crate::noise::{DATAGRAM_OVERHEAD, OFFER_BYTES_MAX};

/// What a hello begins with after its kind: a datagram of something else is none.
const MAGIC: &[u8; 4] = b"PHK1";
/// A hello's bytes: more than a challenge's, so that a server is no amplifier.
const HELLO_BYTES: usize = 64;
/// Bytes of a handshake's message at most.
pub(super) const HANDSHAKE_BYTES_MAX: usize = OFFER_BYTES_MAX;
/// What comes before the sealed part of a data datagram.
const DATA_HEADER_BYTES: usize = 1 + 8;
/// The byte inside that says what the rest is.
const INNER_BYTES: usize = 1;
/// All that a data datagram has beside what it carries.
pub(super) const DATA_OVERHEAD_BYTES: usize = DATA_HEADER_BYTES + DATAGRAM_OVERHEAD + INNER_BYTES;

/// The client's choice for one dialling.
pub(super) type Nonce = [u8; 8];

/// Why a server won't have a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It has as many as it may.
    Full,
    /// Anything that this side doesn't know.
    Other,
}

impl Refusal {
    const fn code(self) -> u8 {
        match self {
            Self::Full => 1,
            Self::Other => u8::MAX,
        }
    }

    const fn of(code: u8) -> Self {
        match code {
            1 => Self::Full,
            _ => Self::Other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Hello {
        nonce: Nonce,
    },
    Challenge {
        nonce: Nonce,
        cookie: Cookie,
    },
    Open {
        nonce: Nonce,
        cookie: Cookie,
        handshake: &'a [u8],
    },
    Accept {
        nonce: Nonce,
        id: u64,
        handshake: &'a [u8],
    },
    Data {
        id: u64,
        sealed: &'a [u8],
    },
    Refuse {
        nonce: Nonce,
        refusal: Refusal,
    },
}

impl<'a> Packet<'a> {
    /// What a datagram is; none if it is nothing of ours.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        if kind == 5 {
            let (id, sealed) = rest.split_first_chunk::<8>()?;
            let id = u64::from_le_bytes(*id);
            return Some(Self::Data { id, sealed });
        }
        if kind == 1 {
            let rest = rest.strip_prefix(MAGIC)?;
            let nonce = *rest.first_chunk()?;
            return (bytes.len() >= HELLO_BYTES).then_some(Self::Hello { nonce });
        }
        let (&nonce, rest) = rest.split_first_chunk()?;
        match kind {
            2 => Some(Self::Challenge {
                nonce,
                cookie: *rest.first_chunk()?,
            }),
            3 => {
                let (&cookie, handshake) = rest.split_first_chunk::<COOKIE_BYTES>()?;
                (handshake.len() <= HANDSHAKE_BYTES_MAX).then_some(Self::Open {
                    nonce,
                    cookie,
                    handshake,
                })
            }
            4 => {
                let (id, handshake) = rest.split_first_chunk::<8>()?;
                (handshake.len() <= HANDSHAKE_BYTES_MAX).then_some(Self::Accept {
                    nonce,
                    id: u64::from_le_bytes(*id),
                    handshake,
                })
            }
            6 => Some(Self::Refuse {
                nonce,
                refusal: Refusal::of(*rest.first()?),
            }),
            _ => None,
        }
    }

    /// Writes the datagram, in place of what `out` had.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        match *self {
            Self::Hello { nonce } => {
                out.push(1);
                out.extend_from_slice(MAGIC);
                out.extend_from_slice(&nonce);
                out.resize(HELLO_BYTES, 0);
            }
            Self::Challenge { nonce, cookie } => {
                out.push(2);
                out.extend_from_slice(&nonce);
                out.extend_from_slice(&cookie);
            }
            Self::Open {
                nonce,
                cookie,
                handshake,
            } => {
                out.push(3);
                out.extend_from_slice(&nonce);
                out.extend_from_slice(&cookie);
                out.extend_from_slice(handshake);
            }
            Self::Accept {
                nonce,
                id,
                handshake,
            } => {
                out.push(4);
                out.extend_from_slice(&nonce);
                out.extend_from_slice(&id.to_le_bytes());
                out.extend_from_slice(handshake);
            }
            Self::Data { id, sealed } => {
                put_data_header(id, out);
                out.extend_from_slice(sealed);
            }
            Self::Refuse { nonce, refusal } => {
                out.push(6);
                out.extend_from_slice(&nonce);
                out.push(refusal.code());
            }
        }
    }
}

/// Begins a data datagram, behind which what is sealed is put.
pub(super) fn put_data_header(id: u64, out: &mut Vec<u8>) {
    out.clear();
    out.push(5);
    out.extend_from_slice(&id.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let (nonce, cookie) = ([7; 8], [9; COOKIE_BYTES]);
        let handshake: &[u8] = b"hand";
        let mut out = Vec::new();
        for packet in [
            Packet::Hello { nonce },
            Packet::Challenge { nonce, cookie },
            Packet::Open {
                nonce,
                cookie,
                handshake,
            },
            Packet::Accept {
                nonce,
                id: 1,
                handshake,
            },
            Packet::Data {
                id: 1,
                sealed: b"x",
            },
            Packet::Refuse {
                nonce,
                refusal: Refusal::Full,
            },
            Packet::Refuse {
                nonce,
                refusal: Refusal::Other,
            },
        ] {
            packet.write(&mut out);
            assert_eq!(Packet::read(&out), Some(packet));
        }
    }

    #[test]
    fn a_short_hello_is_none_so_that_no_answer_is_longer() {
        let mut out = Vec::new();
        Packet::Hello { nonce: [1; 8] }.write(&mut out);
        let hello = out.clone();
        Packet::Challenge {
            nonce: [1; 8],
            cookie: [0; COOKIE_BYTES],
        }
        .write(&mut out);
        assert!(out.len() <= hello.len());
        assert_eq!(Packet::read(&hello[..hello.len() - 1]), None);
    }

    #[test]
    fn other_datagrams_are_none() {
        for bytes in [
            &b""[..],
            b"\x01PHK2",
            b"GET / HTTP/1.1",
            b"\x05\0\0",
            b"\x09",
        ] {
            assert_eq!(Packet::read(bytes), None);
        }
        let long = [3; 1 + 8 + COOKIE_BYTES + HANDSHAKE_BYTES_MAX + 1];
        assert_eq!(Packet::read(&long), None);
        assert!(Packet::read(&long[1..]).is_some());
    }
}
