//! What clients ask of a login, and how a game answers.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use playhouse_wire::{Bytes, Duration, Timestamp, Uuid};

use super::claims::Claims;
use crate::call::Failure;
use crate::host::Cx;

/// A client, and what it asks.
#[derive(Debug)]
#[non_exhaustive]
pub struct Asked {
    /// Where it is, as far as one can tell: behind a proxy that is trusted, as the proxy says.
    pub address: IpAddr,
    /// What it asks.
    pub ask: Ask,
}

/// What a client asks of a login. Everything is within the bounds of the [API](super::http).
#[derive(Debug)]
#[non_exhaustive]
pub enum Ask {
    /// To come in as the guest of an installation.
    Guest {
        /// Which one. It is all that proves who the guest is.
        installation: Uuid,
        /// What it says of itself.
        client: ClientFacts,
    },
    /// To come in with a password.
    Login(Password, ClientFacts),
    /// To give a guest a password. The claims are of a pass that the client has shown, whose time may be over: compare
    /// their number with the account's.
    Upgrade(Claims, Password),
    /// That no pass of the account counts any more; the claims as for an upgrade.
    Logout(Claims),
}

/// A player's name for the login, and the proof.
pub struct Password {
    /// In lower case, not looked at further.
    pub email: String,
    /// As typed.
    pub secret: String,
}

/// What a game says of itself when it logs in. None of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFacts {
    /// `1.4.2`.
    pub version: String,
    /// Where its player is, as the game names regions; empty if it didn't say.
    pub region: String,
    /// `en`, `pt-BR`.
    pub language: String,
}

/// What a login gives.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// A way in.
    Granted(Grant),
    /// It is done.
    Done,
}

/// A way into the game.
pub struct Grant {
    /// What the game calls the account.
    pub account: String,
    /// What opens a session: [`Pass::join`](super::Pass::join).
    pub pass: Bytes,
    /// Where the gates are, best first: [`Gates`](super::Gates).
    pub gates: Vec<String>,
    /// How long the pass opens a session.
    pub valid_for: Duration,
    /// Whether it is the first login ever.
    pub fresh: bool,
}

/// Why a login gives nothing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refused {
    /// Wrong name or password, or a pass that counts no more. Which, nobody is told.
    WrongProof,
    /// The account is shut out.
    Banned {
        /// None: for good.
        until: Option<Timestamp>,
        /// What for.
        reason: String,
    },
    /// The game must be updated.
    ClientTooOld {
        /// The oldest version that may come in.
        least: String,
    },
    /// Nobody comes in just now.
    Closed,
    /// Somebody else has that name.
    Taken,
    /// It has a password already.
    NotAGuest,
    /// Too many wrong passwords.
    TooOften {
        /// How long to wait.
        wait: Duration,
    },
    /// Something the game needs for it failed.
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Answers clients: what [`NodeBuilder::login`](crate::node::NodeBuilder::login) is given.
pub(crate) trait Desk: Send + Sync {
    fn answer<'a>(
        &'a self,
        cx: &'a mut Cx,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + 'a>>;
}

impl<F> Desk for F
where
    F: AsyncFn(&mut Cx, Asked) -> Result<Answer, Refused> + Send + Sync,
{
    fn answer<'a>(
        &'a self,
        cx: &'a mut Cx,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + 'a>> {
        Box::pin(self(cx, asked))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("account", &self.account)
            .field("gates", &self.gates)
            .finish_non_exhaustive()
    }
}
