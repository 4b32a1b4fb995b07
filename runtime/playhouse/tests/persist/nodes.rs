//! Whole nodes, on a store in a folder.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use playhouse::Ref;
use playhouse::node::{BuildError, Node, NodeBuilder, StartError, StopError};
use playhouse::store::{Backend, Collection, Embedded, OpenError, Store, StoreError};

use crate::generated::SCHEMA;
use crate::harness::TestStore;
use crate::schema::vault::Hero;
use crate::world::{BirdLogic, HallLogic, HeroLogic, RoomLogic, Tent};

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("playhouse-persist-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn node(folder: &Path) -> NodeBuilder {
    Node::builder()
        .name("vault")
        .schema(&SCHEMA)
        .shards(2)
        .entity::<HeroLogic>()
        .entity::<RoomLogic>()
        .entity::<HallLogic>()
        .entity::<BirdLogic>()
        .store(Embedded::at(folder))
}

#[test]
fn a_node_that_stops_loses_nothing() {
    let folder = folder("stop");
    let running = node(&folder).build().unwrap().start().unwrap();
    let added = running.spawn(async || {
        for hero in 0..100 {
            Hero::of(hero).purse().add(hero).await.unwrap();
        }
    });
    added.wait().unwrap();
    running.stop();
    running.wait().unwrap();

    let running = node(&folder).build().unwrap().start().unwrap();
    let sum = running.spawn(async || {
        let mut sum = 0;
        for hero in 0..100 {
            sum += Hero::of(hero).purse().gold_now().await.unwrap();
        }
        sum
    });
    assert_eq!(sum.wait().unwrap(), 99 * 100 / 2);
    running.stop();
    running.wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn changes_are_saved_while_the_node_runs() {
    let folder = folder("every");
    let every = Duration::from_millis(20);
    let built = node(&folder).shards(1).save_every(every).build();
    let running = built.unwrap().start().unwrap();
    let saved = running.spawn(async || {
        Hero::of(1).purse().add(7).await.unwrap();
        let shard = playhouse::host::Shard::current().unwrap();
        while shard.unsaved() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shard.saves()
    });
    assert!(saved.wait().unwrap() >= 1);
    running.stop();
    running.wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn entities_of_several_shards_are_saved_at_once() {
    let folder = folder("together");
    let running = node(&folder).build().unwrap().start().unwrap();
    let shared = running.spawn(async || {
        let others = (2..=9).map(|id: u64| Ref::to_entity([id.into()]));
        Hero::of(1).share(others.collect(), "ada").await.unwrap();
        let shard = playhouse::host::Shard::current().unwrap();
        (shard.unsaved(), shard.saves())
    });
    let (unsaved, saves) = shared.wait().unwrap();
    assert_eq!(unsaved, 0);
    assert!(
        saves > 0 && saves < 9,
        "{saves}: some live on the other shard"
    );
    running.stop();
    running.wait().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_instance_with_a_document_must_come_back() {
    let built = Node::builder()
        .schema(&SCHEMA)
        .entity::<Tent>()
        .store(Embedded::at(folder("tent")))
        .build();
    let name = "vault.Room".to_owned();
    assert_eq!(built.unwrap_err(), BuildError::NoConstruct { name });
    assert!(
        Node::builder()
            .schema(&SCHEMA)
            .entity::<Tent>()
            .build()
            .is_ok()
    );
}

#[test]
fn a_store_that_can_t_be_opened_is_a_start_error() {
    let folder = folder("file");
    std::fs::write(&folder, b"not a folder").unwrap();
    let error = node(&folder).build().unwrap().start().unwrap_err();
    assert!(matches!(error, StartError::Store(_)), "{error}");
    assert!(error.to_string().contains("can't be opened"), "{error}");
    std::fs::remove_file(&folder).unwrap();
}

/// A store that gives documents away and takes none back.
#[derive(Debug)]
struct Unplugged;

impl Backend for Unplugged {
    fn open(
        &self,
        collections: &[Collection],
        _system: &tokio::runtime::Handle,
    ) -> Result<(), OpenError> {
        let names: Vec<&str> = collections.iter().map(|it| &*it.name).collect();
        assert_eq!(
            names,
            [
                "vault.Hero",
                "vault.Room",
                "vault.Hall",
                "playhouse.Outbox",
                "playhouse.Node"
            ]
        );
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        let store = TestStore::new();
        let why = "unplugged".to_owned();
        store.takes_nothing(StoreError::Unavailable(why));
        Rc::new(store)
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn close(&self) {}
}

#[test]
fn a_node_that_stops_says_what_it_could_not_save() {
    let built = Node::builder()
        .schema(&SCHEMA)
        .shards(2)
        .entity::<HeroLogic>()
        .entity::<RoomLogic>()
        .entity::<HallLogic>()
        .entity::<BirdLogic>()
        .store(Unplugged)
        .stop_timeout(Duration::from_millis(200))
        .build();
    let running = built.unwrap().start().unwrap();
    let added = running.spawn(async || {
        for hero in 0..10 {
            Hero::of(hero).purse().add(hero).await.unwrap();
        }
    });
    added.wait().unwrap();
    running.stop();
    // The hall is not given back either.
    assert_eq!(running.wait(), Err(StopError::Unsaved(11)));
}
