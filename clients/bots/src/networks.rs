//! What bots dial with.

use std::io;
use std::rc::Rc;

use playhouse_client::{Network, Scheme, Tcp};

/// Whether bots can come by WebSocket, plain and over TLS, and by QUIC: the feature `transports`.
pub const HAS_TRANSPORTS: bool = cfg!(feature = "transports");

/// A certificate of this machine's loopback address that signs itself, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// What servers show, and bots trust.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

/// All networks that there are but KCP. By TLS, servers with this certificate alone are trusted.
///
/// # Errors
///
/// If the certificate can't be read.
pub fn networks(certificate: Option<&Certificate>) -> io::Result<Vec<(Scheme, Rc<dyn Network>)>> {
    let mut networks: Vec<(Scheme, Rc<dyn Network>)> = vec![(Scheme::Tcp, Rc::new(Tcp))];
    add_others(&mut networks, certificate)?;
    Ok(networks)
}

#[cfg(feature = "transports")]
fn add_others(
    networks: &mut Vec<(Scheme, Rc<dyn Network>)>,
    certificate: Option<&Certificate>,
) -> io::Result<()> {
    use playhouse_client::tls::Trust;
    use playhouse_client::{quic, ws};

    let trust = match certificate {
        Some(certificate) => Trust::pem(certificate.chain.as_bytes())?,
        None => Trust::web(),
    };
    let ws: Rc<dyn Network> = Rc::new(ws::Network::trusting(trust.clone()));
    networks.push((Scheme::Ws, Rc::clone(&ws)));
    networks.push((Scheme::Wss, ws));
    networks.push((Scheme::Quic, Rc::new(quic::Network::trusting(trust))));
    Ok(())
}

#[cfg(not(feature = "transports"))]
fn add_others(
    _networks: &mut Vec<(Scheme, Rc<dyn Network>)>,
    _certificate: Option<&Certificate>,
) -> io::Result<()> {
    Ok(())
}

impl Certificate {
    /// A new one.
    ///
    /// # Errors
    ///
    /// Without the feature `transports`, or if the system has no random bytes.
    pub fn new() -> io::Result<Self> {
        #[cfg(feature = "transports")]
        {
            let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
            let made = made.map_err(io::Error::other)?;
            Ok(Self {
                chain: made.cert.pem(),
                key: made.signing_key.serialize_pem(),
            })
        }
        #[cfg(not(feature = "transports"))]
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "these bots have no TLS: build them with the feature `transports`",
        ))
    }
}
