//! Values that only one entity may have.

use playhouse::CallError;
use playhouse::store::{StoreError, Value};

use crate::harness::{Mood, TestStore, on_shard, pass};
use crate::schema::vault::{Hero, NameError};

fn name(name: &str) -> Option<Value> {
    Some(Value::Text(name.to_owned()))
}

#[test]
fn a_name_that_is_taken_is_refused_and_the_old_one_stays() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        assert_eq!(Hero::of(1).rename("ada").await, Ok(()));
        assert_eq!(Hero::of(2).rename("bob").await, Ok(()));
        let refused = Hero::of(2).rename("ada").await;
        assert_eq!(refused, Err(CallError::Thrown(NameError::Taken)));
        assert_eq!(Hero::of(2).name_now().await.unwrap(), "bob");
        pass(20_000).await;
        assert_eq!(seen.at(2, ["body", "name"]), name("bob"));
        // Free again.
        assert_eq!(Hero::of(1).rename("eve").await, Ok(()));
        assert_eq!(Hero::of(2).rename("ada").await, Ok(()));
    });
}

#[test]
fn of_two_that_take_a_name_at_once_one_gets_it() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let calls: Vec<_> = (1..=8)
            .map(|hero| tokio::task::spawn_local(Hero::of(hero).rename("ada")))
            .collect();
        let mut had = Vec::new();
        for (hero, call) in (1..).zip(calls) {
            match call.await.unwrap() {
                Ok(()) => had.push(hero),
                Err(error) => assert_eq!(error, CallError::Thrown(NameError::Taken)),
            }
        }
        assert_eq!(had.len(), 1, "{had:?}");
        pass(20_000).await;
        for hero in 1..=8 {
            let expected = if had == [hero] { "ada" } else { "" };
            assert_eq!(Hero::of(hero).name_now().await.unwrap(), expected);
        }
        assert_eq!(seen.at(had[0], ["body", "name"]), name("ada"));
    });
}

#[test]
fn a_taken_name_that_nobody_saves_at_once_holds_nothing_else_up() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        assert_eq!(Hero::of(1).rename("ada").await, Ok(()));
        Hero::of(2).rename_later("ada").await.unwrap();
        Hero::of(2).purse().add(5).await.unwrap();
        pass(9_000).await;
        assert_eq!(
            seen.at(2, ["body", "purse", "gold"]),
            Some(Value::Unsigned(5))
        );
        assert_eq!(seen.at(2, ["body", "name"]), None);
        assert_eq!(shard.unsaved(), 0);
        // Whoever saves it hears of it.
        let failure = Hero::of(2).purse().save_now().await.unwrap_err();
        assert!(failure.to_string().contains("`name`"), "{failure}");
        // Another name is saved again.
        Hero::of(2).rename_later("bob").await.unwrap();
        pass(9_000).await;
        assert_eq!(seen.at(2, ["body", "name"]), name("bob"));
    });
}

#[test]
fn a_store_that_does_not_save_is_the_handler_s_error() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        Hero::of(1).purse().add(1).await.unwrap();
        let refusals = [
            StoreError::Full("no room".to_owned()),
            StoreError::ReadOnly("mounted so".to_owned()),
            StoreError::Denied("wrong key".to_owned()),
        ];
        for (round, error) in refusals.into_iter().enumerate() {
            seen.is(Mood::Fails(error.clone()));
            let renamed = Hero::of(1).rename(format!("ada{round}")).await;
            let why = format!("not saved: {error}");
            assert_eq!(renamed, Err(CallError::Thrown(NameError::Unsaved { why })));
        }
        seen.is(Mood::Well);
        pass(20_000).await;
        // Nothing was lost.
        assert_eq!(
            seen.at(1, ["body", "purse", "gold"]),
            Some(Value::Unsigned(1))
        );
        assert_eq!(Hero::of(1).rename("ada").await, Ok(()));
    });
}
