//! Logging in, whichever way somebody comes: over a link to the service, or over HTTP.

use std::net::IpAddr;
use std::sync::Arc;

use arena_schema::account::{
    Account, Credential, Email, LoginError, LoginGrant, LoginToken, Profile,
};
use arena_schema::common::{AccountId, Region};
use arena_schema::world::Avatar;
use playhouse::login::{
    Attempts, Claims, Gates, LOGIN_TIME, Pass, Passwords, TokenKeys, TokenKind,
};
use playhouse::{Bytes, CallError, Cx, Failure, FailureKind, Reach, Uuid};
use sha2::{Digest, Sha256};

/// The oldest game that may log in.
const VERSION_LEAST: [u32; 2] = [1, 0];
/// Most gates that a client is told of, as the schema has it.
const GATES_MAX: usize = 8;
/// Longest address of a gate in bytes, as the schema has it.
const GATE_BYTES_MAX: usize = 128;

/// What all who log in on a node share.
#[derive(Debug, Default)]
pub struct Logins {
    /// Hashes of passwords.
    pub passwords: Passwords,
    attempts: Attempts,
    gates: Gates,
}

impl Logins {
    /// Those of the node of a handler.
    pub(crate) fn of(cx: &Cx) -> Result<Arc<Self>, Failure> {
        cx.shared().ok_or_else(|| {
            Failure::not_executed(FailureKind::Internal).because("the node shares no `Logins`")
        })
    }

    /// Lets a guest in; the first time, it makes the account.
    pub(crate) async fn guest(
        &self,
        cx: &Cx,
        installation: Uuid,
        region: Region,
    ) -> Result<LoginGrant, CallError<LoginError>> {
        let account = Account::of(account_of(installation));
        account.register(installation, region).await?;
        let profile = account
            .admit(Credential::Installation(installation))
            .await?;
        self.grant(cx, &profile)
    }

    /// Lets in whoever proves to have an account. The address is unknown to those who come by a link: their gate counts.
    pub(crate) async fn enter(
        &self,
        cx: &Cx,
        credential: Credential,
        address: Option<IpAddr>,
    ) -> Result<LoginGrant, CallError<LoginError>> {
        let profile = match credential {
            Credential::Installation(installation) => {
                let account = Account::of(account_of(installation));
                account
                    .admit(Credential::Installation(installation))
                    .await?
            }
            Credential::Password { email, secret } => {
                let name = email.0.to_lowercase();
                let email = Email(name.clone());
                let attempt = self.attempts.begin(&name, address, cx.utc());
                let attempt = attempt.map_err(|wait| LoginError::TooOften { wait })?;
                let Some(account) = Account::find_by_email(cx, &email).await? else {
                    // As long as it takes for somebody who is there.
                    let _nobodys = self.passwords.is_right(&secret, None).await?;
                    return Err(LoginError::WrongProof.into());
                };
                let profile = account
                    .proxy()
                    .admit(Credential::Password { email, secret })
                    .await?;
                attempt.succeeded();
                profile
            }
            // Nothing vouches for a platform.
            _ => return Err(LoginError::UnknownAccount.into()),
        };
        self.grant(cx, &profile)
    }

    /// Where somebody who comes in now connects, best first, at most so many; nowhere if there is no gate.
    pub(crate) fn gates(&self, cx: &Cx, count_max: usize) -> Vec<String> {
        let fits = |gate: &String| gate.len() <= GATE_BYTES_MAX;
        let gates = self.gates.addresses(cx, "gate").into_iter().filter(fits);
        gates.take(count_max).collect()
    }

    fn grant(&self, cx: &Cx, profile: &Profile) -> Result<LoginGrant, CallError<LoginError>> {
        let (token, key) = TokenKeys::of(cx)?.issue(&Claims {
            entity: Avatar::reference(profile.account).into(),
            login_no: profile.login_no,
            issued: cx.utc(),
            expires: cx.utc() + LOGIN_TIME,
            kind: TokenKind::Login,
        });
        let gates = self.gates(cx, GATES_MAX);
        if gates.is_empty() {
            return Err(LoginError::ClosedForMaintenance { opens_at: None }.into());
        }
        Ok(LoginGrant {
            account: profile.account,
            token: LoginToken(Bytes(Pass::join(&key, &token))),
            gates,
            valid_for: LOGIN_TIME,
            fresh: profile.login_no == 1,
        })
    }
}

/// The account of an installation: always the same one, and nobody can tell the installation from it.
#[must_use]
pub fn account_of(installation: Uuid) -> AccountId {
    let digest = Sha256::digest(installation.0);
    let number = digest
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    // Below the half, so that stores which know signed numbers only keep their order; never 0, which is nobody.
    AccountId((number >> 1).max(1))
}

pub(crate) fn check_version(version: &str) -> Result<(), LoginError> {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or_default());
    let version = [(); 2].map(|()| parts.next().unwrap_or_default());
    if version < VERSION_LEAST {
        let [major, minor] = VERSION_LEAST;
        let least = format!("{major}.{minor}");
        return Err(LoginError::ClientTooOld { least });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_always_has_the_same_account() {
        let one = account_of(Uuid([1; 16]));
        assert_eq!(one, account_of(Uuid([1; 16])));
        assert_ne!(one, account_of(Uuid([2; 16])));
        assert!(one.0 > 0 && one.0 <= i64::MAX as u64);
    }

    #[test]
    fn old_games_and_broken_versions_stay_outside() {
        for version in ["1.0", "1.4.2", "2", "12.1"] {
            assert_eq!(check_version(version), Ok(()), "{version}");
        }
        for version in ["0.9", "", "x.y", "99999999999.1"] {
            assert!(check_version(version).is_err(), "{version}");
        }
    }
}
