//! What is saved, and when.

use playhouse::host::SessionId;
use playhouse::store::Value;

use crate::harness::{TestStore, address, bind, kind, on_shard, pass, paths};
use crate::schema::vault::{Bird, Hero};
use crate::world::ms;

const fn number(value: u64) -> Option<Value> {
    Some(Value::Unsigned(value))
}

#[test]
fn a_change_is_saved_at_its_interval_and_only_what_changed() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        assert_eq!(hero.purse().add(5).await, Ok(5));
        assert_eq!(hero.purse().put(7, "key").await, Ok(1));
        assert_eq!(shard.unsaved(), 1);
        pass(7_900).await;
        assert_eq!(seen.commits().len(), 0, "it has eight seconds");
        pass(200).await;
        let commits = seen.commits();
        assert_eq!(commits.len(), 1);
        // A new hero's things are one whole; `lives` and `saves` are of its hooks.
        assert_eq!(
            paths(&commits[0]),
            [
                "body.lives",
                "body.purse.gold",
                "body.purse.things.7",
                "body.saves"
            ]
        );
        assert_eq!((shard.unsaved(), shard.saves()), (0, 1));

        hero.purse().put(8, "lamp").await.unwrap();
        hero.purse().drop(7).await.unwrap();
        assert_eq!(hero.titled(3).await, Ok(1));
        pass(8_100).await;
        let commits = seen.commits();
        assert_eq!(
            paths(&commits[0]),
            [
                "-body.purse.things.7",
                "body.purse.things.8",
                "body.saves",
                "body.titles.3"
            ]
        );
        assert_eq!(seen.at(1, ["body", "purse", "gold"]), number(5));
        pass(60_000).await;
        assert_eq!(seen.commits().len(), 0, "nothing changed");
    });
}

#[test]
fn what_is_not_persistent_is_not_saved() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        Bird::of(1).sing().await.unwrap();
        assert_eq!(seen.claims(), 0);
        let hero = Hero::of(1);
        hero.purse().cheer(4).await.unwrap();
        hero.scratch().add(4).await.unwrap();
        pass(10_000).await;
        let commits = seen.commits();
        // Its hooks count.
        assert_eq!(paths(&commits[0]), ["body.lives", "body.saves"]);
    });
}

#[test]
fn a_property_with_an_interval_of_its_own_takes_the_others_along() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        pass(5_000).await;
        hero.walk(9).await.unwrap();
        pass(900).await;
        assert_eq!(seen.commits().len(), 0);
        pass(200).await;
        assert_eq!(seen.at(1, ["body", "place"]), number(9));
        assert_eq!(seen.at(1, ["body", "purse", "gold"]), number(5));
        assert_eq!(seen.commits().len(), 1);
    });
}

#[test]
fn a_handler_that_saves_has_lasting_state_when_it_goes_on() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        assert_eq!(hero.purse().save_now().await, Ok(true));
        assert_eq!(seen.at(1, ["body", "purse", "gold"]), number(5));
        assert_eq!(seen.commits().len(), 1);
        // Nothing changed since.
        assert_eq!(hero.purse().save_now().await, Ok(true));
        assert_eq!(seen.commits().len(), 0);
        assert_eq!(hero.save_with_purse().await, Ok(false));
    });
}

#[test]
fn a_snapshot_is_never_taken_while_a_handler_runs() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let hero = Hero::of(1);
        hero.walk(1).await.unwrap();
        // The walk is due after a second, in the middle of this.
        let toil = tokio::task::spawn_local(hero.toil(10, ms(3_000)));
        pass(2_900).await;
        assert_eq!(seen.commits().len(), 0);
        assert_eq!(toil.await.unwrap(), Ok(20));
        pass(10).await;
        assert_eq!(seen.at(1, ["body", "purse", "gold"]), number(20));
    });
}

#[test]
fn the_hook_comes_before_each_save() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let hero = Hero::of(1);
        for round in 1..=3 {
            hero.purse().add(5).await.unwrap();
            pass(8_100).await;
            assert_eq!(seen.at(1, ["body", "saves"]), number(round));
        }
    });
}

#[test]
fn an_entity_is_saved_when_its_client_is_lost() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        let session = SessionId(7);
        bind(&shard, 1, session).await.unwrap();
        hero.purse().add(5).await.unwrap();
        shard.lost(&address(1), session);
        pass(10).await;
        assert_eq!(seen.at(1, ["body", "purse", "gold"]), number(5));
    });
}

#[test]
fn one_commit_of_an_entity_is_on_its_way_at_a_time() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let calls: Vec<_> = (1..=3_000)
            .map(|hero| tokio::task::spawn_local(Hero::of(hero).purse().add(hero)))
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        pass(30_000).await;
        assert_eq!(shard.unsaved(), 0);
        assert_eq!(seen.most(), playhouse::persist::COMMITS_MAX);
        assert_eq!(seen.commits().len(), 3_000);
        assert_eq!(seen.at(3_000, ["body", "purse", "gold"]), number(3_000));
    });
}

#[test]
fn of_many_that_begin_at_once_so_many_are_claimed_at_a_time() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let calls: Vec<_> = (1..=3_000)
            .map(|hero| tokio::task::spawn_local(Hero::of(hero).purse().add(hero)))
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(seen.most_claims(), playhouse::persist::CLAIMING_MAX);
        assert_eq!(seen.claims(), 3_000);
    });
}

#[test]
fn a_document_that_does_not_fit_is_set_aside_and_kept() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        hero.purse().save_now().await.unwrap();
        assert!(crate::harness::stops(&shard, 1_000).await);
        let path = playhouse::store::Path::of(["body", "purse", "gold"]);
        seen.write(1, path, Value::Text("much".to_owned()));
    });
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let failure = Hero::of(1).purse().gold_now().await.unwrap_err();
        assert_eq!(failure.kind(), playhouse::FailureKind::Incompatible);
        assert!(failure.to_string().contains("body.purse.gold"), "{failure}");
        pass(10).await;
        let failure = Hero::of(1).purse().gold_now().await;
        assert_eq!(kind(failure), playhouse::FailureKind::Incompatible);
        let kept = seen.at(1, ["body", "purse", "gold"]);
        assert_eq!(kept, Some(Value::Text("much".to_owned())));
    });
}
