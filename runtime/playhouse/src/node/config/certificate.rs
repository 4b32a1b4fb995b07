//! The certificate of a developer's node, which it makes itself.

use std::io;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::keys::kept;
use super::{ConfigureError, Mode, NodeConfig};
use crate::node::NodeBuilder;

/// The files in a node's folder that keep the certificate which it made, and its private key.
const CERTIFICATE_FILE: &str = "certificate.pem";
const CERTIFICATE_KEY_FILE: &str = "certificate.key";

/// What it is made out to: it is for this machine, and clients elsewhere pin it.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl NodeBuilder {
    /// Shows a certificate that the node makes at its first start and keeps in `folder`, if it needs one, was given none,
    /// and is a developer's.
    pub(super) fn own_certificate(
        self,
        config: &NodeConfig,
        folder: Option<&Path>,
    ) -> Result<Self, ConfigureError> {
        let mut listen = config.listen.iter().flatten();
        let shows = listen.any(|it| it.starts_with("wss://") || it.starts_with("quic://"));
        if !shows || config.tls.is_some() || config.mode != Some(Mode::Dev) {
            return Ok(self);
        }
        let folder = folder.ok_or(ConfigureError::NoFolder)?;
        let key = kept(folder, CERTIFICATE_KEY_FILE, || {
            Ok(KeyPair::generate()
                .map_err(io::Error::other)?
                .serialize_pem())
        })?;
        // Of the key that is kept, so that both belong together whoever was faster.
        kept(folder, CERTIFICATE_FILE, || {
            let key = KeyPair::from_pem(key.reveal());
            // What is wrong with a key may quote it.
            let key =
                key.map_err(|_| io::Error::other("its private key can't be read: remove it"))?;
            let about = CertificateParams::new(NAMES.map(str::to_owned));
            let made = about.and_then(|about| about.self_signed(&key));
            Ok(made.map_err(io::Error::other)?.pem())
        })?;
        Ok(self.tls(
            folder.join(CERTIFICATE_FILE),
            folder.join(CERTIFICATE_KEY_FILE),
        ))
    }
}
