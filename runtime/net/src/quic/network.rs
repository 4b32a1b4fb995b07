//! Dials QUIC.

use std::{io, sync::Arc};

use quinn::{ClientConfig, Endpoint, crypto::rustls::QuicClientConfig};
use tokio::net::lookup_host;

use super::{FORM, PROTOCOL, bounds, refused, stream::Line};
use crate::{
    network::{self, Listener, LocalBoxFuture, Stream},
    scheme::{Located, Scheme},
    tls::{Trust, server_name},
};

/// Dials `quic://host:port`, each from a socket of its own.
#[derive(Debug, Clone, Default)]
pub struct Network {
    trust: Trust,
}

impl Network {
    /// One that trusts those servers that browsers do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that trusts these servers.
    #[must_use]
    pub const fn trusting(trust: Trust) -> Self {
        Self { trust }
    }

    async fn open(&self, address: &str) -> io::Result<Box<dyn Stream>> {
        let host = Located::only(address, Scheme::Quic)?;
        let there = lookup_host(host).await?.next();
        let there = there.ok_or_else(|| refused(format!("{host} has no address")))?;
        let here = if there.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let endpoint = Endpoint::client(here.parse().map_err(refused)?)?;
        let tls = QuicClientConfig::try_from(self.trust.client(PROTOCOL)?).map_err(refused)?;
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(bounds(0));
        let connecting = endpoint.connect_with(config, there, server_name(host));
        let connection = connecting.map_err(refused)?.await?;
        let (mut send, receive) = connection.open_bi().await?;
        // The other side hears of a stream with its first byte, and may be the first to say something.
        send.write_all(&[FORM]).await?;
        Line::boxed(connection, (send, receive), address.to_owned())
    }
}

impl network::Network for Network {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(self.open(address))
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Box::pin(std::future::ready(Err(network::only_dials(address))))
    }
}
