//! Trust in one certificate, by its fingerprint: for servers whose certificate nobody has signed but they themselves.

use std::{fmt, str::FromStr, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` shows it: 32 bytes in hexadecimal, with or without
/// colons between them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text that is no [`Fingerprint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FingerprintError;

impl Fingerprint {
    /// That of a certificate, which is given as DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut digits = text.trim().bytes().filter(|byte| *byte != b':');
        let mut digit = || {
            let digit = char::from(digits.next()?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let (high, low) = (digit(), digit());
            *byte = high
                .zip(low)
                .map(|(high, low)| high << 4 | low)
                .ok_or(FingerprintError)?;
        }
        match digits.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(FingerprintError),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place > 0 { ":" } else { "" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no SHA-256 of a certificate: give its 64 hexadecimal digits")
    }
}

impl std::error::Error for FingerprintError {}

/// Lets in the server that shows this certificate and has its key, whatever its name is, and until when it was to be good:
/// whoever pins it says all that a signature would.
#[derive(Debug)]
pub(super) struct Pinned {
    pub(super) fingerprint: Fingerprint,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if Fingerprint::of(end_entity) == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        let unknown = CertificateError::ApplicationVerificationFailure;
        Err(Error::InvalidCertificate(unknown))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_comes_back_from_its_text() {
        // FIPS 180-4: the hash of "abc".
        let fingerprint = Fingerprint::of(b"abc");
        let text = fingerprint.to_string();
        assert!(text.starts_with("BA:78:16:BF:8F:01:CF:EA:"), "{text}");
        let bare = text.replace(':', "").to_lowercase();
        for text in [&text, &bare, &format!(" {text}\n")] {
            assert_eq!(text.parse(), Ok(fingerprint));
        }
        for wrong in [
            "",
            "BA",
            &bare[1..],
            &format!("{bare}0"),
            &bare.replace('b', "x"),
        ] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(FingerprintError));
        }
    }
}
