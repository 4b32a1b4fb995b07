//! The login over HTTP: for launchers, browsers, and games that want a pass before they have a link.
//!
//! | | |
//! |---|---|
//! | `POST /v1/guest` | comes in as a guest |
//! | `POST /v1/login` | comes in with a password |
//! | `POST /v1/upgrade` | gives a guest a password |
//! | `POST /v1/logout` | no pass of the account counts any more |
//! | `GET /v1/openapi.json` | all of that, for programs |
//! | `GET /health` | whether the process answers |
//!
//! What serves these and what describes them is one table, from which axum's router and the document are made. It is
//! HTTP/1.1, one request a connection, without encryption: on this machine, or behind a proxy that encrypts.
//!
//! | limit | default | beyond it |
//! |---|---|---|
//! | [`CONNECTIONS_MAX`] | 1,024 | closed at once |
//! | [`CONNECTIONS_PER_ADDRESS`] | 32 of one address | closed at once |
//! | [`CONNECTION_TIME`] | 15 s for a whole conversation | `408`, or closed |
//! | [`HEAD_BYTES_MAX`] | 8 KiB of request line and headers | `431` |
//! | [`BODY_BYTES_MAX`] | 16 KiB | `413` |
//! | [`ANSWER_TIME`] | 10 s for the game | `503` |
//! | [`RATE`] | one in 6 s, 5 at once, times the guests of an address | `429` |
//! | a ban of the address | what is left of it, [`BANNED_RETRY`] if it has no end | `429` |

mod asking;
mod counts;
mod openapi;
mod reading;
mod reply;
mod routes;
mod serving;
mod table;

use std::net::{IpAddr, SocketAddr};

use playhouse_wire::Duration as Wait;
use tokio::time::Duration;

pub(crate) use counts::Counts;
pub(crate) use routes::Answering;
pub(crate) use serving::serve;

use crate::node::Network;
use crate::rate::Rate;

/// Most connections at once.
pub const CONNECTIONS_MAX: usize = 1_024;

/// Most connections at once of one address, proxies that are trusted apart.
pub const CONNECTIONS_PER_ADDRESS: usize = 32;

/// For how long a connection lives at most.
pub const CONNECTION_TIME: Duration = Duration::from_secs(15);

/// How long a body may take to come.
pub const BODY_TIME: Duration = Duration::from_secs(4);

/// How long the game may take to answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Most bytes of a request without its body.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Most bytes of a body.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// How often one player may ask. All of one address may together as often as so many guests may: see
/// [`NodeBuilder::guests_per_address`](crate::node::NodeBuilder::guests_per_address).
pub const RATE: Rate = Rate {
    count: 1,
    period_us: 6_000_000,
    burst: 5,
};

/// After how long an address may ask again whose ban has no end: an operator may take it back.
pub const BANNED_RETRY: Wait = Wait::from_seconds(3_600);

/// Where the login is served over HTTP, and whom it believes.
///
/// ```
/// use playhouse::login::Http;
///
/// let http = Http::at("127.0.0.1:7080").allow_origin("https://play.example.org");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    pub(crate) address: String,
    pub(crate) proxies: Vec<Network>,
    pub(crate) origins: Vec<String>,
}

impl Http {
    /// At this address; port 0 takes a free one, which
    /// [`Running::login_address`](crate::node::Running::login_address) tells. Passwords come through it in the clear, so it
    /// must be one of the loopback interface unless a [proxy](Self::trust_forwarded) stands before it.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            proxies: Vec::new(),
            origins: Vec::new(),
        }
    }

    /// A proxy that encrypts stands before it, with an address of this network: what it says in `X-Forwarded-For` is
    /// where a client is. May be said more than once. Nobody else can reach the address: others are not answered.
    #[must_use]
    pub fn trust_forwarded(mut self, network: Network) -> Self {
        self.proxies.push(network);
        self
    }

    /// Pages of this origin may ask, from a browser: `https://play.example.org`. May be said more than once.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        let address = SocketAddr::new(address, 0).to_string();
        self.proxies
            .iter()
            .any(|network| network.contains(&address))
    }
}
