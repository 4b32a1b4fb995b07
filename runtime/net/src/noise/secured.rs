//! What a handshake ends in: a key for each direction, and a name for both that nobody else has.

use std::fmt;

use snow::{HandshakeState, StatelessTransportState};

use super::{Datagrams, NoiseError, Records};

/// Bytes that encryption adds to a message: the tag by which it is known to be the peer's.
pub(super) const TAG: usize = 16;

/// The keys of a connection. Becomes [`Records`] or [`Datagrams`], whichever counts its messages.
pub struct Secured {
    transport: StatelessTransportState,
    binding: [u8; 32],
}

impl Secured {
    /// Of a handshake that is through.
    pub(super) fn of(state: HandshakeState) -> Result<Self, NoiseError> {
        let hash = state.get_handshake_hash().try_into();
        let binding = hash.map_err(|_| NoiseError::Exhausted)?;
        let transport = state.into_stateless_transport_mode();
        Ok(Self {
            transport: transport.map_err(|_| NoiseError::Exhausted)?,
            binding,
        })
    }

    /// What only the two ends of this connection know and no other connection has: the handshake's hash.
    #[must_use]
    pub const fn binding(&self) -> &[u8; 32] {
        &self.binding
    }

    /// For a stream: what is sealed is opened in the same order.
    #[must_use]
    pub const fn into_records(self) -> Records {
        Records::new(self)
    }

    /// For messages that may be lost, doubled and overtaken.
    #[must_use]
    pub const fn into_datagrams(self) -> Datagrams {
        Datagrams::new(self)
    }

    /// Encrypts `plain` as this side's message of number `nonce`, behind what is in `out`.
    pub(super) fn seal(
        &self,
        nonce: u64,
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), NoiseError> {
        let start = out.len();
        out.resize(start + plain.len() + TAG, 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let sealed = self.transport.write_message(nonce, plain, room);
        sealed.map_err(|_| {
            out.truncate(start);
            NoiseError::Exhausted
        })?;
        Ok(())
    }

    /// Decrypts the peer's message of number `nonce` into `out`, which has room for it; how many bytes it is.
    pub(super) fn open(
        &self,
        nonce: u64,
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<usize, NoiseError> {
        let opened = self.transport.read_message(nonce, sealed, out);
        opened.map_err(|_| NoiseError::Forged)
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured(..)")
    }
}
