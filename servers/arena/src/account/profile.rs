//! One account: which installations may enter, how often they did, and whether they are shut out.

use arena_schema::account::{
    Account, AccountForgetArgs, Credential, Email, LoginError, PasswordHash, Profile, UpgradeError,
};
use arena_schema::common::{AccountId, Region};
use arena_schema::world::Avatar;
use playhouse::login::TokenKeys;
use playhouse::{CallError, Cx, Duration, Failure, Timestamp, Uuid, entity};

use super::Logins;
use crate::clock::Moment;

/// An installation that wasn't seen for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_seconds(180 * 24 * 3600);
/// The end of a ban that has none.
const FOR_GOOD: Timestamp = Timestamp::from_micros(i64::MAX);

/// One account.
#[entity(Account {})]
#[derive(Debug)]
pub struct AccountLogic {
    props: Account,
}

#[entity(Account)]
impl AccountLogic {
    #[hook]
    fn construct(_account: AccountId) -> Self {
        Self {
            props: Account::new(Timestamp::from_micros(0)),
        }
    }

    #[rpc]
    async fn register(
        &mut self,
        cx: &mut Cx,
        installation: Uuid,
        region: Region,
    ) -> Result<Profile, CallError<LoginError>> {
        if self.props.installations().is_empty() {
            self.props.set_created_at(cx.utc());
            self.props.set_region(region);
            self.props
                .installations_mut()
                .insert(installation)
                .map_err(Failure::from)?;
        }
        Ok(self.own_profile(cx)?)
    }

    #[rpc]
    async fn admit(
        &mut self,
        cx: &mut Cx,
        credential: Credential,
    ) -> Result<Profile, CallError<LoginError>> {
        if self.props.installations().is_empty() {
            // Asking for an account that nobody made must not make it.
            cx.destroy();
            return Err(LoginError::UnknownAccount.into());
        }
        let installation = match credential {
            Credential::Installation(installation) => Some(installation),
            Credential::Password { secret, .. } => {
                self.prove(cx, &secret).await?;
                None
            }
            _ => return Err(LoginError::WrongProof.into()),
        };
        if installation.is_some_and(|it| !self.props.installations().contains(&it)) {
            return Err(LoginError::WrongProof.into());
        }
        if let Some(until) = self.props.banned_until()
            && Moment::now(cx).until(until).as_micros() > 0
        {
            return Err(LoginError::Banned {
                until: Some(until).filter(|until| *until != FOR_GOOD),
                reason: self.props.reason().to_owned(),
            }
            .into());
        }
        self.props.set_login_no(self.props.login_no() + 1);
        if let Some(installation) = installation {
            cx.cancel_timers(installation);
            cx.timer(AccountForgetArgs { installation })
                .key(installation)
                .after(FORGET_AFTER)?;
        }
        Ok(self.own_profile(cx)?)
    }

    #[rpc]
    async fn upgrade(
        &mut self,
        cx: &mut Cx,
        credential: Credential,
        login_no: u64,
    ) -> Result<(), CallError<UpgradeError>> {
        let Credential::Password { email, secret } = credential else {
            return Err(UpgradeError::Login(LoginError::WrongProof).into());
        };
        if self.props.login_no() == 0 || ![0, self.props.login_no()].contains(&login_no) {
            return Err(UpgradeError::Login(LoginError::WrongProof).into());
        }
        if self.props.password().is_some() {
            return Err(UpgradeError::NotAGuest.into());
        }
        let hash = Logins::of(cx)?.passwords.hash(&secret).await?;
        let email = Email(email.0.to_lowercase());
        self.props.set_email(Some(email)).map_err(Failure::from)?;
        let kept = PasswordHash {
            salt: hash.salt[..].into(),
            hash: hash.hash[..].into(),
            rounds: hash.passes,
            memory_kib: hash.memory_kib,
        };
        self.props.set_password(Some(kept)).map_err(Failure::from)?;
        // What is unique is saved at once, to hear whether it was taken.
        if let Err(error) = cx.save(self).await {
            self.props.set_email(None).map_err(Failure::from)?;
            self.props.set_password(None).map_err(Failure::from)?;
            if error.is_taken("email") {
                return Err(UpgradeError::Taken.into());
            }
            return Err(Failure::from(error).into());
        }
        Ok(())
    }

    #[rpc]
    async fn profile(&mut self, cx: &mut Cx) -> Result<Profile, Failure> {
        self.own_profile(cx)
    }

    #[rpc]
    async fn ban(
        &mut self,
        cx: &mut Cx,
        until: Option<Timestamp>,
        reason: String,
    ) -> Result<(), Failure> {
        self.props.set_banned_until(Some(until.unwrap_or(FOR_GOOD)));
        self.props.set_login_no(self.props.login_no() + 1);
        self.revoke(cx)?;
        Ok(self.props.set_reason(reason)?)
    }

    #[rpc]
    async fn log_out(&mut self, cx: &mut Cx, login_no: u64) -> Result<(), CallError<LoginError>> {
        // One that nobody made has no login to end.
        if login_no == 0 || self.props.login_no() != login_no {
            if self.props.installations().is_empty() {
                cx.destroy();
            }
            return Err(LoginError::WrongProof.into());
        }
        self.props.set_login_no(login_no + 1);
        self.revoke(cx)?;
        Ok(())
    }

    #[rpc]
    async fn forget(&mut self, _cx: &mut Cx, installation: Uuid) {
        self.props.installations_mut().remove(&installation);
    }

    /// Whether a password is the account's.
    async fn prove(&self, cx: &Cx, password: &str) -> Result<(), CallError<LoginError>> {
        let kept = self
            .props
            .password()
            .map(|kept| playhouse::login::PasswordHash {
                salt: kept.salt.0.as_slice().try_into().unwrap_or_default(),
                hash: kept.hash.0.as_slice().try_into().unwrap_or_default(),
                memory_kib: kept.memory_kib,
                passes: kept.rounds,
            });
        let passwords = &Logins::of(cx)?.passwords;
        if passwords.is_right(password, kept.as_ref()).await? {
            Ok(())
        } else {
            Err(LoginError::WrongProof.into())
        }
    }

    /// What was given before this login counts no more.
    fn revoke(&self, cx: &Cx) -> Result<(), Failure> {
        let avatar = Avatar::reference(self.own_profile(cx)?.account).into();
        let revocations = TokenKeys::of(cx)?;
        revocations
            .revocations()
            .revoke_below(&avatar, self.props.login_no(), cx.utc());
        Ok(())
    }

    fn own_profile(&self, cx: &Cx) -> Result<Profile, Failure> {
        let account = cx.key::<Account>().ok_or_else(|| {
            Failure::not_executed(playhouse::FailureKind::NotFound).because("this is no account")
        })?;
        Ok(Profile {
            account,
            region: self.props.region(),
            rights: self.props.rights(),
            guest: self.props.email().is_none() && self.props.platforms().is_empty(),
            login_no: self.props.login_no(),
        })
    }
}
