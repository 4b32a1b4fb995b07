//! One account: which installations may enter, how often they did, and whether they are shut out.

use arena_schema::account::{
    Account, AccountForgetArgs, Credential, LoginError, Profile, UpgradeError,
};
use arena_schema::common::{AccountId, Region};
use playhouse::{CallError, Cx, Duration, Failure, Timestamp, Uuid, entity};

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
        let Credential::Installation(installation) = credential else {
            return Err(LoginError::WrongProof.into());
        };
        if !self.props.installations().contains(&installation) {
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
        cx.cancel_timers(installation);
        cx.timer(AccountForgetArgs { installation })
            .key(installation)
            .after(FORGET_AFTER)?;
        Ok(self.own_profile(cx)?)
    }

    #[rpc]
    async fn upgrade(
        &mut self,
        _cx: &mut Cx,
        _credential: Credential,
    ) -> Result<(), CallError<UpgradeError>> {
        Err(UpgradeError::Login(LoginError::WrongProof).into())
    }

    #[rpc]
    async fn profile(&mut self, cx: &mut Cx) -> Result<Profile, Failure> {
        self.own_profile(cx)
    }

    #[rpc]
    async fn ban(
        &mut self,
        _cx: &mut Cx,
        until: Option<Timestamp>,
        reason: String,
    ) -> Result<(), Failure> {
        self.props.set_banned_until(Some(until.unwrap_or(FOR_GOOD)));
        Ok(self.props.set_reason(reason)?)
    }

    #[rpc]
    async fn forget(&mut self, _cx: &mut Cx, installation: Uuid) {
        self.props.installations_mut().remove(&installation);
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
