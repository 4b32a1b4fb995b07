//! Mailboxes, deadlines, and callers that give up.

use std::time::Duration;

use playhouse::host::MAILBOX_MAX;
use playhouse::{Executed, FailureKind};

use crate::harness::on_shard;
use crate::schema::trial::Hero;
use crate::world::ms;

#[test]
fn calls_of_one_entity_run_one_at_a_time_in_order() {
    on_shard(async |_shard| {
        let purse = Hero::of(1).purse();
        let slow = tokio::task::spawn_local(purse.add_slowly(1, ms(10)));
        tokio::task::yield_now().await;
        let next = tokio::task::spawn_local(purse.add_slowly(10, ms(10)));
        tokio::task::yield_now().await;
        assert_eq!(purse.add(100).await, Ok(111));
        assert_eq!(slow.await.unwrap(), Ok(1));
        assert_eq!(next.await.unwrap(), Ok(11));
    });
}

#[test]
fn a_deadline_ends_the_wait_and_not_the_handler() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        let failure = hero
            .clone()
            .deadline(Duration::from_millis(5))
            .linger(ms(50))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(failure.executed(), Executed::Unknown);
        // Served after it, so it has ended by now.
        assert_eq!(hero.finished().await, Ok(1));
        assert_eq!(hero.was_cancelled().await, Ok(1));
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_call_whose_turn_never_came_has_not_been_executed() {
    on_shard(async |_shard| {
        let hero = Hero::of(1);
        let first = tokio::task::spawn_local(hero.linger(ms(50)));
        tokio::task::yield_now().await;
        let failure = hero
            .clone()
            .deadline(Duration::from_millis(5))
            .linger(ms(1))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(hero.finished().await, Ok(1));
    });
}

#[test]
fn a_caller_that_gives_up_stops_what_has_not_begun() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        let first = tokio::task::spawn_local(hero.linger(ms(10)));
        let second = tokio::task::spawn_local(hero.linger(ms(10)));
        tokio::task::yield_now().await;
        first.abort();
        second.abort();
        assert_eq!(
            hero.finished().await,
            Ok(1),
            "the first runs to its end, the second never begins"
        );
        assert_eq!(hero.was_cancelled().await, Ok(1));
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_full_mailbox_refuses() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        let slow = tokio::task::spawn_local(hero.linger(ms(10)));
        tokio::task::yield_now().await;
        for number in 0..MAILBOX_MAX {
            hero.note(u32::try_from(number).unwrap()).unwrap();
        }
        let failure = hero.note(0).unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Overloaded);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(slow.await.unwrap(), Ok(true));
        assert_eq!(hero.notes().await.unwrap().len(), MAILBOX_MAX);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_hundred_thousand_calls_are_given_up_at_once() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        let slow = tokio::task::spawn_local(hero.linger(ms(10)));
        tokio::task::yield_now().await;
        let mut refused = 0;
        for _ in 0..100 {
            let calls: Vec<_> = (0..1000)
                .map(|_| tokio::task::spawn_local(hero.finished()))
                .collect();
            tokio::task::yield_now().await;
            for call in calls {
                if call.is_finished() {
                    refused += 1;
                } else {
                    call.abort();
                }
            }
        }
        assert_eq!(refused, 0, "those that were given up hold no place");
        assert_eq!(slow.await.unwrap(), Ok(true));
        assert_eq!(hero.finished().await, Ok(1));
        assert_eq!(shard.calls_open(), 0);
    });
}
