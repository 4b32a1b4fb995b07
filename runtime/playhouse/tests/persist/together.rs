//! Several entities in one commit.

use playhouse::store::{StoreError, Value};
use playhouse::{CallError, Ref};

use crate::harness::{Mood, TestStore, on_shard, pass};
use crate::schema::vault::{Hero, NameError};
use crate::world::ms;

fn hero(id: u64) -> Ref<Hero> {
    Ref::to_entity([id.into()])
}

const fn number(value: u64) -> Option<Value> {
    Some(Value::Unsigned(value))
}

#[test]
fn several_entities_are_saved_all_at_once() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        Hero::of(1)
            .share(vec![hero(2), hero(3)], "ada")
            .await
            .unwrap();
        assert_eq!(seen.groups(), [3]);
        for id in 2..=3 {
            assert_eq!(seen.at(id, ["body", "purse", "gold"]), number(1));
        }
        assert_eq!(
            seen.at(1, ["body", "name"]),
            Some(Value::Text("ada".into()))
        );
        assert_eq!((shard.unsaved(), shard.calls_open()), (0, 0));
        // Twice the same, and itself.
        Hero::of(1)
            .share(vec![hero(2), hero(2)], "ada")
            .await
            .unwrap();
        assert_eq!(seen.groups(), [1], "nothing changed of the first");
    });
}

#[test]
fn if_one_can_t_be_saved_none_is() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        Hero::of(9).rename("ada").await.unwrap();
        let shared = Hero::of(1).share(vec![hero(2)], "ada").await;
        let why = "another entity has this value of `name`".to_owned();
        assert_eq!(shared, Err(CallError::Thrown(NameError::Unsaved { why })));
        assert_eq!(seen.at(2, ["body", "purse", "gold"]), None);
        // They go on, and are saved in time.
        pass(20_000).await;
        assert_eq!(seen.at(2, ["body", "purse", "gold"]), number(1));
        assert_eq!((shard.unsaved(), shard.calls_open()), (0, 0));
    });
}

#[test]
fn a_commit_of_several_whose_answer_is_lost_is_sent_again_as_it_was() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        for id in 2..=3 {
            Hero::of(id).purse().add(1).await.unwrap();
        }
        seen.is(Mood::Loses);
        let shared = tokio::task::spawn_local(Hero::of(3).share(vec![hero(2)], "ada"));
        pass(200).await;
        seen.is(Mood::Well);
        shared.await.unwrap().unwrap();
        let groups = seen.groups();
        assert!(
            groups.len() > 1 && groups.iter().all(|count| *count == 2),
            "{groups:?}"
        );
        let commits = seen.commits();
        assert!(commits.chunks(2).all(|pair| pair == &commits[..2]));
        assert_eq!(seen.at(2, ["body", "purse", "gold"]), number(2));
    });
}

#[test]
fn a_store_that_can_t_do_several_says_so_and_each_is_saved_alone() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        for id in 1..=2 {
            Hero::of(id).purse().gold_now().await.unwrap();
        }
        let why = StoreError::Unsupported("one at a time".to_owned());
        seen.is(Mood::Fails(why.clone()));
        let shared = Hero::of(1).share(vec![hero(2)], "ada").await;
        let why = format!("not saved: {why}");
        assert_eq!(shared, Err(CallError::Thrown(NameError::Unsaved { why })));
        seen.is(Mood::Well);
        pass(20_000).await;
        assert_eq!(seen.at(2, ["body", "purse", "gold"]), number(1));
    });
}

#[test]
fn who_is_at_work_too_long_or_not_persistent_is_not_waited_for() {
    let store = TestStore::new();
    on_shard(&store, async move |shard| {
        let busy = tokio::task::spawn_local(Hero::of(2).toil(1, ms(4_900)));
        pass(10).await;
        assert_eq!(Hero::of(1).save_with(Some(hero(2))).await, Ok(false));
        assert_eq!(Hero::of(1).save_with(None).await, Ok(false), "a bird");
        assert_eq!(busy.await.unwrap(), Ok(2));
        assert_eq!(Hero::of(1).save_with(Some(hero(2))).await, Ok(true));
        let many = |count: u64| (10..10 + count).map(hero).collect();
        let shared = Hero::of(1).share(many(65), "eve").await.unwrap_err();
        assert!(shared.to_string().contains("65 entities"), "{shared}");
        assert_eq!(Hero::of(1).share(many(64), "eve").await, Ok(()));
        assert_eq!(shard.calls_open(), 0);
    });
}
