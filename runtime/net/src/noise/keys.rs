//! Keys and their forms as text: base64 of 32 bytes. Secrets are never shown, and zeroed when they are dropped.

use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use snow::{
    params::DHChoice,
    resolvers::{CryptoResolver, DefaultResolver},
};
use zeroize::Zeroizing;

use super::Counts;

const KEY_BYTES: usize = 32;

/// What clients know a server by. Public: it stands in their programs, or comes with the address.
///
/// ```
/// use playhouse_net::noise::{PublicKey, ServerKey};
///
/// let key = ServerKey::generate()?;
/// let pinned: PublicKey = key.public_key().to_string().parse()?;
/// assert_eq!(pinned, key.public_key());
/// # Ok::<(), playhouse_net::noise::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; KEY_BYTES]);

/// The secret behind a [`PublicKey`]. Who has it is the server.
#[derive(Clone)]
pub struct ServerKey {
    secret: Zeroizing<[u8; KEY_BYTES]>,
    public: PublicKey,
}

/// The secret that the nodes of a cluster share. Who has it is a node, or a tool that may do all that a node may.
#[derive(Clone)]
pub struct ClusterKey(Zeroizing<[u8; KEY_BYTES]>);

/// The secret that a ticket names.
#[derive(Clone)]
pub struct TicketKey(Zeroizing<[u8; KEY_BYTES]>);

/// What a client shows besides the server's key, and the key that both derive from it. Cheap to clone.
#[derive(Clone)]
pub struct Ticket {
    pub(super) shown: Arc<[u8]>,
    pub(super) key: TicketKey,
}

/// Finds the key of a ticket; none if the ticket is none of ours, or expired.
pub type Tickets = Arc<dyn Fn(&[u8]) -> Option<TicketKey> + Send + Sync>;

/// What who answers handshakes has: a profile whose key is missing is refused. Cheap to clone.
#[derive(Clone, Default)]
pub struct Keys {
    /// For clients.
    pub server: Option<Arc<ServerKey>>,
    /// For clients that bring a ticket; they need the server's key too.
    pub tickets: Option<Tickets>,
    /// For nodes and tools.
    pub cluster: Option<Arc<ClusterKey>>,
    /// Counts what comes of handshakes and records with these keys.
    pub counts: Arc<Counts>,
}

/// Why a text or the system gives no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The text isn't base64 of 32 bytes.
    Malformed,
    /// The system has no randomness.
    NoRandomness,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "a key is 32 bytes as base64, which are 44 characters: `playhouse keys` makes one"
            }
            Self::NoRandomness => "the system has no randomness to make a key of: try again later",
        })
    }
}

impl std::error::Error for KeyError {}

impl PublicKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl ServerKey {
    /// A new one, of the system's randomness.
    ///
    /// # Errors
    ///
    /// If the system has none.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self::from_secret(random()?))
    }

    fn from_secret(secret: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let mut public = [0; KEY_BYTES];
        if let Some(mut dh) = DefaultResolver.resolve_dh(&DHChoice::Curve25519) {
            dh.set(&*secret);
            public.copy_from_slice(dh.pubkey());
        }
        Self {
            secret,
            public: PublicKey(public),
        }
    }

    /// What clients are to be given.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The secret as text, for the file that keeps it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        text(&self.secret)
    }

    pub(super) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }
}

impl ClusterKey {
    /// A new one, of the system's randomness.
    ///
    /// # Errors
    ///
    /// If the system has none.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self(random()?))
    }

    /// The secret as text, for the file that keeps it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        text(&self.0)
    }

    pub(super) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl TicketKey {
    /// The key of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl Ticket {
    /// A ticket of these bytes, at most [`TICKET_BYTES_MAX`](super::TICKET_BYTES_MAX), and its key.
    #[must_use]
    pub fn new(shown: &[u8], key: [u8; KEY_BYTES]) -> Self {
        Self {
            shown: shown.into(),
            key: TicketKey::from_bytes(key),
        }
    }
}

/// Bytes that nobody foresees.
fn random() -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let filled = DefaultResolver
        .resolve_rng()
        .map(|mut random| random.try_fill_bytes(&mut *bytes));
    match filled {
        Some(Ok(())) => Ok(bytes),
        _ => Err(KeyError::NoRandomness),
    }
}

fn text(bytes: &[u8; KEY_BYTES]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(bytes))
}

fn bytes(text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let bytes = Zeroizing::new(
        STANDARD
            .decode(text.trim())
            .map_err(|_| KeyError::Malformed)?,
    );
    let bytes = <[u8; KEY_BYTES]>::try_from(&**bytes).map_err(|_| KeyError::Malformed)?;
    Ok(Zeroizing::new(bytes))
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(Self(*bytes(text)?))
    }
}

impl FromStr for ServerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(Self::from_secret(bytes(text)?))
    }
}

impl FromStr for ClusterKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Ok(Self(bytes(text)?))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerKey(.., public {})", self.public)
    }
}

impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterKey(..)")
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(..)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("server", &self.server)
            .field("tickets", &self.tickets.is_some())
            .field("cluster", &self.cluster)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text() {
        let key = ServerKey::generate().unwrap();
        let again: ServerKey = key.reveal().parse().unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(again.secret(), key.secret());
        let key = ClusterKey::generate().unwrap();
        let again: ClusterKey = format!(" {}\n", *key.reveal()).parse().unwrap();
        assert_eq!(again.secret(), key.secret());
    }

    /// RFC 7748, section 6.1.
    #[test]
    fn a_public_key_is_its_secret_times_the_base_point() {
        let key: ServerKey = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
            .parse()
            .unwrap();
        assert_eq!(
            key.public_key().to_string(),
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
        );
    }

    #[test]
    fn two_keys_differ() {
        let keys = [(); 4].map(|()| ServerKey::generate().unwrap().public_key());
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let (server, cluster) = (
            ServerKey::generate().unwrap(),
            ClusterKey::generate().unwrap(),
        );
        let (server_text, cluster_text) = (server.reveal(), cluster.reveal());
        let keys = Keys {
            server: Some(Arc::new(server)),
            cluster: Some(Arc::new(cluster)),
            ..Keys::default()
        };
        let (key, ticket) = (
            TicketKey::from_bytes([7; 32]),
            Ticket::new(&[7; 3], [7; 32]),
        );
        let shown = format!("{keys:?} {keys:#?} {key:?} {ticket:?}");
        assert!(!shown.contains(&**server_text) && !shown.contains(&**cluster_text));
        assert!(!shown.contains("7, 7"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let short = STANDARD.encode([1; 31]);
        let long = STANDARD.encode([1; 33]);
        for wrong in ["", "password", &short, &long, "////"] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(KeyError::Malformed));
            assert!(wrong.parse::<ServerKey>().is_err());
            assert!(wrong.parse::<ClusterKey>().is_err());
        }
    }
}
