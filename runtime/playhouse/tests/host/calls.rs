//! Calls: to entities, components and services, ready and waiting ones.

use std::time::Duration;

use playhouse::{CallError, Executed, FailureKind};

use crate::harness::{kind, on_shard};
use crate::schema::trial::{Center, Desk, Hero, TradeError};
use crate::world::ms;

#[test]
fn a_call_reaches_a_component_and_comes_back() {
    on_shard(async |_shard| {
        let purse = Hero::of(1).purse();
        assert_eq!(purse.add(5).await, Ok(5));
        assert_eq!(purse.add(2).await, Ok(7));
        assert_eq!(Hero::of(1).chest().add(1).await, Ok(1), "a slot of its own");
        assert_eq!(
            Hero::of(2).purse().add(1).await,
            Ok(1),
            "an entity of its own"
        );
    });
}

#[test]
fn what_a_handler_throws_arrives_as_a_value() {
    on_shard(async |_shard| {
        let purse = Hero::of(1).purse();
        purse.add(3).await.unwrap();
        let thrown = purse.take(5).await.unwrap_err();
        assert_eq!(thrown, CallError::Thrown(TradeError::TooPoor { have: 3 }));
        assert_eq!(purse.take(3).await, Ok(0));
    });
}

#[test]
fn a_handler_that_waits_gets_a_task_of_its_own() {
    on_shard(async |shard| {
        let purse = Hero::of(1).purse();
        assert_eq!(purse.add_slowly(4, ms(20)).await, Ok(4));
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn components_reach_one_another() {
    on_shard(async |_shard| {
        let hero = Hero::of(1);
        assert_eq!(hero.bag().put(9).await, Ok(1));
        assert_eq!(hero.purse().worth().await, Ok(12));
        assert_eq!(hero.chest().add(0).await, Ok(100));
    });
}

#[test]
fn a_oneway_does_not_wait_and_keeps_its_place() {
    on_shard(async |_shard| {
        let hero = Hero::of(1);
        let lingering = hero.linger(ms(10));
        let lingering = tokio::task::spawn_local(lingering);
        tokio::task::yield_now().await;
        for number in 0..100 {
            hero.note(number).unwrap();
        }
        // One that comes after them is served after them.
        assert_eq!(hero.notes().await.unwrap(), (0..100).collect::<Vec<_>>());
        assert_eq!(lingering.await.unwrap(), Ok(true));
    });
}

#[test]
fn a_thousand_calls_inside_of_one_another() {
    on_shard(async |shard| {
        let call = Hero::of(1).deadline(Duration::from_secs(60)).descend(1000);
        assert_eq!(call.await, Ok(1000));
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn services_serve_calls_beside_one_another() {
    on_shard(async |_shard| {
        let desk = Desk::any();
        assert_eq!(desk.greet("you").await.unwrap(), "welcome, you");
        let calls = [0; 3].map(|_| tokio::task::spawn_local(desk.slow(ms(10))));
        let mut most = 0;
        for call in calls {
            most = most.max(call.await.unwrap().unwrap());
        }
        assert_eq!(most, 3);
        desk.ring().unwrap();
        assert_eq!(Desk::by_key(&7).rung().await, Ok(1));
    });
}

#[test]
fn a_panic_is_the_caller_s_error_and_the_entity_begins_anew() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        hero.note(5).unwrap();
        let failure = hero.burst().await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Internal);
        assert_eq!(failure.executed(), Executed::Unknown);
        assert_eq!(hero.notes().await.unwrap(), [0; 0], "what it left is gone");
        assert_eq!(kind(hero.sibling_panics().await), FailureKind::Internal);
        assert_eq!(shard.panics(), 2);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn arguments_out_of_bounds_are_refused_here_as_elsewhere() {
    on_shard(async |_shard| {
        let failure = Hero::of(1).purse().add(1_000_001).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Invalid);
        assert_eq!(failure.executed(), Executed::NotExecuted);
    });
}

#[test]
fn deadlines_are_handed_on() {
    on_shard(async |_shard| {
        assert_eq!(
            Hero::of(1).left(false).await,
            Ok(2_000_000),
            "of the schema"
        );
        let left = Hero::of(1).left(true).await.unwrap();
        assert!((1_400_000..=1_500_000).contains(&left), "{left}");
        let short = Hero::of(1).deadline(Duration::from_millis(3));
        assert_eq!(short.left(false).await, Ok(3_000));
    });
}

#[test]
fn callers_are_known() {
    on_shard(async |_shard| {
        assert_eq!(Hero::of(1).who().await.unwrap(), "hero 1 called by None");
        assert_eq!(
            kind(Center::only().at("127.0.0.1:1").beats().await),
            FailureKind::Unreachable
        );
    });
}

#[test]
fn calls_off_a_shard_say_so() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let failure = runtime.block_on(Hero::of(1).purse().worth()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::NotFound);
    assert!(failure.text().contains("Running::spawn"), "{failure}");
}
