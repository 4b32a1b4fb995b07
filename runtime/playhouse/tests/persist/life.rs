//! From the first use of an entity to its end, over the lives of its node.

use playhouse::store::{DocumentId, Value, key_to_text};
use playhouse::{FailureKind, Reach, Ref};

use crate::harness::{TestStore, hero_id, keeping, kind, on_shard, on_shard_of, pass, stops};
use crate::schema::vault::{Hall, Hero, Room};
use crate::world::{life, setup};

#[test]
fn what_a_node_saved_the_next_one_loads() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        hero.purse().put(7, "key").await.unwrap();
        hero.titled(3).await.unwrap();
        hero.rename("ada").await.unwrap();
        hero.purse().add(1).await.unwrap();
        assert_eq!(life(), ["created", "loaded"]);
        assert!(stops(&shard, 1_000).await);
        assert_eq!(life(), [""; 0], "it is given back, not destroyed");
        assert_eq!(seen.document(&hero_id(1)).unwrap().header.owner, None);
        assert_eq!((shard.unsaved(), shard.calls_open()), (0, 0));
    });
    on_shard_of(&setup(), keeping(&store, 2), async move |_shard| {
        let hero = Hero::of(1);
        assert_eq!(hero.purse().add(1).await, Ok(7));
        assert_eq!(hero.purse().put(8, "lamp").await, Ok(2));
        assert_eq!(hero.titled(4).await, Ok(2));
        assert_eq!(hero.name_now().await.unwrap(), "ada");
        assert_eq!(hero.lives_now().await, Ok(2));
        assert_eq!(life(), ["loaded"]);
    });
}

#[test]
fn what_was_never_saved_is_created_again() {
    let store = TestStore::new();
    on_shard(&store, async |_shard| {
        Hero::of(1).purse().gold_now().await.unwrap();
        assert_eq!(life(), ["created", "loaded"]);
    });
    // The node is gone without a word.
    on_shard_of(&setup(), keeping(&store, 2), async |_shard| {
        Hero::of(1).purse().gold_now().await.unwrap();
        assert_eq!(life(), ["created", "loaded"]);
    });
}

#[test]
fn a_crash_loses_what_was_not_saved() {
    let store = TestStore::new();
    on_shard(&store, async |_shard| {
        Hero::of(1).purse().add(5).await.unwrap();
        pass(9_000).await;
        Hero::of(1).purse().add(5).await.unwrap();
    });
    on_shard_of(&setup(), keeping(&store, 2), async |_shard| {
        assert_eq!(Hero::of(1).purse().gold_now().await, Ok(5));
    });
}

#[test]
fn an_entity_that_is_destroyed_has_no_document() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        let hero = Hero::of(1);
        hero.purse().add(5).await.unwrap();
        hero.purse().save_now().await.unwrap();
        hero.leave().await.unwrap();
        // It waits for the end of the one before.
        assert_eq!(hero.purse().gold_now().await, Ok(0));
        assert_eq!(
            life(),
            ["created", "loaded", "destroyed", "created", "loaded"]
        );
        hero.leave().await.unwrap();
        pass(10).await;
        assert_eq!(seen.document(&hero_id(1)), None);
        assert_eq!((shard.live_count(11, 2), shard.unsaved()), (0, 0));
    });
}

#[test]
fn what_was_only_looked_at_leaves_no_document() {
    let store = TestStore::new();
    let seen = store.clone();
    on_shard(&store, async move |shard| {
        assert_eq!(Hall::only().opened_now().await, Ok(0));
        let id = DocumentId::new("vault.Hall", "");
        assert!(!seen.document(&id).unwrap().header.born);
        assert!(stops(&shard, 1_000).await);
        assert_eq!(seen.document(&id), None);
    });
}

#[test]
fn singletons_are_loaded_when_the_node_starts() {
    let store = TestStore::new();
    on_shard(&store, async |shard| {
        shard.start();
        Hall::only().open().await.unwrap();
        assert!(stops(&shard, 1_000).await);
    });
    on_shard_of(&setup(), keeping(&store, 2), async |shard| {
        shard.start();
        pass(10).await;
        assert_eq!(shard.live_count(11, 4), 1);
        assert_eq!(Hall::only().opened_now().await, Ok(1));
    });
}

#[test]
fn an_instance_comes_back_until_it_is_closed() {
    let store = TestStore::new();
    let (send, receive) = std::sync::mpsc::channel();
    on_shard(&store, async move |shard| {
        let room = Hall::only().open().await.unwrap();
        assert_eq!(room.proxy().enter().await, Ok(1));
        assert!(stops(&shard, 1_000).await);
        send.send(room).unwrap();
    });
    let room = receive.recv().unwrap();
    on_shard_of(&setup(), keeping(&store, 2), async move |shard| {
        assert_eq!(room.proxy().enter().await, Ok(2));
        room.proxy().close().await.unwrap();
        for _ in 0..2 {
            assert_eq!(kind(room.proxy().enter().await), FailureKind::NotFound);
        }
        let never: Ref<Room> = Ref::to_entity([5_u64.into()]);
        assert_eq!(kind(never.proxy().enter().await), FailureKind::NotFound);
        assert_eq!((shard.live_count(11, 3), shard.calls_open()), (0, 0));
    });
}

#[test]
fn numbers_of_instances_are_not_used_again() {
    let store = TestStore::new();
    let mut rooms = Vec::new();
    for incarnation in 1..=2 {
        let seen = store.clone();
        let (send, receive) = std::sync::mpsc::channel();
        on_shard_of(
            &setup(),
            keeping(&store, incarnation),
            async move |_shard| {
                let room = Hall::only().open().await.unwrap();
                assert_eq!(room.proxy().enter().await, Ok(1));
                assert_eq!(room.proxy().enter().await, Ok(2));
                pass(9_000).await;
                let key = key_to_text(&room.address().key);
                let document = seen
                    .document(&DocumentId::new("vault.Room", &*key))
                    .unwrap();
                let path = playhouse::store::Path::of(["body", "guests"]);
                assert_eq!(document.root.at(&path.0), Some(&Value::Unsigned(2)));
                send.send(key).unwrap();
            },
        );
        rooms.push(receive.recv().unwrap());
    }
    assert_ne!(rooms[0], rooms[1]);
}
