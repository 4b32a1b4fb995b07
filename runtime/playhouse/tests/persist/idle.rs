//! Entities that nothing uses give their memory back.

use std::time::Duration;

use playhouse::Reach;
use playhouse::host::{Keeping, SessionId, Shard};
use playhouse::logic::EntitySchema;
use playhouse::persist::IDLE_AFTER;
use playhouse::store::Value;

use crate::harness::{TestStore, address, bind, hero_id, keeping, on_shard_of, pass};
use crate::schema::vault::{Bird, Hall, Hero, Room};
use crate::world::{life, setup};

const IDLE_MS: u64 = 5_000;

fn keeping_idle(store: &TestStore) -> Keeping {
    Keeping {
        idle_after: Some(Duration::from_millis(IDLE_MS)),
        ..keeping(store, 1)
    }
}

fn live<E: EntitySchema>(shard: &Shard) -> usize {
    let descriptor = E::descriptor();
    shard.live_count(descriptor.package, descriptor.number)
}

#[test]
fn an_entity_that_nothing_uses_is_saved_and_released_at_its_time() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard_of(&setup(), keeping_idle(&store), async move |shard| {
        let hero = Hero::of(1);
        assert_eq!(hero.purse().add(5).await, Ok(5));
        assert_eq!(hero.purse().cheer(3).await, Ok(3));
        seen.commits();
        pass(IDLE_MS - 100).await;
        assert_eq!((live::<Hero>(&shard), shard.passivated()), (1, 0));
        pass(200).await;
        assert_eq!((live::<Hero>(&shard), shard.passivated()), (0, 1));
        assert_eq!(
            seen.commits().len(),
            1,
            "its last changes and its release are one"
        );
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(5))
        );
        assert_eq!(seen.document(&hero_id(1)).unwrap().header.owner, None);
        life();
        assert_eq!(hero.purse().gold_now().await, Ok(5));
        assert_eq!(life(), ["loaded"]);
        assert_eq!(hero.lives_now().await, Ok(2));
    });
}

#[test]
fn use_puts_it_off() {
    let store = TestStore::new();
    on_shard_of(&setup(), keeping_idle(&store), async |shard| {
        let hero = Hero::of(1);
        for _ in 0..5 {
            hero.purse().add(1).await.unwrap();
            pass(IDLE_MS - 500).await;
            assert_eq!(live::<Hero>(&shard), 1);
        }
        pass(600).await;
        assert_eq!(live::<Hero>(&shard), 0);
    });
}

#[test]
fn what_only_memory_holds_keeps_an_entity() {
    let store = TestStore::new();
    on_shard_of(&setup(), keeping_idle(&store), async |shard| {
        shard.start();
        bind(&shard, 1, SessionId(7)).await.unwrap();
        Hero::of(2).purse().add(1).await.unwrap();
        Bird::of(1).sing().await.unwrap();
        let room = Hall::only().open().await.unwrap();
        room.proxy().enter().await.unwrap();
        pass(IDLE_MS * 3).await;
        assert_eq!(live::<Hero>(&shard), 1, "the one with a client");
        assert_eq!(live::<Bird>(&shard), 1, "its songs are nowhere else");
        assert_eq!(live::<Hall>(&shard), 1, "a singleton");
        assert_eq!(live::<Room>(&shard), 0);
        assert_eq!(room.proxy().enter().await, Ok(2), "it comes back");
        shard.lost(&address(1), SessionId(7));
        pass(IDLE_MS * 3).await;
        assert_eq!(live::<Hero>(&shard), 1, "its client may come back");
        shard.left(&address(1), SessionId(7), false);
        pass(IDLE_MS * 3).await;
        assert_eq!(live::<Hero>(&shard), 0);
    });
}

#[test]
fn calls_that_come_while_it_is_released_wait_and_keep_their_order() {
    let store = TestStore::new();
    on_shard_of(&setup(), keeping_idle(&store), async |shard| {
        let hero = Hero::of(1);
        hero.purse().add(1).await.unwrap();
        // Its last commit is answered a millisecond after it is asked for.
        while shard.passivated() == 0 {
            tokio::task::yield_now().await;
            pass(1).await;
        }
        let purse = hero.purse();
        let calls = (1..=20).map(|_| purse.add(1));
        let all = futures_of(calls).await;
        let expected: Vec<_> = (2..=21).map(Ok).collect();
        assert_eq!(all, expected);
        assert_eq!(hero.lives_now().await, Ok(2));
    });
}

async fn futures_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut outputs = Vec::new();
    for future in all.collect::<Vec<_>>() {
        outputs.push(future.await);
    }
    outputs
}

#[test]
fn idle_entities_stay_if_the_node_says_so() {
    let store = TestStore::new();
    let keeping = Keeping {
        idle_after: None,
        ..keeping(&store, 1)
    };
    on_shard_of(&setup(), keeping, async |shard| {
        Hero::of(1).purse().add(1).await.unwrap();
        pass(2 * u64::try_from(IDLE_AFTER.as_millis()).unwrap()).await;
        assert_eq!(live::<Hero>(&shard), 1);
    });
}
