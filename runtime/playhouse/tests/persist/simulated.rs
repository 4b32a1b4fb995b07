//! Whole nodes in virtual time, on one store.

use std::rc::Rc;
use std::time::Duration;

use playhouse::Executed;
use playhouse::node::Node;
use playhouse::sim::Sim;
use playhouse::store::Value;

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

/// What is known of a hero's gold: it only grows.
#[derive(Default)]
struct Known {
    /// So much was there when a save was acknowledged.
    saved: u64,
    /// No more than this was ever there.
    most: u64,
}

/// Two nodes and a store that fail as they like, and what was acknowledged and is not there.
fn round(seed: u64, store: &TestStore) -> Option<String> {
    store.seed(seed);
    store.is(Mood::Wild);
    let sim = sim(seed, store, &["one", "two"]);
    let random = sim.random();
    let mut known: [Known; 3] = Default::default();
    let mut panics = 0;
    for _ in 0..60 {
        let node = if random.below(3) == 0 { "two" } else { "one" };
        let index = random.below(3);
        let hero = Hero::of(index);
        let known = &mut known[index as usize];
        match random.below(12) {
            0 => {
                sim.crash(node);
                sim.restart(node);
            }
            1 => {
                assert!(sim.stop(node, Duration::from_secs(60)));
                sim.restart(node);
            }
            2 => {
                let failure = sim.on(node, async move || hero.panics(1_000_000).await);
                let failure = failure.unwrap().unwrap_err();
                panics += u64::from(failure.executed() == Executed::Unknown);
            }
            3 => sim.run_for(Duration::from_secs(9)),
            _ => {
                let save = random.below(2) == 0;
                let done = sim.on(node, async move || match save {
                    true => hero.purse().bank(1).await,
                    false => hero.purse().add(1).await,
                });
                // One that fails may have taken effect.
                known.most += 1;
                if let (Ok(gold), true) = (done.unwrap(), save) {
                    known.saved = known.saved.max(gold);
                }
            }
        }
    }
    store.is(Mood::Well);
    sim.run_for(Duration::from_secs(60));
    let mut wrong = None;
    for (index, known) in (0..).zip(&known) {
        // A node may not know yet that another one has the hero: the store does.
        let gold = match store.at(index, ["body", "purse", "gold"]) {
            Some(Value::Unsigned(gold)) => gold,
            _ => 0,
        };
        let (saved, most) = (known.saved, known.most);
        if gold < saved || gold > most {
            wrong = Some(format!("seed {seed}: {saved} <= {gold} <= {most}"));
        }
    }
    sim.expect_panics(panics);
    sim.end().unwrap();
    wrong
}

#[test]
fn nothing_acknowledged_is_lost_whatever_the_store_and_the_nodes_do() {
    for seed in 0..60 {
        assert_eq!(round(seed, &TestStore::new()), None);
    }
}

#[test]
fn a_store_that_takes_stale_commits_is_found_out() {
    let found = (0..60).find_map(|seed| round(seed, &TestStore::forgetful()));
    assert!(found.is_some(), "the rounds find nothing");
}
