//! The login service: from nothing but an installed game to a token that opens a session.

use arena_schema::account::{
    Account, ClientInfo, Credential, Login, LoginError, LoginGrant, LoginToken, Profile,
    UpgradeError, Weather,
};
use arena_schema::common::{AccountId, Region};
use arena_schema::world::LobbyCenter;
use playhouse::{CallError, Cx, Duration, Timestamp, Uuid, service};
use sha2::{Digest, Sha256};

use crate::app::Arena;
use crate::seal::Pass;

/// How long a login token opens a session.
const TOKEN_VALID: Duration = Duration::from_seconds(60);
/// The oldest game that may log in.
const VERSION_LEAST: [u32; 2] = [1, 0];

/// The login service. It keeps nothing: what must be kept stands in `Account`.
#[derive(Debug, Default)]
pub struct LoginLogic;

#[service(Login)]
impl LoginLogic {
    #[rpc]
    async fn enter(
        &self,
        cx: &mut Cx,
        credential: Credential,
        client: ClientInfo,
    ) -> Result<LoginGrant, CallError<LoginError>> {
        check_version(&client.version)?;
        let account = match &credential {
            Credential::Installation(installation) => account_of(*installation),
            // Nothing vouches for a password or a platform until accounts are kept.
            _ => return Err(LoginError::UnknownAccount.into()),
        };
        let profile = Account::of(account).admit(credential).await?;
        grant(cx, &profile)
    }

    #[rpc]
    async fn enter_as_guest(
        &self,
        cx: &mut Cx,
        installation: Uuid,
        client: ClientInfo,
    ) -> Result<LoginGrant, CallError<LoginError>> {
        check_version(&client.version)?;
        let account = Account::of(account_of(installation));
        account.register(installation, client.region).await?;
        let credential = Credential::Installation(installation);
        let profile = account.admit(credential).await?;
        grant(cx, &profile)
    }

    #[rpc]
    async fn upgrade(
        &self,
        _cx: &mut Cx,
        _credential: Credential,
    ) -> Result<(), CallError<UpgradeError>> {
        Err(UpgradeError::Login(LoginError::WrongProof).into())
    }

    #[rpc]
    async fn weather(&self, _cx: &mut Cx, region: Region) -> Weather {
        let center = LobbyCenter::only();
        let open = matches!(center.pick(region).await, Ok(Some(_)));
        let players = center.players().await.unwrap_or_default();
        Weather {
            open,
            players: rounded(players),
            notice: String::new(),
        }
    }

    #[rpc]
    async fn verify(
        &self,
        cx: &mut Cx,
        token: LoginToken,
    ) -> Result<Profile, CallError<LoginError>> {
        let pass = Arena::of(cx).key.open(&token.0, cx.utc());
        let Ok(Pass::Login { account, login_no }) = pass else {
            return Err(LoginError::WrongProof.into());
        };
        let profile = Account::of(account).profile().await?;
        if profile.login_no != login_no {
            return Err(LoginError::WrongProof.into());
        }
        Ok(profile)
    }

    #[rpc]
    async fn ban(
        &self,
        _cx: &mut Cx,
        target: AccountId,
        reason: String,
        until: Option<Timestamp>,
    ) -> Result<(), CallError<LoginError>> {
        Ok(Account::of(target).ban(until, reason)?)
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

fn grant(cx: &Cx, profile: &Profile) -> Result<LoginGrant, CallError<LoginError>> {
    let pass = Pass::Login {
        account: profile.account,
        login_no: profile.login_no,
    };
    let gates: Vec<_> = cx.node().addresses().iter().take(8).cloned().collect();
    if gates.is_empty() {
        return Err(LoginError::ClosedForMaintenance { opens_at: None }.into());
    }
    Ok(LoginGrant {
        account: profile.account,
        token: LoginToken(Arena::of(cx).key.seal(pass, cx.utc() + TOKEN_VALID)),
        gates,
        valid_for: TOKEN_VALID,
        fresh: profile.login_no == 1,
    })
}

/// The first two digits: the title screen needs no more, and nobody can follow single players by it.
const fn rounded(players: u32) -> u32 {
    let mut step = 1;
    while players / step >= 100 {
        step *= 10;
    }
    players / step * step
}

fn check_version(version: &str) -> Result<(), LoginError> {
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
    fn two_digits_of_the_players_are_shown() {
        let shown = [0, 7, 99, 123, 4_567, u32::MAX].map(rounded);
        assert_eq!(shown, [0, 7, 99, 120, 4_500, 4_200_000_000]);
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
