//! By what bots come: where nodes listen for them, and what they dial with.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Result;
use arena_bots::networks::{self, Certificate};
use clap::ValueEnum;
use playhouse::node::{ClusterKey, NodeBuilder, NodeConfig, PublicKey, ServerKey};
use playhouse_client::{Network, Scheme};
use serde_json::{Value, json};

use crate::arguments::Arguments;

/// What carries links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Carrier {
    Tcp,
    Kcp,
    Ws,
    Wss,
    Quic,
}

/// The doors of the game, and their keys.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    carriers: Vec<Carrier>,
    certificate: Option<(Certificate, PathBuf)>,
    keys: Option<Keys>,
}

/// What links are encrypted with, made anew each time: bots are given the public one.
#[derive(Debug, Clone)]
struct Keys {
    server: ServerKey,
    cluster: ClusterKey,
}

/// The files of a certificate, in its folder.
const CHAIN: &str = "chain.pem";
const KEY: &str = "key.pem";

impl Carrier {
    /// Whether this program was built with it.
    pub(crate) const fn is_built_in(self) -> bool {
        matches!(self, Self::Tcp | Self::Kcp)
            || networks::HAS_TRANSPORTS && arena::process::HAS_TRANSPORTS
    }

    /// Where a node listens for it.
    pub(crate) fn address(self, port: u16) -> String {
        match self {
            Self::Tcp => format!("127.0.0.1:{port}"),
            Self::Kcp => format!("kcp://127.0.0.1:{port}"),
            Self::Ws => format!("ws://127.0.0.1:{port}/play"),
            Self::Wss => format!("wss://127.0.0.1:{port}/play"),
            Self::Quic => format!("quic://127.0.0.1:{port}"),
        }
    }
}

impl Doors {
    /// As it is asked for; a certificate that is needed goes into `folder`.
    pub(crate) fn new(arguments: &Arguments, folder: &Path) -> Result<Self> {
        let mut carriers = arguments.transports.clone();
        carriers.sort_unstable();
        carriers.dedup();
        let shows = |carrier: &Carrier| matches!(carrier, Carrier::Wss | Carrier::Quic);
        let certificate = match carriers.iter().any(shows) {
            true => {
                let made = Certificate::new()?;
                fs::write(folder.join(CHAIN), &made.chain)?;
                fs::write(folder.join(KEY), &made.key)?;
                Some((made, folder.to_owned()))
            }
            false => None,
        };
        let keys = match arguments.plain {
            true => None,
            false => Some(Keys {
                server: ServerKey::generate()?,
                cluster: ClusterKey::generate()?,
            }),
        };
        Ok(Self {
            carriers,
            certificate,
            keys,
        })
    }

    /// By what bots come.
    pub(crate) fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    /// Has a node listen for all of it, on ports that are free.
    pub(crate) fn open(&self, node: NodeBuilder) -> Result<NodeBuilder> {
        let carriers = self.carriers.iter();
        let node = carriers.fold(node, |node, carrier| node.listen(carrier.address(0)));
        let section = json!({ "tls": self.tls(), "noise": self.noise() });
        let section: NodeConfig = serde_json::from_value(section)?;
        Ok(node.configure(&section)?)
    }

    /// The key by which bots know the nodes, as a node's section has it: who does not use it is not let in.
    pub(crate) fn noise(&self) -> Option<Value> {
        let keys = self.keys.as_ref()?;
        Some(json!({ "server_key": *keys.server.reveal(), "require": true }))
    }

    /// The key of the links between nodes, as a node's section has it.
    pub(crate) fn cluster_key(&self) -> Option<String> {
        let keys = self.keys.as_ref()?;
        Some(keys.cluster.reveal().to_string())
    }

    /// What bots know the nodes by; none if they play plainly.
    pub(crate) fn server_key(&self) -> Option<PublicKey> {
        let keys = self.keys.as_ref()?;
        Some(keys.server.public_key())
    }

    /// The certificate, as a node's section of a configuration has it.
    pub(crate) fn tls(&self) -> Option<Value> {
        let (_, folder) = self.certificate.as_ref()?;
        Some(json!({ "certificate": folder.join(CHAIN), "key": folder.join(KEY) }))
    }

    /// What bots dial with.
    pub(crate) fn networks(&self) -> Result<Vec<(Scheme, Rc<dyn Network>)>> {
        let certificate = self
            .certificate
            .as_ref()
            .map(|(certificate, _)| certificate);
        Ok(networks::networks(certificate)?)
    }
}
