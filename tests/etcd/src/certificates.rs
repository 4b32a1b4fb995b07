//! An authority made for one test, and what it vouches for.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Certificates and keys as PEM.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The authority's certificate.
    pub authority: String,
    /// The server's certificate and key; it is for `127.0.0.1` and `etcd.test`.
    pub server: (String, String),
    /// A client's certificate and key.
    pub client: (String, String),
}

impl Certificates {
    /// Makes all of them anew.
    ///
    /// # Errors
    ///
    /// If the machine has no randomness.
    pub fn new() -> Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let signed = |names: &[&str]| -> Result<(String, String)> {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            let key = KeyPair::generate()?;
            let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        Ok(Self {
            authority: issuer.pem(),
            server: signed(&["127.0.0.1", "etcd.test"])?,
            client: signed(&["node.test"])?,
        })
    }
}
