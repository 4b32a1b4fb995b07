//! How clients come in, as a configuration has it.

use std::path::PathBuf;

use playhouse_config::Time;
use serde::Deserialize;

use super::{ConfigureError, Network, NodeConfig};
use crate::node::{DoorLimits, NodeBuilder};

/// The certificate that a node shows: two files of PEM, which are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TlsConfig {
    /// The certificate and those that signed it, its own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What strangers may have of a node; what is not said is as in [`DoorLimits::default`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DoorsConfig {
    /// See [`DoorLimits::connections`].
    pub connections: Option<u32>,
    /// See [`DoorLimits::connections_per_address`].
    pub connections_per_address: Option<u32>,
    /// See [`DoorLimits::handshakes`].
    pub handshakes: Option<u32>,
    /// See [`DoorLimits::handshakes_per_address`].
    pub handshakes_per_address: Option<u32>,
    /// See [`DoorLimits::frames_per_second`].
    pub frames_per_second: Option<u32>,
    /// See [`DoorLimits::bytes_per_second`].
    pub bytes_per_second: Option<u32>,
    /// See [`DoorLimits::auth_failures`].
    pub auth_failures: Option<u32>,
    /// See [`DoorLimits::ban_time`].
    pub ban_time: Option<Time>,
    /// See [`NodeBuilder::ban_list`].
    pub ban_list: Option<PathBuf>,
    /// See [`NodeBuilder::proxies`].
    pub proxies: Vec<Network>,
}

impl DoorsConfig {
    fn limits(&self) -> DoorLimits {
        let default = DoorLimits::default();
        DoorLimits {
            connections: self.connections.unwrap_or(default.connections),
            connections_per_address: self
                .connections_per_address
                .unwrap_or(default.connections_per_address),
            handshakes: self.handshakes.unwrap_or(default.handshakes),
            handshakes_per_address: self
                .handshakes_per_address
                .unwrap_or(default.handshakes_per_address),
            frames_per_second: self.frames_per_second.unwrap_or(default.frames_per_second),
            bytes_per_second: self.bytes_per_second.unwrap_or(default.bytes_per_second),
            auth_failures: self.auth_failures.unwrap_or(default.auth_failures),
            ban_time: self.ban_time.map_or(default.ban_time, |time| time.0),
        }
    }
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
        if let Some(doors) = &config.doors {
            self = self.doors(doors.limits());
            for network in &doors.proxies {
                self = self.proxies(*network);
            }
            if let Some(path) = &doors.ban_list {
                self = self.ban_list(path);
            }
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
    Err(ConfigureError::NoFeature("tls", "tls"))
}

#[cfg(feature = "websocket")]
fn from_origin(builder: NodeBuilder, origin: &str) -> Result<NodeBuilder, ConfigureError> {
    Ok(builder.origin(origin))
}

#[cfg(not(feature = "websocket"))]
fn from_origin(_builder: NodeBuilder, _origin: &str) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoFeature("origins", "websocket"))
}
