//! The certificate that a node shows, read again when its files change.

use std::fs;
use std::io;
use std::path::PathBuf;

use playhouse_net::tls::Certificates;
use tokio::time::Duration;

use crate::node::problem::StartError;

/// How often the files of a certificate are looked at: so late a new one is shown.
pub const CERTIFICATE_EVERY: Duration = Duration::from_secs(10);

/// The longest file of a certificate or a key that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where a node's certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::node) struct TlsFiles {
    /// The certificate and those that signed it, its own first, as PEM.
    pub(in crate::node) certificate: PathBuf,
    /// Its private key, as PEM.
    pub(in crate::node) key: PathBuf,
}

/// A certificate and where it was read.
pub(in crate::node) struct Shown {
    certificates: Certificates,
    files: TlsFiles,
}

impl Shown {
    /// Reads it for the first time.
    pub(in crate::node) fn read(files: &TlsFiles) -> Result<Self, StartError> {
        let problem = |error| StartError::Certificate {
            path: files.certificate.clone(),
            error,
        };
        let (chain, key) = files.read().map_err(problem)?;
        Ok(Self {
            certificates: Certificates::pem(&chain, &key).map_err(problem)?,
            files: files.clone(),
        })
    }

    pub(in crate::node) const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Shows what stands in the files, for as long as the node runs.
    pub(in crate::node) async fn keep_fresh(self) {
        let mut seen = self.files.stamp();
        loop {
            tokio::time::sleep(CERTIFICATE_EVERY).await;
            let stamp = self.files.stamp();
            if stamp == seen {
                continue;
            }
            seen = stamp;
            self.read_again();
        }
    }

    fn read_again(&self) {
        let path = self.files.certificate.display();
        let replaced =
            (self.files.read()).and_then(|(chain, key)| self.certificates.replace(&chain, &key));
        match replaced {
            Ok(()) => tracing::info!(%path, "the node shows another certificate"),
            // The second of two files may be on its way.
            Err(error) => {
                tracing::warn!(%path, %error, "the new certificate can't be used: the old one stays");
            }
        }
    }
}

impl TlsFiles {
    fn read(&self) -> io::Result<(Vec<u8>, Vec<u8>)> {
        Ok((read(&self.certificate)?, read(&self.key)?))
    }

    /// Differs when a file does.
    fn stamp(&self) -> impl PartialEq + use<> {
        [&self.certificate, &self.key].map(|path| {
            let about = fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }
}

fn read(path: &PathBuf) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the file is too long",
        ));
    }
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("chain.pem"),
            key: folder.path().join("key.pem"),
        };
        let missing = Shown::read(&files).map(|_| ()).unwrap_err().to_string();
        assert!(missing.contains("chain.pem"), "{missing}");
        let write = |chain: &str, key: &str| {
            fs::write(&files.certificate, chain).unwrap();
            fs::write(&files.key, key).unwrap();
        };
        let make = || {
            let made = rcgen::generate_simple_self_signed(["lobby".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let ((old, old_key), (new, new_key)) = (make(), make());
        write(&old, &old_key);
        let shown = Shown::read(&files).unwrap();
        let first = files.stamp();
        let fingerprint = || format!("{:?}", shown.certificates().chain());
        let before = fingerprint();
        // The key of another one, then its own.
        write(&new, &old_key);
        shown.read_again();
        assert_eq!(fingerprint(), before);
        write(&new, &format!("{new_key}\n"));
        shown.read_again();
        assert_ne!(fingerprint(), before);
        assert!(first != files.stamp(), "a change is seen");
    }
}
