//! Networks of the transports that a node listens for, with a listener of one shard.

use std::{
    future::{Future, poll_fn},
    io,
    net::UdpSocket,
    sync::LazyLock,
};

use playhouse_net::{
    Listener, Listening as _, LocalBoxFuture, Located, Network, Scheme, Stream, Tcp, quic,
    tls::{Certificates, Trust},
    ws,
};
use tokio::{
    io::AsyncReadExt as _,
    sync::mpsc,
    task::{JoinHandle, spawn_local},
};

/// The certificate of all listeners, and those who trust it.
static SHOWN: LazyLock<(Certificates, Trust)> = LazyLock::new(|| {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let shown = Certificates::pem(chain.as_bytes(), key.as_bytes()).unwrap();
    (shown, Trust::pem(chain.as_bytes()).unwrap())
});

pub(crate) fn certificates() -> &'static Certificates {
    &SHOWN.0
}

pub(crate) fn trust() -> Trust {
    SHOWN.1.clone()
}

/// A transport by what stands in front of its addresses.
#[derive(Debug)]
pub(crate) struct Carried(pub(crate) Scheme);

/// A listener whose streams come when they are ready.
#[derive(Debug)]
struct Accepting {
    address: String,
    streams: mpsc::UnboundedReceiver<Box<dyn Stream>>,
    task: JoinHandle<()>,
}

impl Network for Carried {
    fn dial<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            match self.0 {
                Scheme::Quic => quic::Network::trusting(trust()).dial(address).await,
                _ => ws::Network::trusting(trust()).dial(address).await,
            }
        })
    }

    fn listen<'a>(&'a self, address: &'a str) -> LocalBoxFuture<'a, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let host = Located::of(address)?.host;
            match self.0 {
                Scheme::Quic => listen_quic(host).await,
                scheme => listen_ws(host, scheme).await,
            }
        })
    }
}

async fn listen_ws(host: &str, scheme: Scheme) -> io::Result<Box<dyn Listener>> {
    let mut listener = Tcp.listen(host).await?;
    let address = scheme.at(listener.local_address());
    let (give, streams) = mpsc::unbounded_channel();
    let task = spawn_local(async move {
        while let Ok(stream) = listener.accept().await {
            let give = give.clone();
            spawn_local(async move {
                if let Ok(stream) = accept_ws(stream, scheme).await {
                    let _ = give.send(stream);
                }
            });
        }
    });
    Ok(Box::new(Accepting {
        address,
        streams,
        task,
    }))
}

async fn accept_ws(stream: Box<dyn Stream>, scheme: Scheme) -> io::Result<Box<dyn Stream>> {
    let stream = match scheme {
        Scheme::Wss => certificates().acceptor()?.accept(stream).await?,
        _ => stream,
    };
    ws::accept(stream, ws::Rules::default()).await
}

fn listen_quic(host: &str) -> impl Future<Output = io::Result<Box<dyn Listener>>> {
    let socket = UdpSocket::bind(host);
    async move {
        let mut listening = quic::Listening::new(socket?, certificates())?;
        let address = listening.local_address().to_owned();
        let (give, streams) = mpsc::unbounded_channel();
        let task = spawn_local(async move {
            while let Ok(arrival) = poll_fn(|cx| listening.poll_arrival(cx)).await {
                let give = give.clone();
                let mut stream = (arrival.adopt)().unwrap();
                spawn_local(async move {
                    // Nothing is read, but the handshake goes on.
                    if stream.read(&mut []).await.is_ok() {
                        let _ = give.send(stream);
                    }
                });
            }
        });
        let listener: Box<dyn Listener> = Box::new(Accepting {
            address,
            streams,
            task,
        });
        Ok(listener)
    }
}

impl Listener for Accepting {
    fn local_address(&self) -> &str {
        &self.address
    }

    fn accept(&mut self) -> LocalBoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = self.streams.recv().await;
            stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
        })
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.task.abort();
    }
}
