//! How a client connects.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse::descriptor::Schema;
use playhouse::{Failure, FailureKind};
use playhouse_net::kcp::Trust;
use playhouse_net::link::{LinkOptions, QueueLimits};
use playhouse_net::links::Backoff;
use playhouse_net::noise::{PublicKey, Ticket};
use playhouse_net::{Network, Scheme};
use playhouse_wire::session::{Pass, SessionLimits};

use crate::Client;
use crate::engine::Setup;
use crate::schema::identity;
use crate::transports::{Race, Transports};

/// The pause before a session's first try to get another link, [`Builder::backoff`].
pub const RECONNECT_LEAST: Duration = Duration::from_millis(200);

/// The longest pause between two tries, [`Builder::backoff`].
pub const RECONNECT_MOST: Duration = Duration::from_secs(5);

/// How long a link may owe an answer before the session looks for another one, [`Builder::migrate_after`].
pub const MIGRATE_AFTER: Duration = Duration::from_millis(2500);

/// What a client is to be, before it connects.
#[derive(Debug, Clone)]
pub struct Builder {
    schema: &'static Schema,
    setup: Setup,
    server_key: Option<PublicKey>,
    ticket: Option<Pass>,
}

impl Builder {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            server_key: None,
            ticket: None,
            setup: Setup {
                root: schema.digest,
                options: LinkOptions::new(identity(schema, "client")),
                transports: Transports::default(),
                race: Race::default(),
                addresses: Vec::new(),
                session: Arc::default(),
                backoff: Backoff {
                    least: RECONNECT_LEAST,
                    most: RECONNECT_MOST,
                },
                migrate_after: MIGRATE_AFTER,
            },
        }
    }

    /// With this network for `tcp://host:port` and `host:port`, instead of the machine's TCP and KCP.
    #[must_use]
    pub fn network(mut self, network: Rc<dyn Network>) -> Self {
        self.setup.transports.set(Scheme::Tcp, network);
        self
    }

    /// With this network for addresses that begin with `scheme://`. It is given the whole address.
    #[must_use]
    pub fn transport(mut self, scheme: Scheme, network: Rc<dyn Network>) -> Self {
        self.setup.transports.set(scheme, network);
        self
    }

    /// Talks to servers that have this key alone, and encrypted: what the game was built with. Networks that were added for
    /// KCP, QUIC and WebSocket over TLS encrypt by themselves, and say themselves whom they trust.
    #[must_use]
    pub fn server_key(mut self, key: PublicKey) -> Self {
        self.server_key = Some(key);
        self
    }

    /// Besides the [server's key](Self::server_key), its links are encrypted under that of this ticket, or of any other pass,
    /// which the client opens its session with too: who has stolen the server's key alone neither reads them nor poses as the
    /// server.
    #[must_use]
    pub fn ticket(mut self, ticket: &[u8]) -> Self {
        self.ticket = Some(Pass::split(ticket));
        self
    }

    /// With this race of transports to addresses that name none, instead of KCP and TCP at once.
    #[must_use]
    pub fn race(mut self, race: Race) -> Self {
        self.setup.race = race;
        self
    }

    /// With these pauses between tries to get a session another link, instead of 0.2 s to 5 s.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.setup.backoff = backoff;
        self
    }

    /// Looks for another link of the session when the one that it has owes an answer to a ping for so long, instead of
    /// 2.5 s. The link in use is left only for one that answers.
    #[must_use]
    pub const fn migrate_after(mut self, after: Duration) -> Self {
        self.setup.migrate_after = after;
        self
    }

    /// With these bounds of the session, instead of the default ones: what waits unacknowledged, and when the client
    /// gives up to get another link.
    #[must_use]
    pub fn session_limits(mut self, limits: SessionLimits) -> Self {
        self.setup.session = Arc::new(limits);
        self
    }

    /// By this name in the server's logs, at most 128 bytes, instead of `client`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.setup.options.identity.name = name.into();
        self
    }

    /// With these bounds of queues, instead of the default ones.
    #[must_use]
    pub const fn queues(mut self, queues: QueueLimits) -> Self {
        self.setup.options.queues = queues;
        self
    }

    /// Dials `address` and waits for the server's hello: `host:port`, over the transports of the [race](Self::race), or
    /// `scheme://host:port` over that one alone.
    ///
    /// # Errors
    ///
    /// Why there is no link: nobody listens there, or the server sends the client away.
    ///
    /// # Panics
    ///
    /// Outside of a tokio `LocalSet`: use `#[tokio::main(flavor = "local")]`, or `LocalSet::run_until`.
    pub async fn connect(self, address: &str) -> Result<Client, Failure> {
        self.connect_any(&[address]).await
    }

    /// As [`connect`](Self::connect), to the first of these addresses that is usable. A session that loses its link tries
    /// all of them, from the one that was good last.
    ///
    /// # Errors
    ///
    /// Why there is no link to any of them.
    pub async fn connect_any<A: AsRef<str>>(mut self, addresses: &[A]) -> Result<Client, Failure> {
        let addresses = addresses.iter().map(|address| address.as_ref().into());
        self.setup.addresses = addresses.collect();
        let trust = self.trust()?;
        self.setup.transports.complete(&trust);
        Client::make(self.schema, self.setup).await
    }

    /// Whom the client trusts by the [server's key](Self::server_key) and its [ticket](Self::ticket): for a network of the
    /// game's own for KCP, which says so itself.
    ///
    /// # Errors
    ///
    /// [`FailureKind::Invalid`] if there is a ticket without the server's key, or without its own.
    pub fn trust(&self) -> Result<Trust, Failure> {
        match (self.server_key, &self.ticket) {
            (None, None) => Ok(Trust::Plain),
            (Some(key), None) => Ok(Trust::Key(key)),
            (
                Some(key),
                Some(Pass {
                    key: Some(ours),
                    token,
                }),
            ) => Ok(Trust::Ticket(key, Ticket::new(token, ours.link_key()))),
            (None, Some(_)) => Err(invalid(
                "a ticket encrypts together with the server's key: add `.server_key(..)`",
            )),
            (Some(_), Some(Pass { key: None, .. })) => Err(invalid(
                "this is a token without its key: give all of what the server gave",
            )),
        }
    }
}

fn invalid(why: &str) -> Failure {
    Failure::not_executed(FailureKind::Invalid).because(why)
}
