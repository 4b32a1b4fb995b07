//! Whole nodes in the simulation: calls between them, and what becomes of these when a node is gone.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

use std::time::Duration;

use playhouse::node::Node;
use playhouse::sim::Sim;
use playhouse::{Executed, Failure, FailureKind};
use playhouse_sim_tests::islands::{self, IslanderLogic};
use playhouse_sim_tests::schema::SCHEMA;
use playhouse_sim_tests::schema::island::Islander;

const SECOND: Duration = Duration::from_secs(1);

fn two_nodes(seed: u64) -> Sim {
    let sim = Sim::new(seed);
    for name in ["east", "west"] {
        sim.node(name, move || {
            Node::builder()
                .schema(&SCHEMA)
                .roles(["shore"])
                .shards(2)
                .entity::<IslanderLogic>()
                .listen(format!("{name}:7000"))
        });
    }
    sim
}

/// From east, gives gold to somebody in the west; what they have then.
fn accept(sim: &Sim, amount: u64) -> Result<u64, Failure> {
    let call = async move || {
        let islander = Islander::of(1).at("west:7000");
        islander.deadline(2 * SECOND).accept(amount, 0).await
    };
    sim.on("east", call).unwrap()
}

#[test]
fn a_node_calls_another_over_the_network() {
    let sim = two_nodes(1);
    assert_eq!(accept(&sim, 3), Ok(3));
    assert_eq!(accept(&sim, 4), Ok(7));
    assert!(sim.now() < SECOND, "{:?}", sim.now());
    sim.end().unwrap();
}

#[test]
fn a_call_from_afar_has_its_time_however_long_the_shard_slept() {
    let sim = two_nodes(3);
    assert_eq!(accept(&sim, 1), Ok(1));
    for _ in 0..20 {
        sim.run_for(Duration::from_millis(4_321));
        accept(&sim, 1).unwrap();
    }
    sim.end().unwrap();
}

#[test]
fn a_call_across_a_partition_meets_its_deadline_and_may_have_run() {
    let sim = two_nodes(2);
    assert_eq!(accept(&sim, 1), Ok(1));
    let before = sim.now();
    sim.partition("east", "west");
    let failure = accept(&sim, 1).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Timeout);
    assert_eq!(failure.executed(), Executed::Unknown);
    assert_eq!((sim.now() - before).as_secs(), 2);
    sim.heal("east", "west");
    sim.run_for(10 * SECOND);
    let gold = accept(&sim, 1).unwrap();
    assert!(gold == 2 || gold == 3, "{gold}");
    sim.end().unwrap();
}

#[test]
fn calls_to_a_node_that_died_end_and_the_next_life_knows_nothing() {
    for seed in 0..20 {
        let sim = two_nodes(seed);
        assert_eq!(accept(&sim, 5), Ok(5));
        sim.crash("west");
        let before = sim.now();
        let failure = accept(&sim, 5).unwrap_err();
        let kinds = [FailureKind::Unreachable, FailureKind::Timeout];
        assert!(kinds.contains(&failure.kind()), "{failure}");
        assert!(sim.now() - before <= 2 * SECOND + SECOND / 10);
        sim.restart("west");
        // Heartbeats need 15 s to tell that a machine has died.
        let mut tries = 0;
        while accept(&sim, 7) != Ok(7) {
            tries += 1;
            assert!(tries < 30, "seed {seed} never reached it again");
            sim.run_for(SECOND);
        }
        sim.end().unwrap();
    }
}

#[test]
fn a_node_that_is_told_to_stop_ends_by_itself() {
    let sim = two_nodes(4);
    assert_eq!(accept(&sim, 1), Ok(1));
    assert!(sim.stop("west", 10 * SECOND));
    assert!(!sim.is_up("west"));
    let failure = accept(&sim, 1).unwrap_err();
    assert_eq!(failure.executed(), Executed::NotExecuted, "{failure}");
    sim.restart("west");
    sim.run_for(10 * SECOND);
    assert_eq!(accept(&sim, 2), Ok(2));
    sim.end().unwrap();
}

#[test]
fn a_seed_of_nodes_plays_the_same_twice_in_one_process() {
    for seed in 1..5 {
        assert_eq!(
            islands::play_linked(seed).unwrap(),
            islands::play_linked(seed).unwrap()
        );
    }
}
