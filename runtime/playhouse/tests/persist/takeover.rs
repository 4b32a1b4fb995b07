//! Nodes of a cluster in virtual time that die, stand still or lose their store: what they ran is taken over, and runs once.

use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::node::Node;
use playhouse::sim::{Sim, SimStore};
use playhouse::store::{DocumentId, Owner, key_to_text};
use playhouse::{EntityKey, Executed, Failure, FailureKind};

use crate::generated::SCHEMA;
use crate::schema::vault::{Bird, Hall, Hero};
use crate::world::{BirdLogic, HallLogic, HeroLogic, RoomLogic, ms};

/// A node that was killed is taken over within its lease's time to live and three seconds.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(9);

/// Three nodes of a cluster, `a`, `b` and `c`. The first hosts the registry.
fn cluster(seed: u64) -> (Sim, SimStore) {
    let sim = Sim::new(seed);
    let store = sim.store();
    // As much as clocks may differ.
    sim.set_clock_rate("b", 50_000);
    sim.set_clock_rate("c", -50_000);
    for name in ["a", "b", "c"] {
        sim.node(name, move || {
            let membership = match name {
                "a" => Embedded::hosting(),
                _ => Embedded::at("a:7000"),
            };
            Node::builder()
                .schema(&SCHEMA)
                .shards(2)
                .entity::<HeroLogic>()
                .entity::<RoomLogic>()
                .entity::<HallLogic>()
                .entity::<BirdLogic>()
                .cluster(membership)
                .listen(format!("{name}:7000"))
        });
    }
    sim.run_for(Duration::from_secs(5));
    (sim, store)
}

fn bank(sim: &Sim, node: &str, hero: u64, amount: u64) -> Result<u64, Failure> {
    let banked = sim.on(node, async move || {
        Hero::of(hero).purse().bank(amount).await
    });
    banked.expect("the host is up")
}

/// Whose a document is.
fn owner(store: &SimStore, collection: &str, key: &str) -> Option<Owner> {
    let documents = store.documents();
    documents
        .read(&DocumentId::new(collection, key))?
        .header
        .owner
        .clone()
}

fn hero_owner(store: &SimStore, hero: u64) -> Option<Owner> {
    owner(store, "vault.Hero", &format!("u{hero}"))
}

/// A hero that this node runs.
fn hero_of(sim: &Sim, store: &SimStore, node: &str) -> u64 {
    let runs = |hero: &u64| {
        assert_eq!(bank(sim, "a", *hero, 1).unwrap(), 1);
        hero_owner(store, *hero).is_some_and(|owner| &*owner.node == node)
    };
    (0..100).find(runs).expect("some of a hundred are there")
}

#[test]
fn what_a_node_ran_that_was_killed_goes_on_elsewhere() {
    for seed in 0..3 {
        let (sim, store) = cluster(seed);
        let hero = hero_of(&sim, &store, "c");
        sim.crash("c");
        sim.run_for(TAKEN_OVER_WITHIN);
        assert_eq!(bank(&sim, "b", hero, 10).unwrap(), 11, "seed {seed}");
        assert_ne!(&*hero_owner(&store, hero).unwrap().node, "c");
        sim.end().unwrap();
    }
}

#[test]
fn a_singleton_moves_by_itself_when_its_node_is_killed() {
    for seed in 0..3 {
        let (sim, store) = cluster(seed);
        let key = key_to_text(&EntityKey::default());
        let hall = || owner(&store, "vault.Hall", &key);
        let runs = sim.run_until(Duration::from_secs(10), || hall().is_some());
        assert!(runs, "it is claimed without a call");
        let first = hall().unwrap();
        // The registry's node takes the cluster's memory along.
        if &*first.node != "a" {
            sim.crash(&first.node);
            let moved = sim.run_until(TAKEN_OVER_WITHIN, || hall().is_some_and(|it| it != first));
            assert!(moved, "seed {seed}");
        }
        sim.end().unwrap();
    }
}

