//! From nothing to a session.

use arena_bots::account::{Credential, Login, LoginError};
use arena_bots::common::Region;
use arena_bots::world::Avatar;
use arena_schema::account::Account;
use playhouse::Timestamp;
use playhouse::login::{Claims, TokenKind};
use playhouse_client::{FailureKind, SessionReason, Uuid};

use crate::game::{ended, info, keys, play, thrown};

#[test]
fn a_guest_gets_the_same_account_each_time_and_is_fresh_once() {
    play(async |game| {
        let (_, first) = game.grant(1).await;
        let (_, second) = game.grant(1).await;
        let (_, other) = game.grant(2).await;
        assert_eq!(first.account, second.account);
        assert_ne!(first.account, other.account);
        assert!(first.fresh && !second.fresh);
        assert_eq!(first.gates, std::slice::from_ref(&game.address));
    });
}

#[test]
fn a_token_opens_a_session_bound_to_the_avatar() {
    play(async |game| {
        let (client, grant) = game.grant(1).await;
        let bound = client.open(&grant.token.0).await.unwrap();
        assert_eq!(bound, *Avatar::reference(grant.account).address());
    });
}

#[test]
fn forged_and_expired_tokens_are_denied() {
    play(async |game| {
        let (client, grant) = game.grant(1).await;
        let mut forged = grant.token.0.clone();
        *forged.last_mut().unwrap() ^= 1;
        let account = arena_schema::common::AccountId(grant.account.0);
        let (expired, _) = keys().issue(&Claims {
            entity: arena_schema::world::Avatar::reference(account).into(),
            login_no: 1,
            issued: Timestamp::from_micros(1),
            expires: Timestamp::from_micros(1),
            kind: TokenKind::Login,
        });
        for token in [&forged[..], &expired[..], b"hello", b""] {
            let refused = client.open(token).await.unwrap_err();
            assert_eq!(refused.kind(), FailureKind::Denied, "{refused}");
        }
    });
}

#[test]
fn an_older_logins_token_is_denied() {
    play(async |game| {
        let (client, first) = game.grant(1).await;
        let (_, _second) = game.grant(1).await;
        let refused = client.open(&first.token.0).await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Denied, "{refused}");
    });
}

#[test]
fn a_second_login_takes_over() {
    play(async |game| {
        let first = game.player(1).await;
        let second = game.player(1).await;
        assert_eq!(ended(&first.client).await, SessionReason::Replaced);
        second.avatar().wallet().balance().await.unwrap();
    });
}

#[test]
fn old_games_stay_outside() {
    play(async |game| {
        let client = game.link().await;
        let login = client.service::<Login>();
        let refused = thrown(login.enter_as_guest(Uuid([1; 16]), info("0.9")).await);
        assert!(
            matches!(refused, LoginError::ClientTooOld { .. }),
            "{refused:?}"
        );
    });
}

#[test]
fn only_who_is_registered_may_enter() {
    play(async |game| {
        let client = game.link().await;
        let login = client.service::<Login>();
        let enter = || login.enter(Credential::Installation(Uuid([1; 16])), info("1.0"));
        assert_eq!(thrown(enter().await), LoginError::UnknownAccount);
        login
            .enter_as_guest(Uuid([1; 16]), info("1.0"))
            .await
            .unwrap();
        enter().await.unwrap();
    });
}

#[test]
fn who_is_banned_stays_outside() {
    play(async |game| {
        let (client, grant) = game.grant(1).await;
        let account = arena_schema::common::AccountId(grant.account.0);
        game.inside(move || async move {
            Account::of(account).ban(None, "cheats").unwrap();
            Account::of(account).profile().await.unwrap()
        })
        .await;
        let login = client.service::<Login>();
        let refused = thrown(login.enter_as_guest(Uuid([1; 16]), info("1.0")).await);
        assert!(
            matches!(&refused, LoginError::Banned { until: None, reason } if reason == "cheats"),
            "{refused:?}"
        );
    });
}

#[test]
fn without_a_session_there_is_only_what_guests_may() {
    play(async |game| {
        let client = game.link().await;
        // It opens as soon as the first lobby node has reported.
        let weather = || client.service::<Login>().weather(Region::Europe);
        while !weather().await.unwrap().open {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        }
        let upgrade = client
            .service::<Login>()
            .upgrade(Credential::Installation(Uuid([1; 16])), None);
        let refused = crate::game::failure(upgrade.await);
        assert_eq!(refused.kind(), FailureKind::Denied, "{refused}");
    });
}
