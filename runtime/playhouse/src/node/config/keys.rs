//! The keys of a node, as a configuration gives them or a developer's node makes them.

use std::io;
use std::path::Path;
use std::str::FromStr;

use playhouse_config::Secret;
use playhouse_net::noise::{KeyError, ServerKey};
use serde::Deserialize;

use super::{ConfigureError, NodeConfig};
use crate::node::{NodeBuilder, secrets};

/// The file in a node's folder that keeps the key which it made.
const SERVER_KEY_FILE: &str = "server.key";

/// What becomes of keys that a configuration does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// They are made when the node first starts, and kept in its folder. Nothing else is asked for.
    Dev,
    /// They are missing: the node does not start. Clients must use them unless it says otherwise.
    Production,
}

/// How clients of transports without encryption of their own are encrypted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NoiseConfig {
    /// See [`NodeBuilder::server_key`]: base64, as `playhouse keys` prints it. All nodes that clients reach have the same.
    pub server_key: Option<Secret<String>>,
    /// See [`NodeBuilder::require_encryption`]. True in production if nothing is said, else false.
    pub require: Option<bool>,
}

impl NodeBuilder {
    /// Takes over the keys of a configuration. `folder` is where the node keeps what it makes itself.
    pub(super) fn keys(
        mut self,
        config: &NodeConfig,
        folder: Option<&Path>,
    ) -> Result<Self, ConfigureError> {
        let production = config.mode == Some(Mode::Production);
        let noise = config.noise.as_ref();
        let given = noise.and_then(|noise| noise.server_key.as_ref());
        if let Some(key) = given {
            self = self.server_key(parsed("noise.server_key", key.reveal())?);
        } else if config.mode == Some(Mode::Dev) {
            let folder = folder.ok_or(ConfigureError::NoFolder)?;
            self = self.server_key(kept(folder)?);
        } else if production || noise.is_some() {
            return Err(ConfigureError::NoKey("noise.server_key"));
        }
        if (noise.and_then(|noise| noise.require)).unwrap_or(production) {
            self = self.require_encryption();
        }
        match &config.cluster_key {
            Some(key) => self = self.cluster_key(parsed("cluster_key", key.reveal())?),
            None if production && config.cluster.is_some() => {
                return Err(ConfigureError::NoKey("cluster_key"));
            }
            None => {}
        }
        Ok(self)
    }
}

fn parsed<K: FromStr<Err = KeyError>>(name: &'static str, text: &str) -> Result<K, ConfigureError> {
    text.parse()
        .map_err(|error| ConfigureError::Key { name, error })
}

/// The key in a folder; a new one if there is none.
fn kept(folder: &Path) -> Result<ServerKey, ConfigureError> {
    let problem = |error: &dyn std::fmt::Display| ConfigureError::Keep {
        path: folder.join(SERVER_KEY_FILE),
        error: error.to_string(),
    };
    let make = || {
        let key = ServerKey::generate().map_err(io::Error::other)?;
        Ok(format!("{}\n", *key.reveal()))
    };
    let text = secrets::kept(folder, SERVER_KEY_FILE, make).map_err(|error| problem(&error))?;
    text.parse().map_err(|error: KeyError| problem(&error))
}
