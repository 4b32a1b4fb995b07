//! Nodes of a cluster in virtual time, on one store: an entity is on one of them, and all of them reach it.

use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::host::Shard;
use playhouse::node::Node;
use playhouse::sim::Sim;

use crate::generated::SCHEMA;
use crate::schema::vault::Hero;
use crate::world::{BirdLogic, HallLogic, HeroLogic, RoomLogic};

/// A cluster of nodes of these names, of which the first hosts the registry.
fn cluster(seed: u64, nodes: &'static [&'static str]) -> Sim {
    let sim = Sim::new(seed);
    let _store = sim.store();
    for (index, name) in nodes.iter().enumerate() {
        let listen = format!("{name}:7000");
        sim.node(name, move || {
            let membership = match index {
                0 => Embedded::hosting(),
                _ => Embedded::at(format!("{}:7000", nodes[0])),
            };
            Node::builder()
                .schema(&SCHEMA)
                .shards(2)
                .entity::<HeroLogic>()
                .entity::<RoomLogic>()
                .entity::<HallLogic>()
                .entity::<BirdLogic>()
                .cluster(membership)
                .listen(&listen)
        });
    }
    sim
}

fn add(sim: &Sim, node: &str, hero: u64, amount: u64) -> u64 {
    let added = sim.on(node, async move || Hero::of(hero).purse().add(amount).await);
    added.unwrap().unwrap()
}

#[test]
fn a_hero_is_one_whoever_calls() {
    for seed in 0..10 {
        let sim = cluster(seed, &["a", "b", "c"]);
        sim.run_for(Duration::from_secs(3));
        for hero in 0..10 {
            assert_eq!(add(&sim, "a", hero, 1), 1, "seed {seed}");
            assert_eq!(add(&sim, "b", hero, 10), 11, "seed {seed}");
            assert_eq!(add(&sim, "c", hero, 100), 111, "seed {seed}");
        }
        sim.end().unwrap();
    }
}

#[test]
fn a_hero_goes_on_elsewhere_when_its_node_stops_or_dies() {
    for seed in 0..10 {
        let sim = cluster(seed, &["a", "b", "c"]);
        sim.run_for(Duration::from_secs(3));
        for hero in 0..10 {
            assert_eq!(add(&sim, "a", hero, 1), 1, "seed {seed}");
        }
        assert!(sim.stop("b", Duration::from_secs(30)), "seed {seed}");
        for hero in 0..10 {
            assert_eq!(add(&sim, "a", hero, 1), 2, "seed {seed}");
        }
        // What is saved stays. The rest was of the last seconds.
        sim.run_for(Duration::from_secs(10));
        sim.crash("c");
        // Until the others notice that its links are silent, what they sent there would end as unknown.
        sim.run_for(Duration::from_secs(40));
        for hero in 0..10 {
            assert_eq!(add(&sim, "a", hero, 1), 3, "seed {seed}");
        }
        sim.restart("b");
        sim.restart("c");
        sim.run_for(Duration::from_secs(10));
        for (hero, node) in (0..10).zip(["b", "c"].into_iter().cycle()) {
            assert_eq!(add(&sim, node, hero, 1), 4, "seed {seed}");
        }
        sim.end().unwrap();
    }
}

/// Tries to take a lock on a node, keeps it for a second, and gives its token.
fn try_lock(sim: &Sim, node: &str) -> Option<u64> {
    let token = sim.on(node, async || {
        let shard = Shard::current().unwrap();
        let within = Duration::from_secs(5);
        let locked = shard.attend(within, async |cx| {
            let cluster = cx.cluster().unwrap();
            assert_eq!(cluster.view().members.len(), 3);
            cluster.try_lock("season").await.ok()
        });
        let lock = locked.await.unwrap()?;
        let token = lock.token;
        tokio::task::spawn_local(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(lock);
        });
        Some(token)
    });
    token.unwrap()
}

#[test]
fn handlers_take_locks_that_one_node_has_at_a_time() {
    let sim = cluster(7, &["a", "b", "c"]);
    sim.run_for(Duration::from_secs(3));
    let first = try_lock(&sim, "b").unwrap();
    assert_eq!(try_lock(&sim, "c"), None);
    sim.run_for(Duration::from_secs(2));
    assert!(try_lock(&sim, "c").unwrap() > first);
    sim.end().unwrap();
}
