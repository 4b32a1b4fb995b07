//! Encryption of links that have none of their own: the Noise protocol, revision 34, on the crate `snow`.
//!
//! Three profiles, all of one offer and one answer, so that who answers keeps nothing between them:
//!
//! | profile | pattern | who knows what before |
//! |---|---|---|
//! | [`Profile::Client`] | `Noise_NK_25519_ChaChaPoly_BLAKE2s` | the client has the server's public key; the server knows nothing of the client |
//! | [`Profile::Ticket`] | `Noise_NKpsk2_25519_ChaChaPoly_BLAKE2s` | besides, a ticket names a key that both have |
//! | [`Profile::Cluster`] | `Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s` | both have the cluster's key |
//!
//! [`Handshake`] and [`answer`] turn bytes into bytes and end in a [`Secured`], which becomes [`Records`] on a stream or
//! [`Datagrams`] where messages may be lost, doubled and overtaken. None of them reads a clock or does IO. Their keys for
//! one handshake come from the system, in the simulation too: chance that can be foreseen would be no secret, and nothing
//! depends on it but the bytes that an eavesdropper sees.
//!
//! [`accept`] and [`Network`] are their shell: encrypted streams over streams of any network.
//!
//! Read first: [`Handshake`], then [`Records`].

use std::time::Duration;

mod accept;
mod counts;
mod datagrams;
mod dial;
mod handshake;
mod keys;
mod preamble;
mod problem;
mod records;
mod secured;
mod stream;

pub use accept::{Accepted, Policy, accept};
pub use counts::{Counted, Counts};
pub use datagrams::{DATAGRAM_OVERHEAD, Datagrams, FORGED_MAX, REPLAY_WINDOW};
pub use dial::Network;
pub use handshake::{Answered, Handshake, TICKET_BYTES_MAX, answer};
pub use keys::{ClusterKey, KeyError, Keys, PublicKey, ServerKey, Ticket, TicketKey, Tickets};
pub use preamble::{MAGIC, OFFER_BYTES_MAX, Profile, answer_length, lane_of, offer_length};
pub use problem::{NoiseError, Refusal};
pub use records::{RECORD_BYTES_MAX, RECORD_OVERHEAD, Records};
pub use secured::Secured;

/// How long a handshake may take on either side.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
