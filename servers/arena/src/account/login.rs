//! The login service: from nothing but an installed game to a token that opens a session.

use arena_schema::account::{
    Account, ClientInfo, Credential, Login, LoginError, LoginGrant, LoginToken, Profile,
    UpgradeError, Weather,
};
use arena_schema::common::{AccountId, Region};
use arena_schema::world::LobbyCenter;
use playhouse::login::TokenKeys;
use playhouse::{CallError, Cx, Timestamp, Uuid, service};

use super::logins::{Logins, check_version};
use crate::app;

/// The login service: what it knows stands in [`Logins`], what must be kept in `Account`.
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
        Logins::of(cx)?.enter(cx, credential, None).await
    }

    #[rpc]
    async fn enter_as_guest(
        &self,
        cx: &mut Cx,
        installation: Uuid,
        client: ClientInfo,
    ) -> Result<LoginGrant, CallError<LoginError>> {
        check_version(&client.version)?;
        Logins::of(cx)?.guest(cx, installation, client.region).await
    }

    #[rpc]
    async fn upgrade(
        &self,
        cx: &mut Cx,
        credential: Credential,
        token: Option<LoginToken>,
    ) -> Result<(), CallError<UpgradeError>> {
        let holder = token.map(|token| {
            TokenKeys::of(cx)?
                .holder(&token.0)
                .map_err(|_| app::nobody())
        });
        let Some(Ok(claims)) = holder else {
            return Err(UpgradeError::Login(LoginError::WrongProof).into());
        };
        let account = Account::of(app::account(&claims)?);
        account.upgrade(credential, claims.login_no).await
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
        // The gate that asks has counted it.
        let claims = TokenKeys::of(cx)?.at_home(&token.0, cx.utc());
        let Ok((claims, _)) = claims else {
            return Err(LoginError::WrongProof.into());
        };
        let profile = Account::of(app::account(&claims)?).profile().await?;
        if profile.login_no != claims.login_no {
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

    #[rpc]
    async fn log_out(&self, cx: &mut Cx, token: LoginToken) -> Result<(), CallError<LoginError>> {
        let Ok(claims) = TokenKeys::of(cx)?.holder(&token.0) else {
            return Err(LoginError::WrongProof.into());
        };
        let account = Account::of(app::account(&claims)?);
        account.log_out(claims.login_no).await
    }
}

/// The first two digits: the title screen needs no more, and nobody can follow single players by it.
const fn rounded(players: u32) -> u32 {
    let mut step = 1;
    while players / step >= 100 {
        step *= 10;
    }
    players / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_of_the_players_are_shown() {
        let shown = [0, 7, 99, 123, 4_567, u32::MAX].map(rounded);
        assert_eq!(shown, [0, 7, 99, 120, 4_500, 4_200_000_000]);
    }
}
