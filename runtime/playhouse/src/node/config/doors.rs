//! How clients come in, as a configuration has it.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ConfigureError, NodeConfig};
use crate::node::NodeBuilder;

/// The certificate that a node shows: two files of PEM, which are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TlsConfig {
    /// The certificate and those that signed it, its own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl NodeBuilder {
    /// Takes over what a configuration says of how clients come in.
    pub(super) fn open_doors(mut self, config: &NodeConfig) -> Result<Self, ConfigureError> {
        if let Some(files) = &config.tls {
            self = tls(self, files)?;
        }
        for origin in config.origins.iter().flatten() {
            self = from_origin(self, origin)?;
        }
        Ok(self)
    }
}

#[cfg(feature = "tls")]
fn tls(builder: NodeBuilder, files: &TlsConfig) -> Result<NodeBuilder, ConfigureError> {
    Ok(builder.tls(&files.certificate, &files.key))
}

#[cfg(not(feature = "tls"))]
fn tls(_builder: NodeBuilder, _files: &TlsConfig) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoTransport("tls", "tls"))
}

#[cfg(feature = "websocket")]
fn from_origin(builder: NodeBuilder, origin: &str) -> Result<NodeBuilder, ConfigureError> {
    Ok(builder.origin(origin))
}

#[cfg(not(feature = "websocket"))]
fn from_origin(_builder: NodeBuilder, _origin: &str) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoTransport("origins", "websocket"))
}
