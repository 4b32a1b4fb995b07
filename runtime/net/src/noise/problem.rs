//! What can be wrong with what a peer sends.

use std::{fmt, io};

use super::preamble::put_refusal;

/// Why a handshake came to nothing, or a secured connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoiseError {
    /// The peer speaks without encryption.
    Plain,
    /// The peer that was dialled takes no encrypted connection.
    Unsealed,
    /// The connection failed; says how.
    Broken(Box<str>),
    /// The peer's offer is of a profile that there isn't.
    UnknownProfile(u8),
    /// This side has no key for the profile that the peer offers.
    NoKey,
    /// The handshake is not made with this side's key, or was changed on its way.
    OtherKey,
    /// The peer's ticket is none of ours, or expired.
    Ticket,
    /// The peer says why it refuses. Anyone on the way can say so too.
    Refused(Refusal),
    /// The handshake, a record or a datagram has too few bytes, or the stream ended in the middle of it.
    Truncated,
    /// The peer announces more bytes than are allowed.
    TooLong {
        /// How many.
        length: usize,
        /// The most allowed.
        max: usize,
    },
    /// The handshake took too long.
    TimedOut,
    /// A record or datagram was not made by the peer, or was changed, repeated or moved on its way.
    Forged,
    /// A datagram came again, or so late that nobody knows.
    Replayed,
    /// So many datagrams were forged that one more might pass.
    Worn,
    /// A number of records or bytes is used up, or the system has no randomness: none of which is to be met.
    Exhausted,
}

/// What a peer is told instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The offer is of no profile that it knows, or malformed.
    Malformed = 1,
    /// It has no key for the profile.
    NoKey = 2,
    /// The offer is not made with its key.
    OtherKey = 3,
    /// The ticket is none of its, or expired.
    Ticket = 4,
    /// Anything that this side doesn't know.
    Other = 255,
}

impl NoiseError {
    /// What the peer may be told of an offer that was refused for this: bytes to be sent instead of an answer.
    #[must_use]
    pub fn refusal(&self) -> Vec<u8> {
        put_refusal(match self {
            Self::NoKey => Refusal::NoKey,
            Self::OtherKey => Refusal::OtherKey,
            Self::Ticket => Refusal::Ticket,
            _ => Refusal::Malformed,
        })
    }
}

impl Refusal {
    pub(super) const fn of(number: u8) -> Self {
        match number {
            1 => Self::Malformed,
            2 => Self::NoKey,
            3 => Self::OtherKey,
            4 => Self::Ticket,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for NoiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str(
                "the peer speaks without encryption, which is not let in here: give it the server's public key, or a node \
                 the cluster's key",
            ),
            Self::Unsealed => f.write_str(
                "the peer takes no encrypted connections: configure its keys, or leave the key out here",
            ),
            Self::Broken(how) => write!(f, "the connection broke during the handshake: {how}"),
            Self::UnknownProfile(profile) => write!(
                f,
                "the peer offers a handshake of profile {profile}, which this program does not know: update it"
            ),
            Self::NoKey => f.write_str(
                "the peer offers a handshake for which this node has no key: configure `noise.server_key` for clients, \
                 `cluster_key` for nodes and tools",
            ),
            Self::OtherKey => f.write_str(
                "the handshake is not made with the same key: give both ends the same one, the server's public key to \
                 clients, `cluster_key` to nodes and tools",
            ),
            Self::Ticket => f.write_str("the ticket is unknown or expired: get a new one"),
            Self::Refused(refusal) => write!(f, "the peer refuses the handshake: {refusal}"),
            Self::Truncated => f.write_str(
                "the connection ended, or a message did, in the middle of what is encrypted: connect again",
            ),
            Self::TooLong { length, max } => write!(
                f,
                "the peer announces {length} encrypted bytes, at most {max} are allowed: it speaks another protocol"
            ),
            Self::TimedOut => f.write_str("the handshake took too long: try again"),
            Self::Forged => f.write_str(
                "what came is not what the peer encrypted: it was changed, repeated or moved on its way; connect again",
            ),
            Self::Replayed => f.write_str("a datagram came again or much too late: it is left out"),
            Self::Worn => {
                f.write_str("too many forged datagrams came for one key: connect again")
            }
            Self::Exhausted => {
                f.write_str("a key can't be used any further, or none made: connect again")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it does not know this kind of handshake, update the older of the two",
            Self::NoKey => {
                "it has no key for this kind of peer, configure `noise.server_key` there for clients, `cluster_key` for \
                 nodes and tools"
            }
            Self::OtherKey => {
                "its key is another one, take the server's public key from `playhouse keys` or the login, the cluster's \
                 from the configuration of its nodes"
            }
            Self::Ticket => "the ticket is unknown or expired, get a new one",
            Self::Other => "for a reason that this program does not know, update it",
        })
    }
}

impl std::error::Error for NoiseError {}

impl From<io::Error> for NoiseError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Broken(error.to_string().into()),
        }
    }
}

impl From<NoiseError> for io::Error {
    fn from(error: NoiseError) -> Self {
        let kind = match error {
            NoiseError::Truncated => io::ErrorKind::UnexpectedEof,
            NoiseError::TimedOut => io::ErrorKind::TimedOut,
            NoiseError::Refused(_) | NoiseError::Unsealed => io::ErrorKind::ConnectionRefused,
            NoiseError::Broken(_) => io::ErrorKind::ConnectionReset,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
