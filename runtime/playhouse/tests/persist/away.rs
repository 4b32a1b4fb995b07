//! A store that is away, or whose answers get lost.

use playhouse::host::Keeping;
use playhouse::store::{StoreError, Value};
use playhouse::{Executed, FailureKind};

use crate::harness::{Mood, TestStore, keeping, kind, on_shard, on_shard_of, pass, stops};
use crate::schema::vault::{Bird, Hero};
use crate::world::setup;

fn away() -> Mood {
    Mood::Fails(StoreError::Unavailable("unplugged".to_owned()))
}

#[test]
fn calls_of_an_entity_that_can_t_be_claimed_fail_and_the_next_ones_try_again() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        seen.is(away());
        let waiting: Vec<_> = (0..3)
            .map(|_| tokio::task::spawn_local(Hero::of(1).purse().add(1)))
            .collect();
        for call in waiting {
            let failure = call.await.unwrap().unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Unreachable, "{failure}");
            assert_eq!(failure.executed(), Executed::NotExecuted);
        }
        // For a moment nobody asks a store that is away.
        let claims = seen.claims();
        for _ in 0..100 {
            assert_eq!(
                kind(Hero::of(2).purse().add(1).await),
                FailureKind::Unreachable
            );
        }
        assert_eq!(seen.claims(), claims);
        // What isn't persistent goes on.
        assert_eq!(Bird::of(1).sing().await, Ok(1));
        seen.is(Mood::Well);
        pass(1_000).await;
        assert_eq!(Hero::of(1).purse().add(1).await, Ok(1));
        assert_eq!((shard.live_count(11, 2), shard.calls_open()), (1, 0));
    });
}

#[test]
fn who_waits_for_a_turn_to_claim_does_not_ask_a_store_that_is_away() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        seen.is(away());
        let calls: Vec<_> = (1..=3_000)
            .map(|hero| tokio::task::spawn_local(Hero::of(hero).purse().add(hero)))
            .collect();
        for call in calls {
            let failure = call.await.unwrap().unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Unreachable, "{failure}");
        }
        assert_eq!(seen.claims() as usize, playhouse::persist::CLAIMING_MAX);
        seen.is(Mood::Well);
        pass(1_000).await;
        assert_eq!(Hero::of(1).purse().add(1).await, Ok(1));
        assert_eq!((shard.live_count(11, 2), shard.calls_open()), (1, 0));
    });
}

#[test]
fn entities_go_on_while_the_store_is_away_and_are_saved_when_it_is_back() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(1).await.unwrap();
        pass(9_000).await;
        seen.is(away());
        for _ in 0..60 {
            hero.purse().add(1).await.unwrap();
            pass(1_000).await;
        }
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(1))
        );
        assert_eq!(shard.unsaved(), 1);
        seen.is(Mood::Well);
        pass(20_000).await;
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(61))
        );
        assert_eq!(shard.unsaved(), 0);
    });
}

#[test]
fn calls_are_refused_when_too_much_waits_for_a_store_that_is_away() {
    let store = TestStore::new();
    let keeping = Keeping {
        unsaved_max: 10,
        ..keeping(&store, 1)
    };
    let seen = store.clone();
    on_shard_of(&setup(), keeping, async move |shard| {
        for hero in 0..11 {
            Hero::of(hero).purse().gold_now().await.unwrap();
        }
        pass(9_000).await;
        // More than that many may be dirty as long as the store answers.
        for hero in 0..11 {
            Hero::of(hero).purse().add(1).await.unwrap();
        }
        assert_eq!(shard.unsaved(), 11);
        pass(9_000).await;
        assert_eq!(shard.unsaved(), 0);
        seen.is(away());
        for hero in 0..9 {
            Hero::of(hero).purse().add(1).await.unwrap();
        }
        pass(9_000).await;
        assert_eq!(Hero::of(9).purse().add(1).await, Ok(2), "the last that may");
        let failure = Hero::of(10).purse().add(1).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Overloaded);
        assert_eq!(failure.executed(), Executed::NotExecuted);
        assert_eq!(Bird::of(1).sing().await, Ok(1));
        seen.is(Mood::Well);
        pass(20_000).await;
        assert_eq!(Hero::of(10).purse().add(1).await, Ok(2));
        assert_eq!(
            seen.at(3, ["body", "purse", "gold"]),
            Some(Value::Unsigned(2))
        );
    });
}

#[test]
fn a_commit_whose_answer_is_lost_is_sent_again_as_it_was() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(1).await.unwrap();
        seen.is(Mood::Loses);
        pass(8_100).await;
        hero.purse().add(1).await.unwrap();
        pass(3_000).await;
        let commits = seen.commits();
        assert!(commits.len() > 3, "{}", commits.len());
        assert!(commits.iter().all(|commit| *commit == commits[0]));
        seen.is(Mood::Well);
        pass(20_000).await;
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(2))
        );
        assert_eq!((shard.saves(), shard.unsaved()), (2, 0));
    });
}

#[test]
fn a_claim_whose_answer_is_lost_is_overtaken_by_the_next() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        seen.is(Mood::Loses);
        let call = tokio::task::spawn_local(Hero::of(1).purse().add(1));
        pass(20).await;
        seen.is(Mood::Well);
        assert_eq!(call.await.unwrap(), Ok(1));
        pass(9_000).await;
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(1))
        );
    });
}

#[test]
fn a_shard_that_stops_says_what_the_store_did_not_take() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        for hero in 0..5 {
            Hero::of(hero).purse().add(1).await.unwrap();
        }
        seen.is(away());
        assert!(!stops(&shard, 5_000).await);
        assert_eq!(shard.unsaved(), 5);
        seen.is(Mood::Well);
        assert!(stops(&shard, 10_000).await);
        assert_eq!(shard.unsaved(), 0);
    });
}