#[test]
fn a_node_without_its_store_stops_at_the_margin_and_comes_back() {
    let (sim, store) = cluster(1);
    let hero = hero_of(&sim, &store, "b");
    let before = hero_owner(&store, hero);
    for node in ["a", "b", "c"] {
        store.partition(node);
    }
    sim.run_for(Duration::from_secs(6));
    let added = sim.on("b", async move || Hero::of(hero).purse().add(5).await);
    let failure = added.unwrap().unwrap_err();
    assert_eq!(
        (failure.kind(), failure.executed()),
        (FailureKind::Unreachable, Executed::NotExecuted),
        "{failure}"
    );
    for node in ["a", "b", "c"] {
        store.heal(node);
    }
    sim.run_for(Duration::from_secs(6));
    assert_eq!(bank(&sim, "a", hero, 5).unwrap(), 6);
    assert_eq!(hero_owner(&store, hero), before, "nobody has taken it over");
    sim.end().unwrap();
}

#[test]
fn a_node_that_lost_its_lease_discards_what_it_ran() {
    for seed in 0..3 {
        let (sim, store) = cluster(seed);
        let hero = hero_of(&sim, &store, "c");
        // Never saved: it is gone with the activation.
        let added = sim.on("c", async move || Hero::of(hero).purse().add(50).await);
        assert_eq!(added.unwrap().unwrap(), 51);
        store.partition("c");
        sim.run_for(TAKEN_OVER_WITHIN);
        assert_eq!(bank(&sim, "b", hero, 1).unwrap(), 2, "seed {seed}");
        store.heal("c");
        sim.run_for(Duration::from_secs(10));
        assert_eq!(bank(&sim, "c", hero, 1).unwrap(), 3, "seed {seed}");
        sim.end().unwrap();
    }
}

/// A process that stood still for longer than its lease goes on where it stood, but nothing of what it ran does.
#[test]
fn a_node_that_stood_still_for_too_long_executes_nothing_further() {
    for seed in 0..3 {
        let (sim, store) = cluster(seed);
        let hero = hero_of(&sim, &store, "c");
        let (give, toil) = tokio::sync::oneshot::channel();
        let begun = sim.on("b", async move || {
            tokio::task::spawn_local(async move {
                // The test waits for it.
                let _ = give.send(Hero::of(hero).toil(100, ms(2_000)).await);
            });
        });
        begun.expect("the host is up");
        sim.run_for(Duration::from_secs(1));
        sim.pause("c");
        sim.run_for(TAKEN_OVER_WITHIN);
        assert_eq!(bank(&sim, "a", hero, 1).unwrap(), 2, "seed {seed}");
        sim.resume("c");
        sim.run_for(Duration::from_secs(10));
        assert_eq!(bank(&sim, "c", hero, 1).unwrap(), 3, "seed {seed}");
        let outcome = sim.on("b", async move || toil.await.unwrap()).unwrap();
        let failure = outcome.unwrap_err();
        assert_eq!(
            failure.executed(),
            Executed::Unknown,
            "seed {seed}: {failure}"
        );
        sim.end().unwrap();
    }
}

#[test]
fn a_node_that_is_started_again_under_its_name_has_another_life() {
    let (sim, store) = cluster(2);
    let hero = hero_of(&sim, &store, "c");
    let before = hero_owner(&store, hero);
    sim.crash("c");
    sim.restart("c");
    sim.run_for(TAKEN_OVER_WITHIN * 2);
    assert_eq!(bank(&sim, "c", hero, 1).unwrap(), 2);
    assert_ne!(hero_owner(&store, hero), before);
    sim.end().unwrap();
}

#[test]
fn what_nothing_is_saved_of_is_one_too() {
    let (sim, store) = cluster(3);
    let sing = |node: &str| sim.on(node, async || Bird::of(7).sing().await).unwrap();
    assert_eq!(sing("a").unwrap(), 1);
    assert_eq!(sing("b").unwrap(), 2);
    assert_eq!(sing("c").unwrap(), 3);
    assert!(owner(&store, "vault.Bird", "u7").is_some());
    let opened = sim.on("b", async || Hall::only().open().await.is_ok());
    assert_eq!(opened, Some(true));
    sim.end().unwrap();
}
