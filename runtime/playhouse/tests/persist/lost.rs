//! Activations that are over: taken over, or ended by a panic.

use playhouse::FailureKind;
use playhouse::host::SessionId;
use playhouse::store::{Claim, Claimed, Take, Value};

use crate::harness::{TestStore, address, bind, hero_id, kind, on_shard, owner, pass};
use crate::schema::vault::Hero;
use crate::world::life;

/// Another node claims a hero's document.
fn take_over(store: &TestStore, hero: u64) {
    let claim = Claim {
        id: hero_id(hero),
        owner: owner(99),
        seen: None,
        take: Take::Any,
        create: false,
        birth: 0,
    };
    let claimed = store.documents(|documents| documents.claim(&claim));
    assert!(matches!(claimed, Claimed::Mine(_)));
}

#[test]
fn what_another_node_took_over_is_discarded_and_claimed_anew() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        hero.purse().save_now().await.unwrap();
        take_over(&seen, 1);
        hero.purse().add(100).await.unwrap();
        pass(9_000).await;
        assert_eq!(shard.live_count(11, 2), 0);
        assert_eq!(hero.purse().gold_now().await, Ok(5));
        assert_eq!(shard.live_count(11, 2), 1);
        // A handler that asks for its save hears of it.
        take_over(&seen, 1);
        hero.purse().add(100).await.unwrap();
        assert_eq!(
            kind(hero.purse().save_now().await),
            FailureKind::Unreachable
        );
        assert_eq!(hero.purse().gold_now().await, Ok(5));
        assert_eq!(shard.calls_open(), 0);
    });
}

#[test]
fn a_panic_discards_what_was_not_saved_and_the_client_goes_on() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        bind(&shard, 1, SessionId(7)).await.unwrap();
        hero.purse().add(5).await.unwrap();
        hero.purse().save_now().await.unwrap();
        let epoch = seen.document(&hero_id(1)).unwrap().header.epoch;
        assert_eq!(life(), ["created", "loaded", "attached"]);
        let waits = tokio::task::spawn_local(hero.purse().add(1));
        assert_eq!(kind(hero.panics(1_000).await), FailureKind::Internal);
        assert_eq!(waits.await.unwrap(), Ok(6));
        assert_eq!(hero.bound().await, Ok(true));
        assert_eq!(life(), ["loaded", "attached"]);
        assert_eq!(seen.document(&hero_id(1)).unwrap().header.epoch, epoch + 1);
        pass(9_000).await;
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(6))
        );
    });
}

#[test]
fn a_client_that_is_lost_meanwhile_is_forgotten() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        bind(&shard, 1, SessionId(7)).await.unwrap();
        hero.purse().add(5).await.unwrap();
        take_over(&seen, 1);
        pass(9_000).await;
        assert_eq!(shard.live_count(11, 2), 0);
        shard.left(&address(1), SessionId(7), true);
        assert_eq!(hero.bound().await, Ok(false));
    });
}

#[test]
fn an_entity_whose_hook_panics_can_t_begin() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(66_666);
        let calls: Vec<_> = (0..3)
            .map(|_| tokio::task::spawn_local(hero.purse().gold_now()))
            .collect();
        for call in calls {
            assert_eq!(kind(call.await.unwrap()), FailureKind::Internal);
        }
        pass(60_000).await;
        assert_eq!(seen.claims(), 1);
        let bound = bind(&shard, 66_666, SessionId(7)).await;
        assert_eq!(kind(bound), FailureKind::Internal);
        assert_eq!((shard.live_count(11, 2), shard.calls_open()), (0, 0));
    });
}
