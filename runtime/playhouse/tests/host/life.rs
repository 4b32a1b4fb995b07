//! How entities come to be and how they end.

use playhouse::FailureKind;

use crate::harness::{kind, on_shard};
use crate::schema::trial::{Center, Hero, Room};
use crate::world::{life, ms};
use playhouse::Reach;

#[test]
fn hooks_come_before_the_first_call() {
    on_shard(async |_shard| {
        let room = Center::only().open(1).await.unwrap();
        assert_eq!(room.proxy().visit().await, Ok(1));
        assert_eq!(life(), ["room created", "room loaded", "room visited"]);
    });
}

#[test]
fn an_entity_that_was_destroyed_is_not_found() {
    on_shard(async |shard| {
        let room = Center::only().open(3).await.unwrap();
        let room = room.proxy();
        room.close().await.unwrap();
        assert_eq!(kind(room.visit().await), FailureKind::NotFound);
        assert_eq!(
            life(),
            [
                "room created",
                "room created",
                "room created",
                "room loaded",
                "room loaded",
                "room loaded",
                "room destroyed"
            ]
        );
        let id = <Room as playhouse::Numbered>::NUMBER;
        assert_eq!(shard.live_count(9, id), 2);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn what_waits_for_an_entity_that_ends_finds_the_next_one() {
    on_shard(async |shard| {
        let hero = Hero::of(1);
        hero.note(1).unwrap();
        let lingering = tokio::task::spawn_local(hero.linger(ms(10)));
        tokio::task::yield_now().await;
        let leave = tokio::task::spawn_local(hero.leave());
        tokio::task::yield_now().await;
        // Waits behind the call that ends the entity.
        assert_eq!(hero.notes().await.unwrap(), [0; 0]);
        assert_eq!(lingering.await.unwrap(), Ok(true));
        assert_eq!(leave.await.unwrap(), Ok(()));
        assert_eq!(shard.live_count(9, 3), 1);
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn an_entity_that_can_t_begin_is_its_caller_s_error() {
    on_shard(async |shard| {
        for id in [1_000_013, 1_000_014] {
            let failure = Hero::of(id).finished().await.unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Internal, "{failure}");
            assert_eq!(failure.executed(), playhouse::Executed::NotExecuted);
            // The caller's own entity is none the worse.
            assert_eq!(
                kind(Hero::of(1).circle(vec![id]).await),
                FailureKind::Internal
            );
        }
        assert_eq!(Hero::of(1).circle(vec![2]).await, Ok(1));
        assert_eq!((shard.live_count(9, 3), shard.calls_open()), (2, 0));
    });
}
