//! Links: made, lost, closed.

use std::time::Duration;

use arena_bots::SCHEMA;
use arena_bots::account::Login;
use arena_bots::common::Region;
use arena_bots::world::AvatarNoticeArgs;
use playhouse_client::{Client, Closed, Executed, FailureKind};
use playhouse_wire::message::GoAwayReason;
use tokio::task::spawn_local;

use super::server::{TOKEN, run};

#[test]
fn nobody_there_is_said_at_once() {
    run(async |world| {
        let builder = Client::builder(&SCHEMA).network(world.network.host("client"));
        let failure = builder.connect("server:9").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        assert_eq!(failure.executed(), Executed::NotExecuted);
    });
}

#[test]
fn a_guest_is_over_with_its_link() {
    run(async |world| {
        let client = world.guest().await;
        let waiting = {
            let client = client.clone();
            spawn_local(async move { client.service::<Login>().weather(Region::Asia).await })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let link = world.server.link();
        link.close(GoAwayReason::Stopping, "maintenance");
        let failure = waiting.await.unwrap().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable);
        assert_eq!(failure.executed(), Executed::Unknown);
        assert!(matches!(client.closed().await, Closed::Link(_)));
        assert!(client.is_closed());
        assert!(client.session_end().is_none());
        let after = client
            .service::<Login>()
            .weather(Region::Asia)
            .await
            .unwrap_err();
        assert_eq!(after.kind(), FailureKind::Unreachable);
        assert_eq!(after.executed(), Executed::NotExecuted);
        let opened = client.open(TOKEN).await.unwrap_err();
        assert_eq!(opened.kind(), FailureKind::Unreachable);
    });
}

#[test]
fn a_server_that_goes_away_says_why() {
    run(async |world| {
        let client = world.guest().await;
        let link = world.server.link();
        link.go_away(GoAwayReason::Stopping, "maintenance");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let said = (GoAwayReason::Stopping, "maintenance".to_owned());
        assert_eq!(client.farewell(), Some(said));
    });
}

#[test]
fn the_last_client_closes_the_link() {
    run(async |world| {
        let client = world.player().await;
        let other = client.clone();
        drop(client);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!world.server.closed.get());
        drop(other);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(world.server.closed.get());
    });
}

#[test]
fn handlers_that_hold_the_client_go_with_the_link() {
    run(async |world| {
        let client = world.player().await;
        let held = client.clone();
        let (dropped, seen) = tokio::sync::oneshot::channel::<()>();
        client.on(move |_: AvatarNoticeArgs| {
            let _ = (&held, &dropped);
        });
        client.close();
        assert!(client.is_closed());
        // The channel ends when the handler is dropped.
        assert!(seen.await.is_err());
    });
}
