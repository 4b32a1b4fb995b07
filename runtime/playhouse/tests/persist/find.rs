//! Entities by what was saved of them.

use playhouse::FailureKind;
use playhouse::store::StoreError;

use crate::harness::{Mood, TestStore, on_shard, pass};
use crate::schema::vault::{Hall, Hero};

#[test]
fn entities_are_found_by_what_was_saved_of_them() {
    let store = TestStore::new();
    on_shard(&store, async move |_shard| {
        let hall = Hall::only();
        assert_eq!(hall.named("ada").await, Ok(None));
        assert_eq!(hall.at(7, 10).await, Ok(Vec::new()));

        for hero in 1..=3 {
            Hero::of(hero).walk(7).await.unwrap();
        }
        Hero::of(u64::MAX).rename("ada").await.unwrap();
        assert_eq!(hall.named("ada").await, Ok(Some(Hero::reference(u64::MAX))));
        assert_eq!(hall.named("Ada").await, Ok(None));
        // Not before it is saved.
        assert_eq!(hall.at(7, 10).await, Ok(Vec::new()));
        pass(9_000).await;
        let mut found = hall.at(7, 10).await.unwrap();
        found.sort();
        assert_eq!(found, [1, 2, 3].map(Hero::reference));
        assert_eq!(hall.at(7, 2).await.unwrap().len(), 2);
        assert_eq!(hall.at(7, 0).await, Ok(Vec::new()));

        Hero::of(2).walk(8).await.unwrap();
        Hero::of(u64::MAX).rename("bob").await.unwrap();
        pass(9_000).await;
        assert_eq!(hall.named("ada").await, Ok(None));
        assert_eq!(hall.at(8, 10).await, Ok(vec![Hero::reference(2)]));
    });
}

#[test]
fn a_store_that_is_away_is_said() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |_shard| {
        let hall = Hall::only();
        hall.open().await.unwrap();
        seen.is(Mood::Fails(StoreError::Unavailable("gone".to_owned())));
        let failure = hall.named("ada").await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unreachable, "{failure}");
        seen.is(Mood::Well);
        assert_eq!(hall.named("ada").await, Ok(None));
    });
}
