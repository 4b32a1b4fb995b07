//! The transports that are measured, each with a server that sends back all that comes.

use std::{fmt, future::poll_fn, io, net::UdpSocket, rc::Rc, sync::Arc};

use anyhow::Result;
use playhouse_net::{
    Kcp, Listening as _, Network, Stream, Tcp,
    kcp::{Options, Security, Trust},
    noise::{Keys, ServerKey},
    quic, tls, ws,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::spawn_local,
};

/// A transport.
#[derive(Debug)]
pub struct Contender {
    /// What the table calls it.
    pub name: &'static str,
    network: Rc<dyn Network>,
    doors: Doors,
}

/// How its server listens.
enum Doors {
    /// By the network that dials.
    Own,
    /// By TCP, with this on top.
    WebSocket(Option<tls::Certificates>),
    Quic(tls::Certificates),
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "Own",
            Self::WebSocket(_) => "WebSocket",
            Self::Quic(_) => "Quic",
        })
    }
}

/// All transports, to a server that clients dial at `there`.
///
/// # Errors
///
/// If the system has no randomness.
pub fn contenders(there: &str) -> Result<Vec<Contender>> {
    let key = ServerKey::generate()?;
    let trust = Trust::Key(key.public_key());
    let keys = Keys {
        server: Some(Arc::new(key)),
        ..Keys::default()
    };
    let kcp = |options| -> Rc<dyn Network> {
        let security = Security::sealed(keys.clone());
        Rc::new(Kcp::new(options, trust.clone()).listening(security))
    };
    let made = rcgen::generate_simple_self_signed([there.to_owned()])?;
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let certificates = tls::Certificates::pem(chain.as_bytes(), key.as_bytes())?;
    let trust = tls::Trust::pem(chain.as_bytes())?;
    let webs: Rc<dyn Network> = Rc::new(ws::Network::trusting(trust.clone()));
    let contender = |name, network: &Rc<dyn Network>, doors| Contender {
        name,
        network: Rc::clone(network),
        doors,
    };
    let tcp: Rc<dyn Network> = Rc::new(Tcp);
    let quic: Rc<dyn Network> = Rc::new(quic::Network::trusting(trust));
    Ok(vec![
        contender("tcp", &tcp, Doors::Own),
        contender("ws", &webs, Doors::WebSocket(None)),
        contender("wss", &webs, Doors::WebSocket(Some(certificates.clone()))),
        contender("quic", &quic, Doors::Quic(certificates)),
        contender("kcp default", &kcp(Options::DEFAULT), Doors::Own),
        contender("kcp fast", &kcp(Options::FAST), Doors::Own),
    ])
}

impl Contender {
    /// What dials.
    #[must_use]
    pub fn network(&self) -> Rc<dyn Network> {
        Rc::clone(&self.network)
    }

    /// Begins to listen at any port of `here`, in the current `LocalSet`: the address.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn serve(&self, here: &str) -> io::Result<String> {
        let here = format!("{here}:0");
        match &self.doors {
            Doors::Own => {
                let mut listener = self.network.listen(&here).await?;
                let address = listener.local_address().to_owned();
                spawn_local(async move {
                    while let Ok(stream) = listener.accept().await {
                        spawn_local(echo(stream));
                    }
                });
                Ok(address)
            }
            Doors::WebSocket(certificates) => {
                let certificates = certificates.clone();
                let mut listener = Tcp.listen(&here).await?;
                let scheme = certificates.as_ref().map_or("ws", |_| "wss");
                let address = format!("{scheme}://{}/", listener.local_address());
                spawn_local(async move {
                    while let Ok(stream) = listener.accept().await {
                        spawn_local(web_echo(stream, certificates.clone()));
                    }
                });
                Ok(address)
            }
            Doors::Quic(certificates) => {
                let mut listening = quic::Listening::new(UdpSocket::bind(here)?, certificates)?;
                let address = listening.local_address().to_owned();
                spawn_local(async move {
                    while let Ok(arrival) = poll_fn(|cx| listening.poll_arrival(cx)).await {
                        if let Ok(stream) = (arrival.adopt)() {
                            spawn_local(echo(stream));
                        }
                    }
                });
                Ok(address)
            }
        }
    }
}

async fn web_echo(
    mut stream: Box<dyn Stream>,
    certificates: Option<tls::Certificates>,
) -> io::Result<()> {
    if let Some(certificates) = certificates {
        stream = certificates.acceptor()?.accept(stream).await?;
    }
    echo(ws::accept(stream, ws::Rules::default()).await?).await
}

/// Sends back all that comes, as it comes.
async fn echo(mut stream: Box<dyn Stream>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        stream
            .write_all(bytes.get(..count).unwrap_or_default())
            .await?;
        stream.flush().await?;
    }
}
