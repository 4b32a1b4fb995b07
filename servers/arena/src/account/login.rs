//! The login service: from nothing but an installed game to a token that opens a session.

use std::cell::RefCell;
use std::sync::Arc;

use arena_schema::account::{
    Account, ClientInfo, Credential, Login, LoginError, LoginGrant, LoginToken, Profile,
    UpgradeError, Weather,
};
use arena_schema::common::{AccountId, Region};
use arena_schema::world::{Avatar, LobbyCenter};
use playhouse::cluster::{Member, Picker, View};
use playhouse::login::{Claims, LOGIN_TIME, TokenKeys, TokenKind};
use playhouse::{CallError, Cx, Timestamp, Uuid, service};
use sha2::{Digest, Sha256};

use crate::app;

/// The oldest game that may log in.
const VERSION_LEAST: [u32; 2] = [1, 0];
/// Most gates that a client is told of, as the schema has it.
const GATES_MAX: usize = 8;
/// Longest address of a gate in bytes, as the schema has it.
const GATE_BYTES_MAX: usize = 128;

/// The login service. What must be kept stands in `Account`: it only remembers to which gates it has sent somebody just now.
#[derive(Debug, Default)]
pub struct LoginLogic {
    picker: RefCell<Picker>,
}

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
        self.grant(cx, &profile)
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
        self.grant(cx, &profile)
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

impl LoginLogic {
    fn grant(&self, cx: &Cx, profile: &Profile) -> Result<LoginGrant, CallError<LoginError>> {
        let (token, _) = TokenKeys::of(cx)?.issue(&Claims {
            entity: Avatar::reference(profile.account).into(),
            login_no: profile.login_no,
            issued: cx.utc(),
            expires: cx.utc() + LOGIN_TIME,
            kind: TokenKind::Login,
        });
        let gates = match cx.cluster() {
            Some(cluster) => {
                let mut picker = self.picker.borrow_mut();
                gates(&cluster.view(), &mut picker, cx.utc().as_micros())
            }
            None => cx.node().addresses().to_vec(),
        };
        let fits = |gate: &String| gate.len() <= GATE_BYTES_MAX;
        let gates: Vec<_> = gates.into_iter().filter(fits).take(GATES_MAX).collect();
        if gates.is_empty() {
            return Err(LoginError::ClosedForMaintenance { opens_at: None }.into());
        }
        Ok(LoginGrant {
            account: profile.account,
            token: LoginToken(token),
            gates,
            valid_for: LOGIN_TIME,
            fresh: profile.login_no == 1,
        })
    }
}

/// The gates of a cluster, best first: the one that is picked, then the others by their load.
fn gates(view: &View, picker: &mut Picker, now_us: i64) -> Vec<String> {
    let mut gates = view.with_role("gate").to_vec();
    gates.sort_by(|one, other| one.load.score.total_cmp(&other.load.score));
    let picked = picker.pick(&gates, now_us).map(|it| Arc::clone(&it.name));
    gates.sort_by_key(|gate| Some(&gate.name) != picked.as_ref());
    let address = |gate: &Arc<Member>| gate.addresses.first().cloned();
    gates.iter().filter_map(address).collect()
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
    fn gates_come_by_load_and_the_one_that_is_picked_first() {
        let gate = |name: &str, score: f32| {
            let mut gate = Member::new(name, 1, format!("{name}:7000"));
            gate.roles = vec!["gate".to_owned()];
            gate.load.score = score;
            gate
        };
        let mut leaves = gate("leaves", 0.0);
        leaves.draining = true;
        let lobby = Member::new("lobby", 1, "lobby:7000");
        let members = [
            gate("a", 30.0),
            gate("b", 10.0),
            gate("c", 20.0),
            leaves,
            lobby,
        ];
        let view = View::of(members.map(Arc::new));
        let mut picker = Picker::new();
        let mut next = || gates(&view, &mut picker, 1);
        assert_eq!(next(), ["b:7000", "c:7000", "a:7000"]);
        // So many at once are not sent to one.
        assert_eq!(next(), ["c:7000", "b:7000", "a:7000"]);
        assert_eq!(next(), ["a:7000", "b:7000", "c:7000"]);
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
