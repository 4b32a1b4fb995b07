//! How a client connects.

use std::rc::Rc;

use playhouse::Failure;
use playhouse::descriptor::Schema;
use playhouse_net::link::{LinkOptions, QueueLimits};
use playhouse_net::{Network, Tcp};

use crate::Client;
use crate::schema::identity;

/// What a client is to be, before it connects.
#[derive(Debug, Clone)]
pub struct Builder {
    schema: &'static Schema,
    network: Option<Rc<dyn Network>>,
    options: LinkOptions,
}

impl Builder {
    pub(crate) fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            network: None,
            options: LinkOptions::new(identity(schema, "client")),
        }
    }

    /// Over this network, instead of TCP.
    #[must_use]
    pub fn network(mut self, network: Rc<dyn Network>) -> Self {
        self.network = Some(network);
        self
    }

    /// By this name in the server's logs, at most 128 bytes, instead of `client`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.options.identity.name = name.into();
        self
    }

    /// With these bounds of queues, instead of the default ones.
    #[must_use]
    pub const fn queues(mut self, queues: QueueLimits) -> Self {
        self.options.queues = queues;
        self
    }

    /// Dials `address`, `host:port`, and waits for the server's hello.
    ///
    /// # Errors
    ///
    /// Why there is no link: nobody listens there, or the server sends the client away.
    ///
    /// # Panics
    ///
    /// Outside of a tokio `LocalSet`: use `#[tokio::main(flavor = "local")]`, or `LocalSet::run_until`.
    pub async fn connect(self, address: &str) -> Result<Client, Failure> {
        let network = self.network.unwrap_or_else(|| Rc::new(Tcp));
        Client::dial(self.schema, network, self.options, address).await
    }
}
