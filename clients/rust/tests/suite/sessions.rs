//! Sessions: opened, refused, ended.

use arena_bots::world::Avatar;
use playhouse_client::{CallError, Executed, FailureKind, SessionReason};
use std::time::Duration;

use super::server::{TOKEN, avatar, run};

#[test]
fn a_session_binds_an_entity() {
    run(async |world| {
        let client = world.guest().await;
        assert!(client.bound().is_empty());
        assert_eq!(client.open(TOKEN).await, Ok(avatar()));
        assert_eq!(client.bound(), [avatar()]);
        assert!(client.session_end().is_none());
    });
}

#[test]
fn a_token_that_is_not_right_is_denied() {
    run(async |world| {
        let client = world.guest().await;
        let failure = client.open(b"bad").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Denied);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(failure.text(), "the token has expired");
        assert_eq!(client.open(TOKEN).await, Ok(avatar()));
    });
}

#[test]
fn a_server_that_does_not_answer_ends_in_a_timeout() {
    run(async |world| {
        let client = world.guest().await;
        let failure = client.open(b"").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
    });
}

#[test]
fn a_later_open_takes_the_place_of_an_earlier_one() {
    run(async |world| {
        let client = world.guest().await;
        let first = {
            let client = client.clone();
            tokio::task::spawn_local(async move { client.open(b"").await })
        };
        tokio::task::yield_now().await;
        assert_eq!(client.open(TOKEN).await, Ok(avatar()));
        let failure = first.await.unwrap().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Cancelled);
        assert_eq!(failure.executed(), Executed::Unknown);
    });
}

#[test]
fn a_session_that_ended_binds_nothing() {
    run(async |world| {
        let client = world.player().await;
        world
            .server
            .end(0, SessionReason::Replaced, "another login");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let expected = (SessionReason::Replaced, "another login".to_owned());
        assert_eq!(client.session_end(), Some(expected));
        let renamed = client
            .entity::<Avatar>()
            .rename("Ada".to_owned().into())
            .await;
        let Err(CallError::Failed(failure)) = renamed else {
            panic!("{renamed:?}")
        };
        assert_eq!(failure.kind(), FailureKind::NotFound);
    });
}
