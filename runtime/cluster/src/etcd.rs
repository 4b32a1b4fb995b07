//! Membership over etcd: each node stands in it under a lease of its own, and watches the others.
//!
//! [`Etcd`] says where it is. A connection is one session (`session`); a node's lease outlives sessions, so that a restart of etcd, or
//! another endpoint, costs nobody the seat or a lock. Without etcd the last view stays.

mod dialer;
mod fault;
mod keys;
mod link;
mod listing;
mod locks;
mod node;
mod registration;
mod report;
mod roster;
mod session;

pub use locks::ETCD_LOCKS_MAX;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use playhouse_config::Secret;
use tokio::runtime::Handle;

use crate::driver::{Backend, Driver};
use crate::etcd::keys::Keys;
use crate::member::MEMBER_TTL;

/// How long etcd is waited for at the start, if nothing else is said.
pub const ETCD_WAIT_MAX: Duration = Duration::from_secs(60);
/// The shortest lease: etcd itself takes a second or two to notice that one is over.
pub const ETCD_TTL_MIN: Duration = Duration::from_secs(2);
/// The longest lease.
pub const ETCD_TTL_MAX: Duration = Duration::from_secs(60);
/// At most so many endpoints are tried.
pub const ETCD_ENDPOINTS_MAX: usize = 32;
/// A prefix has at most so many bytes.
pub const ETCD_PREFIX_MAX: usize = 256;

/// The cluster's registry is an etcd, version 3.4 or later.
///
/// ```
/// use playhouse_cluster::Etcd;
///
/// let etcd = Etcd::at(["127.0.0.1:2379"]).prefix("/playhouse/dev");
/// assert_eq!(format!("{etcd}"), "etcd at 127.0.0.1:2379 under /playhouse/dev");
/// ```
#[derive(Clone)]
pub struct Etcd {
    settings: Settings,
}

/// What a node was told. Shown in full it hides what is secret.
#[derive(Clone, Debug)]
struct Settings {
    endpoints: Vec<String>,
    /// An endpoint had a user or a password in it, which is not kept.
    confided: bool,
    prefix: String,
    credentials: Option<(String, Secret<String>)>,
    tls: Option<Tls>,
    ttl: Duration,
    wait_max: Duration,
}

/// How a node and etcd know each other: certificates and keys as PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    authority: String,
    identity: Option<(String, Secret<String>)>,
    domain: Option<String>,
}

impl Tls {
    /// Believes servers whose certificate this authority has signed.
    #[must_use]
    pub fn trusting(authority: impl Into<String>) -> Self {
        Self {
            authority: authority.into(),
            identity: None,
            domain: None,
        }
    }

    /// Shows this certificate to the server.
    #[must_use]
    pub fn identity(mut self, certificate: impl Into<String>, key: Secret<String>) -> Self {
        self.identity = Some((certificate.into(), key));
        self
    }

    /// The name that the server's certificate is for. Without it, it is the endpoint's.
    #[must_use]
    pub fn domain(mut self, name: impl Into<String>) -> Self {
        self.domain = Some(name.into());
        self
    }
}

impl Etcd {
    /// An etcd with these endpoints, `host:port`, with `http://` or `https://` before it or not. They are tried in turn.
    #[must_use]
    pub fn at<E: Into<String>>(endpoints: impl IntoIterator<Item = E>) -> Self {
        let mut confided = false;
        let without_user = |endpoint: E| {
            let endpoint: String = endpoint.into();
            match endpoint.rsplit_once('@') {
                Some((_, host)) => {
                    confided = true;
                    host.to_owned()
                }
                None => endpoint,
            }
        };
        Self {
            settings: Settings {
                endpoints: endpoints.into_iter().map(without_user).collect(),
                confided,
                prefix: "/playhouse".to_owned(),
                credentials: None,
                tls: None,
                ttl: MEMBER_TTL,
                wait_max: ETCD_WAIT_MAX,
            },
        }
    }

    /// Where the cluster's keys stand: each cluster has a prefix of its own. It is `/playhouse` if nothing else is said.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// The user that this node is for etcd.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: Secret<String>) -> Self {
        self.settings.credentials = Some((user.into(), password));
        self
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// A node that is silent for so long is gone, in whole seconds: [`MEMBER_TTL`] if nothing else is said. At least [`ETCD_TTL_MIN`], at
    /// most [`ETCD_TTL_MAX`].
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// How long etcd is waited for at the start: [`ETCD_WAIT_MAX`] if nothing else is said. Once this node has joined it is waited for
    /// without end.
    #[must_use]
    pub const fn wait_max(mut self, wait_max: Duration) -> Self {
        self.settings.wait_max = wait_max;
        self
    }
}

impl Settings {
    /// What is wrong with them, if anything.
    fn mistake(&self) -> Option<String> {
        let count = self.endpoints.len();
        if count == 0 || count > ETCD_ENDPOINTS_MAX {
            return Some(format!(
                "etcd has 1 to {ETCD_ENDPOINTS_MAX} endpoints, not {count}"
            ));
        }
        if self.confided {
            return Some(
                "an endpoint has no user and no password: give them as credentials".to_owned(),
            );
        }
        let strange = |endpoint: &&String| {
            let scheme = endpoint.split_once("://");
            scheme.is_some_and(|(scheme, _)| !matches!(scheme, "http" | "https"))
        };
        if let Some(endpoint) = self.endpoints.iter().find(strange) {
            return Some(format!(
                "the endpoint `{endpoint}` won't do: it is host:port, with http:// or https:// before it or not"
            ));
        }
        let prefix = &self.prefix;
        if !prefix.starts_with('/') || prefix.len() < 2 || prefix.len() > ETCD_PREFIX_MAX {
            return Some(format!(
                "the prefix `{prefix}` won't do: it starts with `/` and has 2 to {ETCD_PREFIX_MAX} bytes"
            ));
        }
        // etcd would round it, and locks would be lost at another time than here.
        let whole = self.ttl.subsec_nanos() == 0;
        if !whole || self.ttl < ETCD_TTL_MIN || self.ttl > ETCD_TTL_MAX {
            return Some(format!(
                "a lease lasts {ETCD_TTL_MIN:?} to {ETCD_TTL_MAX:?} in whole seconds, not {:?}",
                self.ttl
            ));
        }
        let is_pem = |text: &str| text.contains("-----BEGIN CERTIFICATE-----");
        if self.tls.as_ref().is_some_and(|tls| !is_pem(&tls.authority)) {
            return Some("the authority for TLS is no certificate in the form of PEM".to_owned());
        }
        let secure = |endpoint: &String| endpoint.starts_with("https://");
        if self.tls.is_none() && self.endpoints.iter().any(secure) {
            return Some("an endpoint is https: give the authority that vouches for it".to_owned());
        }
        None
    }

    fn keys(&self) -> Keys {
        Keys::under(&self.prefix)
    }
}

impl Backend for Etcd {
    fn drive(&self, driver: Driver, _system: Handle) -> Pin<Box<dyn Future<Output = ()>>> {
        // What etcd's client does besides it does on the runtime of whoever runs this: the system shard's.
        Box::pin(node::run(Arc::new(self.settings.clone()), driver))
    }
}

/// As it is shown to people.
impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// For people: without credentials.
impl fmt::Display for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.settings, f)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "etcd at {} under {}",
            self.endpoints.join(", "),
            self.prefix
        )
    }
}
