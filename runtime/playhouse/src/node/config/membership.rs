//! How the nodes of a configuration find each other.

use std::path::PathBuf;

use playhouse_config::Secret;
use serde::Deserialize;

use super::{ConfigureError, NodeConfig};
use crate::cluster::Embedded;
use crate::node::NodeBuilder;

/// Where the membership of a cluster is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MembershipConfig {
    /// `{ "embedded": { "at": "127.0.0.1:7300" } }`: by the node that listens there, see [`Embedded`].
    Embedded {
        /// Its address, as it stands in its own `listen`.
        at: String,
    },
    /// `{ "etcd": { "endpoints": ["http://10.0.0.1:2379"] } }`: feature `etcd`.
    Etcd(EtcdConfig),
}

/// An etcd, and how to be let in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EtcdConfig {
    /// Its servers: each with `http://` or `https://`.
    pub endpoints: Vec<String>,
    /// Before all keys: `/playhouse/arena`. Clusters with different ones know nothing of each other.
    pub prefix: Option<String>,
    /// As whom to log in.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Secret<String>>,
    /// A file with the certificates of the authorities that the servers' are signed by, as PEM.
    pub ca: Option<PathBuf>,
    /// A file with the certificate that this node shows, as PEM.
    pub certificate: Option<PathBuf>,
    /// A file with its private key, as PEM.
    pub key: Option<PathBuf>,
    /// The name that the servers' certificates are made out to, if it is not that of the endpoints.
    pub domain: Option<String>,
}

impl EtcdConfig {
    /// Refuses what would be passed over in silence.
    fn check(&self) -> Result<(), ConfigureError> {
        let (user, password) = (self.user.is_some(), self.password.is_some());
        let (certificate, key) = (self.certificate.is_some(), self.key.is_some());
        let needs = [
            ("user", user, "password", password),
            ("password", password, "user", user),
            ("certificate", certificate, "key", key),
            ("key", key, "certificate", certificate),
            ("certificate", certificate, "ca", self.ca.is_some()),
            ("domain", self.domain.is_some(), "ca", self.ca.is_some()),
        ];
        for (name, is_there, without, other) in needs {
            if is_there && !other {
                return Err(ConfigureError::Lone(name, without));
            }
        }
        Ok(())
    }
}

impl NodeBuilder {
    /// Makes the node one of a cluster, as a configuration says. It hosts the registry if it listens where that is.
    pub(super) fn join(
        self,
        membership: &MembershipConfig,
        node: &NodeConfig,
    ) -> Result<Self, ConfigureError> {
        let listens_at = |at: &String| {
            node.listen
                .iter()
                .flatten()
                .any(|own| plain(own) == plain(at))
        };
        match membership {
            MembershipConfig::Embedded { at } if listens_at(at) => {
                Ok(self.cluster(Embedded::hosting()))
            }
            MembershipConfig::Embedded { at } => Ok(self.cluster(Embedded::at(at.as_str()))),
            MembershipConfig::Etcd(etcd) => {
                etcd.check()?;
                join_etcd(self, etcd, node)
            }
        }
    }
}

/// An address without `tcp://`, which goes without saying.
fn plain(address: &str) -> &str {
    address.strip_prefix("tcp://").unwrap_or(address)
}

#[cfg(feature = "etcd")]
fn join_etcd(
    builder: NodeBuilder,
    config: &EtcdConfig,
    node: &NodeConfig,
) -> Result<NodeBuilder, ConfigureError> {
    use crate::cluster::{Etcd, Tls};

    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|error| ConfigureError::File {
            path: path.clone(),
            error: error.to_string(),
        })
    };
    let mut etcd = Etcd::at(config.endpoints.iter().cloned());
    // Whoever waits longer for the node's place waits longer for etcd.
    if let Some(playhouse_config::Time(time)) = node.join_timeout {
        etcd = etcd.wait_max(time.max(playhouse_cluster::ETCD_WAIT_MAX));
    }
    if let Some(prefix) = &config.prefix {
        etcd = etcd.prefix(prefix);
    }
    if let Some(user) = &config.user {
        etcd = etcd.credentials(user, config.password.clone().unwrap_or_default());
    }
    if let Some(ca) = &config.ca {
        let mut tls = Tls::trusting(read(ca)?);
        if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
            tls = tls.identity(read(certificate)?, Secret::new(read(key)?));
        }
        if let Some(domain) = &config.domain {
            tls = tls.domain(domain);
        }
        etcd = etcd.tls(tls);
    }
    Ok(builder.cluster(etcd))
}

#[cfg(not(feature = "etcd"))]
fn join_etcd(
    _builder: NodeBuilder,
    _config: &EtcdConfig,
    _node: &NodeConfig,
) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoEtcd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, lone: Option<(&str, &str)>) {
        let config: EtcdConfig = serde_json::from_str(text).expect("it is a section");
        let found = match config.check() {
            Ok(()) => None,
            Err(ConfigureError::Lone(name, without)) => Some((name, without)),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, lone, "{text}");
    }

    #[test]
    fn what_means_nothing_alone_is_refused() {
        check("{}", None);
        check(r#"{"ca": "a"}"#, None);
        check(r#"{"user": "a", "password": "b"}"#, None);
        check(
            r#"{"ca": "a", "certificate": "b", "key": "c", "domain": "d"}"#,
            None,
        );
        check(r#"{"user": "a"}"#, Some(("user", "password")));
        check(r#"{"password": "a"}"#, Some(("password", "user")));
        check(
            r#"{"ca": "a", "certificate": "b"}"#,
            Some(("certificate", "key")),
        );
        check(r#"{"ca": "a", "key": "b"}"#, Some(("key", "certificate")));
        let lone = Some(("certificate", "ca"));
        check(r#"{"certificate": "a", "key": "b"}"#, lone);
        check(r#"{"domain": "a"}"#, Some(("domain", "ca")));
    }
}
