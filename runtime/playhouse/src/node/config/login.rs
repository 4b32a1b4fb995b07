//! Where logins are taken over HTTP.

use serde::Deserialize;

use super::Network;
use crate::login::Http;

/// `{ "listen": "127.0.0.1:7080" }`, or behind a proxy that encrypts
/// `{ "listen": "10.0.0.7:7080", "trust_forwarded": ["10.0.0.2"], "origins": ["https://play.example.org"] }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LoginHttpConfig {
    /// See [`Http::at`].
    pub listen: String,
    /// See [`Http::trust_forwarded`].
    #[serde(default)]
    pub trust_forwarded: Vec<Network>,
    /// See [`Http::allow_origin`].
    #[serde(default)]
    pub origins: Vec<String>,
}

impl From<&LoginHttpConfig> for Http {
    fn from(config: &LoginHttpConfig) -> Self {
        let http = Self::at(&config.listen);
        let networks = config.trust_forwarded.iter().copied();
        let http = networks.fold(http, Self::trust_forwarded);
        config.origins.iter().fold(http, Self::allow_origin)
    }
}
