//! Whole nodes in virtual time, on one store.

use std::rc::Rc;
use std::time::Duration;

use playhouse::node::Node;
use playhouse::sim::Sim;

use crate::generated::SCHEMA;
use crate::harness::{Mood, TestStore};
use crate::schema::vault::Hero;
use crate::world::{BirdLogic, HallLogic, HeroLogic, RoomLogic};

/// A simulation with nodes of these names, on this store.
fn sim(seed: u64, store: &TestStore, nodes: &[&str]) -> Sim {
    let sim = Sim::new(seed);
    let store = store.clone();
    sim.keep(move |_, _| Rc::new(store.clone()));
    for name in nodes {
        let listen = format!("{name}:7000");
        sim.node(name, move || {
            Node::builder()
                .schema(&SCHEMA)
                .shards(2)
                .entity::<HeroLogic>()
                .entity::<RoomLogic>()
                .entity::<HallLogic>()
                .entity::<BirdLogic>()
                .listen(&listen)
        });
    }
    sim
}

fn add(sim: &Sim, node: &str, amount: u64) -> u64 {
    let added = sim.on(node, async move || Hero::of(1).purse().add(amount).await);
    added.unwrap().unwrap()
}

#[test]
fn a_crash_loses_one_interval_and_a_stop_nothing() {
    for seed in 0..20 {
        let store = TestStore::new();
        let sim = sim(seed, &store, &["lobby"]);
        assert_eq!(add(&sim, "lobby", 1), 1);
        sim.run_for(Duration::from_secs(9));
        assert_eq!(add(&sim, "lobby", 10), 11);
        sim.crash("lobby");
        sim.restart("lobby");
        assert_eq!(add(&sim, "lobby", 100), 101, "seed {seed}");
        assert!(sim.stop("lobby", Duration::from_secs(10)));
        sim.restart("lobby");
        assert_eq!(add(&sim, "lobby", 0), 101, "seed {seed}");
        sim.end().unwrap();
    }
}

#[test]
fn of_two_nodes_the_one_that_claimed_last_has_the_entity() {
    for seed in 0..20 {
        let store = TestStore::new();
        let sim = sim(seed, &store, &["one", "two"]);
        assert_eq!(add(&sim, "one", 1), 1);
        sim.run_for(Duration::from_secs(9));
        assert_eq!(add(&sim, "two", 10), 11, "seed {seed}");
        // It does not know yet that it is over.
        assert_eq!(add(&sim, "one", 1_000), 1_001);
        sim.run_for(Duration::from_secs(9));
        assert_eq!(add(&sim, "one", 0), 11, "seed {seed}");
        sim.end().unwrap();
    }
}

#[test]
fn a_node_waits_for_its_store_as_long_as_it_may_stop() {
    let store = TestStore::new();
    let sim = sim(1, &store, &["lobby"]);
    assert_eq!(add(&sim, "lobby", 1), 1);
    let unplugged = playhouse::store::StoreError::Unavailable("unplugged".to_owned());
    store.is(Mood::Fails(unplugged));
    let began = sim.now();
    assert!(sim.stop("lobby", Duration::from_secs(60)));
    let took = sim.now() - began;
    assert!(took >= playhouse::node::STOP_TIMEOUT, "{took:?}");
    store.is(Mood::Well);
    sim.restart("lobby");
    assert_eq!(add(&sim, "lobby", 0), 0);
    sim.end().unwrap();
}
