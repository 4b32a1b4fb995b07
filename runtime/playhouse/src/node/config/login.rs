//! Where logins are taken over HTTP.

use serde::Deserialize;

use super::{ConfigureError, Network};
use crate::node::NodeBuilder;

/// `{ "listen": "127.0.0.1:7080" }`, or behind a proxy that encrypts
/// `{ "listen": "10.0.0.7:7080", "trust_forwarded": ["10.0.0.2"], "origins": ["https://play.example.org"] }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LoginHttpConfig {
    /// Of this machine, unless a proxy stands before it.
    pub listen: String,
    /// The networks of proxies that encrypt, and are believed where a client is.
    #[serde(default)]
    pub trust_forwarded: Vec<Network>,
    /// Whose pages may ask from a browser.
    #[serde(default)]
    pub origins: Vec<String>,
}

impl LoginHttpConfig {
    #[cfg(feature = "login-http")]
    pub(super) fn apply(&self, builder: NodeBuilder) -> Result<NodeBuilder, ConfigureError> {
        use crate::login::Http;

        let http = Http::at(&self.listen);
        let networks = self.trust_forwarded.iter().copied();
        let http = networks.fold(http, Http::trust_forwarded);
        let http = self.origins.iter().fold(http, Http::allow_origin);
        Ok(builder.login_http(http))
    }

    #[cfg(not(feature = "login-http"))]
    pub(super) fn apply(&self, _builder: NodeBuilder) -> Result<NodeBuilder, ConfigureError> {
        Err(ConfigureError::NoFeature("login_http", "login-http"))
    }
}
