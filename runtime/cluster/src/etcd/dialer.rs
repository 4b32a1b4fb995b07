//! Which endpoint is tried when, and how it is connected to.
//!
//! There is one connection at a time, to one endpoint. A client that balances over all of them asks dead ones too.

use std::time::Duration;

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};
use tokio::time::timeout;
use xxhash_rust::xxh3::xxh3_64;

use crate::etcd::Settings;
use crate::etcd::fault::Fault;

/// What etcd has not answered by then it will not.
pub(super) const CALL_MAX: Duration = Duration::from_secs(2);
/// The pause after all endpoints failed once, without its jitter; twice as long with each further time.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause, without its jitter, which is as long again at most.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Tries endpoints in turn.
#[derive(Debug)]
pub(super) struct Dialer {
    /// The one that is tried next.
    next: usize,
    /// How often all were tried without success.
    rounds: u32,
    /// How many were tried since.
    tried: usize,
    /// Nodes that lost etcd at the same moment come back at different ones.
    seed: u64,
}

impl Dialer {
    pub(super) fn new(name: &str, incarnation: u64) -> Self {
        let seed = xxh3_64(name.as_bytes()) ^ incarnation.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self {
            next: 0,
            rounds: 0,
            tried: 0,
            seed,
        }
    }

    /// Connects to the endpoint whose turn it is, and shows that it answers if it asks for a password.
    pub(super) async fn dial(&self, settings: &Settings) -> Result<Client, Fault> {
        let endpoint = self.endpoint(settings);
        let connecting = Client::connect([endpoint], Some(options(settings)?));
        match timeout(CALL_MAX, connecting).await {
            Ok(client) => Ok(client?),
            Err(_) => Err(unanswered()),
        }
    }

    /// The endpoint whose turn it is.
    pub(super) fn endpoint<'a>(&self, settings: &'a Settings) -> &'a str {
        let endpoints = &settings.endpoints;
        endpoints
            .get(self.next % endpoints.len().max(1))
            .map_or("", String::as_str)
    }

    /// The endpoint did not do: the next one's turn, after this pause.
    pub(super) fn fail(&mut self, settings: &Settings) -> Duration {
        self.next = self.next.wrapping_add(1);
        self.tried += 1;
        if self.tried < settings.endpoints.len() {
            return Duration::ZERO;
        }
        self.tried = 0;
        self.rounds = self.rounds.saturating_add(1);
        let pause = PAUSE_FIRST.saturating_mul(1 << (self.rounds - 1).min(16));
        self.jittered(pause.min(PAUSE_MAX))
    }

    /// The endpoint did well for a while.
    pub(super) const fn succeed(&mut self) {
        self.rounds = 0;
        self.tried = 0;
    }

    /// A pause before the same endpoint is asked again.
    pub(super) fn pause(&mut self) -> Duration {
        self.jittered(PAUSE_FIRST)
    }

    /// Once to twice as long.
    fn jittered(&mut self, pause: Duration) -> Duration {
        self.seed = xxh3_64(&self.seed.to_le_bytes());
        pause + pause.mul_f64((self.seed % 1000) as f64 / 1000.0)
    }
}

pub(super) fn unanswered() -> Fault {
    Fault::Away(format!("it has not answered for {CALL_MAX:?}"))
}

fn options(settings: &Settings) -> Result<ConnectOptions, Fault> {
    let mut options = ConnectOptions::new()
        .with_connect_timeout(CALL_MAX)
        // A server that lost the others would go on as if nothing had happened.
        .with_require_leader(true)
        .with_auto_token_refresh(true);
    if let Some((user, password)) = &settings.credentials {
        options = options.with_user(user, password.reveal());
    }
    if let Some(tls) = &settings.tls {
        let mut found = TlsOptions::new().ca_certificate(Certificate::from_pem(&tls.authority));
        if let Some((certificate, key)) = &tls.identity {
            found = found.identity(Identity::from_pem(certificate, key.reveal()));
        }
        if let Some(domain) = &tls.domain {
            found = found.domain_name(domain);
        }
        options = options.with_tls(found);
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcd::Etcd;

    #[test]
    fn all_endpoints_are_tried_before_the_first_pause() {
        let etcd = Etcd::at(["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
        let mut dialer = Dialer::new("a", 1);
        let mut tried = Vec::new();
        let mut pauses = Vec::new();
        for _ in 0..30 {
            tried.push(dialer.endpoint(&etcd.settings).to_owned());
            pauses.push(dialer.fail(&etcd.settings));
        }
        assert_eq!(tried[..3], ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
        assert_eq!(tried[3], tried[0]);
        assert_eq!(pauses[..2], [Duration::ZERO; 2]);
        assert!(pauses[2] >= PAUSE_FIRST && pauses[2] < PAUSE_FIRST * 2);
        assert!(pauses[29] >= PAUSE_MAX && pauses[29] < PAUSE_MAX * 2);
        dialer.succeed();
        dialer.fail(&etcd.settings);
        dialer.fail(&etcd.settings);
        assert!(dialer.fail(&etcd.settings) < PAUSE_FIRST * 2);
    }

    #[test]
    fn two_nodes_pause_differently() {
        let etcd = Etcd::at(["127.0.0.1:1"]);
        let pauses = |name: &str| {
            let mut dialer = Dialer::new(name, 1);
            [(); 4].map(|()| dialer.fail(&etcd.settings))
        };
        assert_ne!(pauses("a"), pauses("b"));
    }
}
