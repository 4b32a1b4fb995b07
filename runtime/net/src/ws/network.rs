//! Dials WebSockets.

use std::io;

use tokio_tungstenite::{client_async_with_config, tungstenite::client::IntoClientRequest as _};

use super::{
    stream::{Line, config, problem},
    upgrade::Bounded,
};
use crate::{
    network::{self, Listener, LocalBoxFuture, Stream},
    scheme::{Located, Scheme},
    tcp::Tcp,
};

/// Dials `ws://host:port/path` and, with the feature `tls`, `wss://host:port/path`.
#[derive(Debug, Clone, Default)]
pub struct Network {
    #[cfg(feature = "tls")]
    trust: crate::tls::Trust,
}

impl Network {
    /// One that trusts those servers of `wss` that browsers do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that trusts these servers of `wss`.
    #[cfg(feature = "tls")]
    #[must_use]
    pub const fn trusting(trust: crate::tls::Trust) -> Self {
        Self { trust }
    }

    async fn open(&self, address: &str) -> io::Result<Box<dyn Stream>> {
        let located = Located::of(address)?;
        let stream = network::Network::dial(&Tcp, located.host).await?;
        let stream = match located.scheme {
            Scheme::Ws => stream,
            #[cfg(feature = "tls")]
            Scheme::Wss => crate::tls::connect(stream, located.host, &self.trust).await?,
            scheme => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("{scheme}:// is not dialled here: take an address of ws://"),
                ));
            }
        };
        let request = address.into_client_request().map_err(problem)?;
        let bounded = Bounded::new(stream);
        let (socket, _) = client_async_with_config(request, bounded, Some(config()))
            .await
            .map_err(problem)?;
        Ok(Box::new(Line::new(socket, address.to_owned())))
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
