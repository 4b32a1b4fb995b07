//! The keys of a node, as a configuration gives them or a developer's node makes them.

use std::path::Path;
use std::str::FromStr;
use std::{fmt, io};

use playhouse_config::Secret;
use playhouse_net::noise::{KeyError, ServerKey};
use serde::Deserialize;

use super::{ConfigureError, NodeConfig};
use crate::login::TokenKeys;
use crate::node::{NodeBuilder, secrets};

/// The file in a node's folder that keeps the key which it made.
const SERVER_KEY_FILE: &str = "server.key";

/// The file beside it that keeps the secret of tokens which it made.
const TOKEN_SECRET_FILE: &str = "token.secret";

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
            let text = kept(folder, SERVER_KEY_FILE, secret)?;
            let key = text.reveal().parse();
            self = self.server_key(key.map_err(|error| unkept(folder, SERVER_KEY_FILE, &error))?);
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
        let secrets = match (&config.token_secrets, config.mode, folder) {
            (Some(secrets), ..) => secrets.clone(),
            (None, Some(Mode::Production), _) if config.login_http.is_some() => {
                return Err(ConfigureError::NoKey("token_secrets"));
            }
            (None, Some(Mode::Dev), Some(folder)) => {
                vec![kept(folder, TOKEN_SECRET_FILE, secret)?]
            }
            (None, ..) => return Ok(self),
        };
        let secrets = secrets.iter().map(Secret::reveal);
        Ok(self.tokens(TokenKeys::new(secrets).map_err(ConfigureError::Tokens)?))
    }
}

fn parsed<K: FromStr<Err = KeyError>>(name: &'static str, text: &str) -> Result<K, ConfigureError> {
    text.parse()
        .map_err(|error| ConfigureError::Key { name, error })
}

/// 32 bytes that nobody foresees, as text.
fn secret() -> io::Result<String> {
    let key = ServerKey::generate().map_err(io::Error::other)?;
    Ok(format!("{}\n", *key.reveal()))
}

/// What stands in a file of a folder; if there is none, what is made now.
pub(super) fn kept(
    folder: &Path,
    file: &str,
    make: impl FnOnce() -> io::Result<String>,
) -> Result<Secret<String>, ConfigureError> {
    let text = secrets::kept(folder, file, make).map_err(|error| unkept(folder, file, &error))?;
    Ok(Secret::new(text.trim().to_owned()))
}

fn unkept(folder: &Path, file: &str, error: &dyn fmt::Display) -> ConfigureError {
    ConfigureError::Keep {
        path: folder.join(file),
        error: error.to_string(),
    }
}
