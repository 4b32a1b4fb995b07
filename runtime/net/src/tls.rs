//! TLS 1.3, for WebSocket and QUIC: whose certificates a client trusts, which a server shows, and the streams between.
//!
//! Older versions are not spoken: nobody has to talk to us who can do no better.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::network::{Handover, Stream, Transport};

mod pinned;

pub use pinned::{Fingerprint, FingerprintError};

use pinned::Pinned;

/// What both ends of a connection derive its binding with.
pub(crate) const BINDING_LABEL: &[u8] = b"EXPORTER-playhouse-binding";

/// How many bytes a binding has.
pub(crate) const BINDING_BYTES: usize = 32;

/// Whose certificates a client trusts. Cheap to clone.
#[derive(Clone)]
pub struct Trust(Trusted);

#[derive(Clone)]
enum Trusted {
    Signed(Arc<RootCertStore>),
    One(Fingerprint),
}

impl Trust {
    /// Those that browsers trust, as Mozilla lists them.
    #[must_use]
    pub fn web() -> Self {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Self(Trusted::Signed(Arc::new(roots)))
    }

    /// The one with this fingerprint and no other, whatever it says of names and times: that which a developer's node has
    /// made itself.
    #[must_use]
    pub const fn pinned(certificate: Fingerprint) -> Self {
        Self(Trusted::One(certificate))
    }

    /// These certificates, as PEM, and what they have signed; no others.
    ///
    /// # Errors
    ///
    /// If there are none, or one can't be read.
    pub fn pem(text: &[u8]) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(text)? {
            roots.add(certificate).map_err(refused)?;
        }
        Ok(Self(Trusted::Signed(Arc::new(roots))))
    }

    /// How a client of this trust speaks TLS.
    ///
    /// # Errors
    ///
    /// Nothing that a program can do about: the build has no TLS 1.3.
    pub(crate) fn client(&self, protocol: &[u8]) -> io::Result<ClientConfig> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(refused)?;
        let config = match &self.0 {
            Trusted::Signed(roots) => config.with_root_certificates(Arc::clone(roots)),
            Trusted::One(fingerprint) => {
                let pinned = Pinned {
                    fingerprint: *fingerprint,
                    provider: provider(),
                };
                let config = config.dangerous();
                config.with_custom_certificate_verifier(Arc::new(pinned))
            }
        };
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(config)
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::web()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Trusted::Signed(roots) => write!(f, "Trust({} authorities)", roots.len()),
            Trusted::One(fingerprint) => write!(f, "Trust({fingerprint:?})"),
        }
    }
}

/// The certificate that a server shows, which can be exchanged while it runs. Clones are the same.
#[derive(Clone)]
pub struct Certificates(Arc<RwLock<Arc<CertifiedKey>>>);

impl Certificates {
    /// A certificate with those that signed it, its own first, and its private key, both as PEM.
    ///
    /// # Errors
    ///
    /// If one can't be read, or they don't belong together.
    pub fn pem(chain: &[u8], key: &[u8]) -> io::Result<Self> {
        Ok(Self(Arc::new(RwLock::new(certified(chain, key)?))))
    }

    /// Shows another one from now on; connections that are open stay.
    ///
    /// # Errors
    ///
    /// As [`Self::pem`]; then what was shown stays.
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> io::Result<()> {
        let certified = certified(chain, key)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }

    /// Those that are shown now, as DER, its own first.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shown.cert.clone()
    }

    /// What clients [pin](Trust::pinned) the one that is shown now by.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let chain = self.chain();
        chain
            .first()
            .map(|certificate| Fingerprint::of(certificate))
    }

    /// How a server that shows them speaks TLS, with this protocol inside.
    ///
    /// # Errors
    ///
    /// Nothing that a program can do about: the build has no TLS 1.3.
    pub(crate) fn server(&self, protocol: &[u8]) -> io::Result<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(refused)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(config)
    }

    /// Takes TLS connections with them, of HTTP.
    ///
    /// # Errors
    ///
    /// Nothing that a program can do about: the build has no TLS 1.3.
    pub fn acceptor(&self) -> io::Result<Acceptor> {
        Ok(Acceptor(TlsAcceptor::from(Arc::new(self.server(HTTP)?))))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.0.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates(..)")
    }
}

/// What is spoken inside of TLS where a WebSocket begins.
const HTTP: &[u8] = b"http/1.1";

/// Takes TLS connections. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// The stream within a connection that was accepted. Whoever calls sets the limit of time.
    ///
    /// # Errors
    ///
    /// What the connection says, or TLS.
    pub async fn accept(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let secured = self.0.accept(stream).await?;
        line(secured.into())
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor(..)")
    }
}

/// The stream within a connection to `host`, which is `host:port`.
#[cfg(feature = "websocket")]
pub(crate) async fn connect(
    stream: Box<dyn Stream>,
    host: &str,
    trust: &Trust,
) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(server_name(host).to_owned()).map_err(refused)?;
    let connector = TlsConnector::from(Arc::new(trust.client(HTTP)?));
    let secured = connector.connect(name, stream).await?;
    line(secured.into())
}

/// The name that a server's certificate is made out to: `host:port` without the port.
pub(crate) fn server_name(host: &str) -> &str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.trim_start_matches('[').trim_end_matches(']')
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certificates(text: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let certificates = certificates.map_err(refused)?;
    if certificates.is_empty() {
        return Err(refused("there is no certificate in it: give one as PEM"));
    }
    Ok(certificates)
}

fn certified(chain: &[u8], key: &[u8]) -> io::Result<Arc<CertifiedKey>> {
    let chain = certificates(chain)?;
    // What is wrong with a key may quote it.
    let unreadable = || refused("its private key can't be read: give one as PEM");
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| unreadable())?;
    let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(refused)?;
    Ok(Arc::new(certified))
}

fn refused(why: impl fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_string())
}

/// A stream within TLS.
#[derive(Debug)]
struct Line {
    stream: TlsStream<Box<dyn Stream>>,
    binding: [u8; BINDING_BYTES],
}

fn line(stream: TlsStream<Box<dyn Stream>>) -> io::Result<Box<dyn Stream>> {
    let binding = [0; BINDING_BYTES];
    let binding = match &stream {
        TlsStream::Client(it) => {
            it.get_ref()
                .1
                .export_keying_material(binding, BINDING_LABEL, None)
        }
        TlsStream::Server(it) => {
            it.get_ref()
                .1
                .export_keying_material(binding, BINDING_LABEL, None)
        }
    };
    let binding = binding.map_err(refused)?;
    Ok(Box::new(Line { stream, binding }))
}

impl Stream for Line {
    fn peer_address(&self) -> &str {
        self.stream.get_ref().0.peer_address()
    }

    fn transport(&self) -> Transport {
        self.stream.get_ref().0.transport()
    }

    fn binding(&self) -> Option<&[u8]> {
        Some(&self.binding)
    }

    fn hand_over(self: Box<Self>) -> io::Result<Handover> {
        // Its keys stand beside what was read and not used yet, so it stays where it is.
        Ok(Handover::staying(self))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
