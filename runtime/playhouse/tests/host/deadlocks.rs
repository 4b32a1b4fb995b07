//! Calls that would wait for themselves.

use playhouse::{Executed, Failure, FailureKind};

use crate::harness::{hero, on_shard};
use crate::schema::trial::{Desk, Hero};
use crate::world::ms;

fn path(outcome: Result<u32, Failure>) -> String {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Deadlock);
    failure.path().to_owned()
}

#[test]
fn an_entity_that_calls_itself() {
    on_shard(async |shard| {
        let path = path(Hero::of(1).circle(vec![1]).await);
        assert_eq!(path, "Hero(1).circle -> Hero(1).circle");
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_circle_of_three() {
    on_shard(async |shard| {
        let path = path(Hero::of(1).circle(vec![2, 3, 1]).await);
        assert_eq!(
            path,
            "Hero(1).circle -> Hero(2).circle -> Hero(3).circle -> Hero(1).circle"
        );
        assert_eq!(
            Hero::of(1).circle(vec![2, 3, 4]).await,
            Ok(3),
            "all are free"
        );
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn two_that_trade_with_one_another() {
    on_shard(async |shard| {
        let a = tokio::task::spawn_local(Hero::of(1).trade(hero(2), ms(10)));
        let b = tokio::task::spawn_local(Hero::of(2).trade(hero(1), ms(10)));
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        let failure = b.unwrap_err();
        assert_eq!(a, Ok(true), "the other one goes on");
        assert_eq!(failure.kind(), FailureKind::Deadlock);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(
            failure.path(),
            "Hero(1).trade -> Hero(2).trade -> Hero(1).accept"
        );
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_busy_entity_is_no_deadlock() {
    on_shard(async |_shard| {
        let a = tokio::task::spawn_local(Hero::of(1).trade(hero(2), ms(10)));
        let c = tokio::task::spawn_local(Hero::of(3).trade(hero(1), ms(5)));
        assert_eq!(c.await.unwrap(), Ok(true));
        assert_eq!(a.await.unwrap(), Ok(true));
    });
}

#[test]
fn a_service_in_the_middle_does_not_hide_it() {
    on_shard(async |_shard| {
        assert_eq!(Desk::any().relay(hero(1)).await, Ok(true));
    });
}
