//! A game that clients have sessions with: a home that runs everybody's avatar, and a gate that runs nobody's.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use playhouse::login::Pass;
use playhouse::login::{Claims, TokenKeys, TokenKind};
use playhouse::node::{ClusterKey, NodeBuilder, PublicKey, Running, ServerKey};
use playhouse::{Cx, Ref, Timestamp, entity};
use tempfile::TempDir;

use crate::generated::bench::{Avatar, Message};
use crate::town::Town;

/// What passes are sealed with: these nodes and clients are nobody else's.
const SECRET: [u8; 32] = [7; 32];
/// A day, in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// Gives back what it is given.
#[derive(Debug, Default)]
#[entity(Avatar)]
pub struct AvatarLogic {
    props: Avatar,
}

#[entity(Avatar)]
impl AvatarLogic {
    #[rpc]
    async fn echo(&mut self, _cx: &mut Cx, message: Message) -> Message {
        message
    }
}

/// What nodes and clients have to know of each other.
pub struct Secrets {
    server: String,
    cluster: String,
    /// What clients pin.
    pub public: PublicKey,
    folder: TempDir,
}

impl Secrets {
    /// New keys, and a certificate for this machine.
    ///
    /// # Errors
    ///
    /// Without randomness, or a folder for temporary files.
    pub fn make() -> Result<Self> {
        let (server, cluster) = (ServerKey::generate()?, ClusterKey::generate()?);
        let folder = tempfile::tempdir()?;
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        fs::write(folder.path().join("chain.pem"), made.cert.pem())?;
        fs::write(
            folder.path().join("key.pem"),
            made.signing_key.serialize_pem(),
        )?;
        Ok(Self {
            server: server.reveal().to_string(),
            cluster: cluster.reveal().to_string(),
            public: server.public_key(),
            folder,
        })
    }

    /// Where the certificate is that clients trust.
    #[must_use]
    pub fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    /// The keys in words, for another process: the server's and the cluster's.
    #[must_use]
    pub fn reveal(&self) -> (&str, &str) {
        (&self.server, &self.cluster)
    }

    /// A node whose links, to clients and to other nodes, are encrypted.
    ///
    /// # Panics
    ///
    /// Never: the keys are whole.
    pub fn give(&self, node: NodeBuilder) -> NodeBuilder {
        let server = self.server.parse().expect("the key was made here");
        let cluster = self.cluster.parse().expect("the key was made here");
        let node = node.server_key(server).cluster_key(cluster);
        node.tls(self.chain(), self.folder.path().join("key.pem"))
    }
}

/// A db node, a home and a gate.
pub struct Lobby {
    /// Runs all avatars.
    pub home: Running,
    /// Runs none.
    pub gate: Running,
    /// Saves for them.
    pub town: Town,
}

impl Lobby {
    /// Starts the nodes, of so many shards each; their links are encrypted if there are secrets.
    ///
    /// # Errors
    ///
    /// If one does not start.
    pub fn start(secrets: Option<&Secrets>, shards: usize) -> Result<Self> {
        let with = |node| match secrets {
            Some(secrets) => secrets.give(node),
            None => node,
        };
        let town = Town::start(with)?;
        let at = town.address();
        let home = with(home(&at)).shards(shards);
        let home = home.build()?.start().context("the home does not start")?;
        let gate = with(gate(&at, "gate")).shards(shards);
        let gate = gate.build()?.start().context("the gate does not start")?;
        Ok(Self { home, gate, town })
    }

    /// Stops them.
    ///
    /// # Errors
    ///
    /// If one doesn't do so in order.
    pub fn stop(self) -> Result<()> {
        for node in [self.gate, self.home] {
            node.stop();
            node.wait().context("a node does not stop well")?;
        }
        Ok(())
    }
}

/// A node that runs avatars, of the cluster that is hosted at this address; not started yet.
pub fn home(at: &str) -> NodeBuilder {
    let node = Town::neighbour(at, "home");
    admitting(node).entity::<AvatarLogic>()
}

/// A node that runs none.
pub fn gate(at: &str, name: &str) -> NodeBuilder {
    admitting(Town::neighbour(at, name))
}

/// Lets in who has a [`pass`].
pub fn admitting(node: NodeBuilder) -> NodeBuilder {
    node.tokens(keys()).guests_per_address(u32::MAX)
}

fn keys() -> TokenKeys {
    TokenKeys::new([SECRET]).expect("the secret is long enough")
}

/// The pass of the account with this number, of a login at this moment: a later one takes an earlier one's place.
#[must_use]
pub fn pass(number: u64) -> Vec<u8> {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now_us = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let claims = Claims {
        entity: Ref::<Avatar>::to_entity([number.into()]).address().clone(),
        login_no: now_us.unsigned_abs(),
        issued: Timestamp(now_us),
        expires: Timestamp(now_us + DAY_US),
        kind: TokenKind::Login,
    };
    let (token, key) = keys().issue(&claims);
    Pass::join(&key, &token)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl fmt::Debug for Lobby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lobby").finish_non_exhaustive()
    }
}
