//! Who may come in: tokens that a login hands out, and what nodes make of them.
//!
//! A login ends in a *pass*: the [`SessionKey`], which the client keeps, and the token, which it shows when it opens a
//! session. A token says in the clear whom it admits ([`Claims`]) and is sealed under a key that all nodes of a cluster
//! derive from the same secret ([`TokenKeys`]). A gate checks the seal; the session's home checks it again and derives
//! the session key, by which it knows that whoever shows the token is who was given it. `docs/login.md` is the page. Logins over HTTP
//! come with the feature `login-http`.
//!
//! | limit | default | beyond it |
//! |---|---|---|
//! | [`GENERATIONS_MAX`] | 4 secrets at once | [`KeysError::Generations`] |
//! | [`SECRET_BYTES_MIN`] | 16 bytes of a secret | [`KeysError::Short`] |
//! | [`LOGIN_TIME`] | 60 s from login to session | [`TokenError::Expired`] |
//! | [`TOKEN_TIME_MAX`] | 4 h for any token | it ends then, whatever was asked |
//! | [`CLOCK_SKEW_MAX`] | 5 s between two clocks | [`TokenError::Early`], [`TokenError::Expired`] |
//! | [`REVOCATIONS_MAX`] | 65,536 accounts revoked at once | the oldest is forgotten |

mod attempts;
mod claims;
#[cfg(feature = "login-http")]
mod desk;
mod gates;
#[cfg(feature = "login-http")]
pub mod http;
mod keys;
mod passwords;
mod problem;
mod revocations;
#[cfg(test)]
mod tests;

pub use attempts::{
    ATTEMPTS_MAX, Attempt, Attempts, BACK_OFF_FIRST, BACK_OFF_MAX, FORGIVEN_AFTER, FREE_OF_ACCOUNT,
    FREE_OF_ADDRESS, FREE_OF_BOTH, KNOWN_FOR,
};
pub use claims::{Claims, TokenKind};
#[cfg(feature = "login-http")]
pub(crate) use desk::Desk;
#[cfg(feature = "login-http")]
pub use desk::{Answer, Ask, Asked, ClientFacts, Grant, Password, Refused};
pub use gates::Gates;
#[cfg(feature = "login-http")]
pub use http::Http;
pub use keys::{
    CLOCK_SKEW_MAX, GENERATIONS_MAX, LOGIN_TIME, SECRET_BYTES_MIN, TOKEN_TIME_MAX, TokenKeys,
};
pub use passwords::{
    HASH_MEMORY_KIB, HASH_PASSES, HASHERS, HASHES_WAITING_MAX, PASSWORD_BYTES_MAX, PasswordHash,
    Passwords,
};
pub use playhouse_wire::session::{Pass, SessionKey};
pub use problem::{KeysError, TokenError};
pub use revocations::{REVOCATIONS_MAX, Revocations};

/// The example of the page on logging in, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/login.md")]
struct Page;
