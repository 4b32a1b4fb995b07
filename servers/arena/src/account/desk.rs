//! Logging in over HTTP: the same as over a link, in other words.

use arena_schema::account::{Account, Credential, Email, LoginError, LoginGrant, UpgradeError};
use arena_schema::common::Region;
use playhouse::login::{Answer, Ask, Asked, Claims, ClientFacts, Grant, Password, Refused};
use playhouse::{CallError, Cx, Failure, FailureKind};

use super::logins::{Logins, check_version};
use crate::app;

/// Answers who logs in over HTTP.
pub(crate) async fn answer(cx: &mut Cx, asked: Asked) -> Result<Answer, Refused> {
    let logins = Logins::of(cx)?;
    let granted = match asked.ask {
        Ask::Guest {
            installation,
            client,
        } => {
            check_version(&client.version).map_err(refused)?;
            logins.guest(cx, installation, region(&client)?).await
        }
        Ask::Login(password, client) => {
            check_version(&client.version).map_err(refused)?;
            let credential = credential(password);
            logins.enter(cx, credential, Some(asked.address)).await
        }
        Ask::Upgrade(claims, password) => return upgrade(&claims, password).await,
        Ask::Logout(claims) => {
            let account = Account::of(app::account(&claims)?);
            let done = account.log_out(claims.login_no).await;
            return done.map(|()| Answer::Done).map_err(failed);
        }
        _ => return Err(Refused::Closed),
    };
    granted
        .map(|granted| Answer::Granted(grant(granted)))
        .map_err(failed)
}

async fn upgrade(claims: &Claims, password: Password) -> Result<Answer, Refused> {
    let account = Account::of(app::account(claims)?);
    let upgraded = account.upgrade(credential(password), claims.login_no).await;
    match upgraded {
        Ok(()) => Ok(Answer::Done),
        Err(CallError::Thrown(UpgradeError::Taken)) => Err(Refused::Taken),
        Err(CallError::Thrown(UpgradeError::NotAGuest)) => Err(Refused::NotAGuest),
        Err(CallError::Thrown(UpgradeError::Login(error))) => Err(refused(error)),
        Err(CallError::Thrown(_)) => Err(Refused::Closed),
        Err(CallError::Failed(failure)) => Err(failure.into()),
    }
}

fn grant(granted: LoginGrant) -> Grant {
    Grant {
        account: granted.account.0.to_string(),
        pass: granted.token.0,
        gates: granted.gates,
        valid_for: granted.valid_for,
        fresh: granted.fresh,
    }
}

fn failed(error: CallError<LoginError>) -> Refused {
    match error {
        CallError::Thrown(error) => refused(error),
        CallError::Failed(failure) => failure.into(),
    }
}

fn refused(error: LoginError) -> Refused {
    match error {
        LoginError::UnknownAccount | LoginError::WrongProof => Refused::WrongProof,
        LoginError::Banned { until, reason } => Refused::Banned { until, reason },
        LoginError::ClientTooOld { least } => Refused::ClientTooOld { least },
        LoginError::TooOften { wait } => Refused::TooOften { wait },
        _ => Refused::Closed,
    }
}

fn credential(password: Password) -> Credential {
    Credential::Password {
        email: Email(password.email),
        secret: password.secret,
    }
}

/// The region that a game says; the first of them if it says none.
fn region(client: &ClientFacts) -> Result<Region, Failure> {
    match client.region.as_str() {
        "" | "europe" => Ok(Region::Europe),
        "america" => Ok(Region::America),
        "asia" => Ok(Region::Asia),
        _ => Err(Failure::not_executed(FailureKind::Invalid)
            .because("there are the regions europe, america and asia")),
    }
}
