//! Calls of the client, and how they end.

use std::time::Duration;

use arena_bots::account::{Login, Weather};
use arena_bots::common::Region;
use arena_bots::world::{Avatar, AvatarRenameArgs, NameError};
use playhouse_client::{CallError, EntityKey, Executed, Failure, FailureKind};
use playhouse_wire::message::{self, WireFailure};
use playhouse_wire::{Limits, from_slice};
use tokio::time::Instant;

use super::server::{method, run};

#[test]
fn a_guest_calls_a_service() {
    run(async |world| {
        let client = world.guest().await;
        world.server.script(|reply, _| {
            let weather = Weather {
                open: true,
                players: 1200,
                notice: "hello".to_owned(),
            };
            reply.value(&weather);
        });
        let weather = client.service::<Login>().weather(Region::Asia).await;
        assert_eq!(weather.unwrap().players, 1200);
        let seen = world.server.last();
        assert_eq!((seen.method.package, seen.method.number), (2, 1));
        assert_eq!((seen.method.slot, seen.method.tag), (0, 4));
        assert_eq!(seen.key, None);
        assert_eq!(seen.deadline_us, Some(4_000_000));
    });
}

#[test]
fn without_a_session_no_entity_is_found() {
    run(async |world| {
        let client = world.guest().await;
        let failure = client
            .entity::<Avatar>()
            .rename("Ada".to_owned().into())
            .await;
        let Err(CallError::Failed(failure)) = failure else {
            panic!("{failure:?}")
        };
        assert_eq!(failure.kind(), FailureKind::NotFound);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert!(failure.text().contains("no Avatar is bound"), "{failure}");
        assert!(world.server.seen.borrow().is_empty());
    });
}

#[test]
fn the_bound_entity_and_its_components_are_called() {
    run(async |world| {
        let client = world.player().await;
        world.server.script(|reply, _| reply.value(&()));
        let avatar = client.entity::<Avatar>();
        avatar.rename("Ada".to_owned().into()).await.unwrap();
        let seen = world.server.last();
        assert_eq!(seen.method, method(0, 1));
        assert_eq!(seen.key, Some(EntityKey::new([7u64.into()])));
        assert_eq!(seen.deadline_us, Some(3_000_000));
        let args: AvatarRenameArgs = from_slice(&seen.args, &Limits::DEFAULT).unwrap();
        assert_eq!(args.name.0, "Ada");
        avatar.bag().wear(3u16.into(), 1).await.unwrap();
        assert_eq!(world.server.last().method, method(2, 6));
    });
}

#[test]
fn a_oneway_is_on_its_way_when_it_returns() {
    run(async |world| {
        let client = world.player().await;
        client.entity::<Avatar>().bag().sort(true).unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.server.last().method, method(2, 7));
    });
}

#[test]
fn what_the_handler_throws_arrives() {
    run(async |world| {
        let client = world.player().await;
        world
            .server
            .script(|reply, _| reply.thrown(&NameError::Taken));
        let renamed = client
            .entity::<Avatar>()
            .rename("Ada".to_owned().into())
            .await;
        assert_eq!(renamed, Err(CallError::Thrown(NameError::Taken)));
    });
}

#[test]
fn a_failure_arrives_as_it_was_sent() {
    run(async |world| {
        let client = world.player().await;
        world.server.script(|reply, _| {
            let failure = WireFailure {
                text: "10 calls a second",
                ..WireFailure::new(
                    message::FailureKind::RateLimited,
                    message::Executed::NotExecuted,
                )
            };
            reply.failure(&failure);
        });
        let renamed = client
            .entity::<Avatar>()
            .rename("Ada".to_owned().into())
            .await;
        let expected = Failure::not_executed(FailureKind::RateLimited).because("10 calls a second");
        assert_eq!(renamed, Err(CallError::Failed(expected)));
    });
}

#[test]
fn an_answer_that_can_not_be_read_is_invalid() {
    run(async |world| {
        let client = world.guest().await;
        world.server.script(|reply, _| reply.value(&true));
        let failure = client
            .service::<Login>()
            .weather(Region::Asia)
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Invalid);
        assert_eq!(failure.executed(), Executed::Unknown);
    });
}

#[test]
fn arguments_out_of_bounds_are_not_sent() {
    run(async |world| {
        let client = world.player().await;
        let failure = client.entity::<Avatar>().bag().wear(3u16.into(), 8).await;
        let Err(CallError::Failed(failure)) = failure else {
            panic!("{failure:?}")
        };
        assert_eq!(failure.kind(), FailureKind::Invalid);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert!(failure.text().contains("place"), "{failure}");
        assert!(world.server.seen.borrow().is_empty());
    });
}

#[test]
fn a_call_ends_at_its_deadline_and_the_server_is_told() {
    run(async |world| {
        let client = world.player().await;
        let began = Instant::now();
        let failure = client
            .service::<Login>()
            .weather(Region::Asia)
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(failure.executed(), Executed::Unknown);
        assert_eq!(began.elapsed().as_secs(), 4);

        let began = Instant::now();
        let login = client
            .service::<Login>()
            .deadline(Duration::from_millis(700));
        let failure = login.weather(Region::Asia).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(began.elapsed().as_millis() / 100, 7);
        assert_eq!(world.server.last().deadline_us, Some(700_000));

        tokio::time::sleep(Duration::from_secs(1)).await;
        let seen: Vec<u32> = world
            .server
            .seen
            .borrow()
            .iter()
            .map(|seen| seen.id)
            .collect();
        assert_eq!(*world.server.cancelled.borrow(), seen);
    });
}

#[test]
fn a_call_that_is_dropped_is_cancelled() {
    run(async |world| {
        let client = world.player().await;
        let calling = client.service::<Login>().weather(Region::Asia);
        let waited = tokio::time::timeout(Duration::from_secs(1), calling).await;
        assert!(waited.is_err());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(*world.server.cancelled.borrow(), [world.server.last().id]);
    });
}

#[test]
fn a_call_that_is_not_awaited_is_not_made() {
    run(async |world| {
        let client = world.player().await;
        let calling = client.service::<Login>().weather(Region::Asia);
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(calling);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(world.server.seen.borrow().is_empty());
    });
}
