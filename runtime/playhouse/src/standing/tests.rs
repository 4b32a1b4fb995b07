//! Standings of several nodes over one simulated store, in stopped time.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use playhouse_cluster::placement::LeaseTerms;
use playhouse_cluster::{Driver, Member};
use playhouse_store::sim::{Faults, SimStore};
use playhouse_wire::Timestamp;
use playhouse_wire::message::Incarnation;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;
use crate::host::{Env, Setup};

/// A life that was killed is known to be over within its time to live and three seconds.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(9);

struct Machine {
    chance: Rc<dyn Fn() -> u64>,
    rate_ppm: i64,
}

impl Env for Machine {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn random(&self) -> u64 {
        (self.chance)()
    }

    fn clock_rate_ppm(&self) -> i64 {
        self.rate_ppm
    }
}

/// Chance that repeats.
fn chance(seed: u64) -> Rc<dyn Fn() -> u64> {
    let state = Cell::new(seed);
    Rc::new(move || {
        // SplitMix64.
        let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(next);
        let z = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

struct World {
    chance: Rc<dyn Fn() -> u64>,
    store: SimStore,
    lives: Cell<u32>,
}

struct Process {
    standing: Standing,
    task: JoinHandle<()>,
    _driver: Driver,
}

impl World {
    /// A process that starts as a node of this name on a host.
    fn start(&self, host: &str, name: &str, rate_ppm: i64) -> Process {
        self.start_with(host, name, rate_ppm, None)
    }

    fn start_with(&self, host: &str, name: &str, rate_ppm: i64, lock: Option<NameLock>) -> Process {
        self.lives.set(self.lives.get() + 1);
        let store = self.store.for_host(host, self.lives.get());
        let env = Machine {
            chance: Rc::clone(&self.chance),
            rate_ppm,
        };
        let shard = Shard::new(&Setup::new(name), 0, 1, Rc::new(env));
        let boot = (self.chance)();
        let (seat, driver) = playhouse_cluster::seat(Member::new(name, boot, "sim"));
        let incarnation = Incarnation { boot, lease: 0 };
        let (standing, mut task) = standing(name, incarnation, LeaseTerms::default());
        if let Some(lock) = lock {
            task = task.with_lock(lock);
        }
        Process {
            standing,
            task: tokio::task::spawn_local(task.run(store, seat, shard)),
            _driver: driver,
        }
    }
}

impl Process {
    /// The process is gone, without a word.
    fn kill(self) -> Standing {
        self.task.abort();
        self.standing
    }
}

fn in_world<F: Future<Output = ()>>(seed: u64, test: impl FnOnce(World) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let chance = chance(seed);
    let drawn = Rc::clone(&chance);
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let store = SimStore::new(move || drawn());
        let lives = Cell::new(0);
        test(World {
            chance,
            store,
            lives,
        })
        .await;
    });
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[test]
fn a_lease_that_is_renewed_holds() {
    in_world(1, async |world| {
        let a = world.start("a", "a", 0);
        assert!(!a.standing.holds());
        a.standing.granted().await.unwrap();
        let owner = a.standing.owner();
        for _ in 0..600 {
            assert!(a.standing.holds());
            pass(100).await;
        }
        assert_eq!(a.standing.owner(), owner);
    });
}

#[test]
fn a_node_stops_at_the_margin_and_goes_on_when_the_store_is_back() {
    in_world(2, async |world| {
        let a = world.start("a", "a", 0);
        a.standing.granted().await.unwrap();
        let owner = a.standing.owner();
        world.store.partition("a");
        pass(1500).await;
        assert!(a.standing.holds());
        pass(2600).await;
        assert!(!a.standing.holds());
        pass(60_000).await;
        assert!(!a.standing.holds());
        world.store.heal("a");
        pass(5_000).await;
        assert!(a.standing.holds());
        assert_eq!(a.standing.owner(), owner, "nobody has taken anything over");
    });
}

#[test]
fn a_node_that_is_killed_is_over_soon() {
    for seed in 0..20 {
        in_world(seed, async |world| {
            let (a, b) = (world.start("a", "a", 0), world.start("b", "b", 0));
            a.standing.granted().await.unwrap();
            b.standing.granted().await.unwrap();
            pass(5_000 + seed * 97).await;
            let owner = a.kill().owner();
            let (killed, mut found) = (Instant::now(), b.standing.found_over());
            assert!(!b.standing.known_over(&owner));
            found.changed().await.unwrap();
            assert!(b.standing.known_over(&owner));
            let took = killed.elapsed();
            assert!(took <= TAKEN_OVER_WITHIN, "it took {took:?}");
        });
    }
}

#[test]
fn a_lease_that_was_revoked_is_lost_and_the_node_has_another_life() {
    in_world(3, async |world| {
        let (a, b) = (world.start("a", "a", 0), world.start("b", "b", 0));
        a.standing.granted().await.unwrap();
        b.standing.granted().await.unwrap();
        let first = a.standing.owner();
        world.store.partition("a");
        pass(12_000).await;
        assert!(b.standing.known_over(&first));
        assert!(!a.standing.holds());
        world.store.heal("a");
        pass(10_000).await;
        assert!(a.standing.holds());
        let second = a.standing.owner();
        assert_eq!(second.incarnation, first.incarnation.wrapping_add(1));
        assert!(a.standing.known_over(&first));
        assert!(!b.standing.known_over(&second));
    });
}

#[test]
fn of_two_nodes_of_one_name_the_second_is_refused() {
    in_world(4, async |world| {
        let first = world.start("x", "a", 0);
        first.standing.granted().await.unwrap();
        let second = world.start("y", "a", 0);
        let name = "a".to_owned();
        assert_eq!(
            second.standing.granted().await,
            Err(NoStanding::NameTaken { name })
        );
        assert!(first.standing.holds());
        assert!(!second.standing.holds());
    });
}

#[test]
fn a_node_whose_name_another_took_while_its_store_was_away_is_refused_for_good() {
    in_world(9, async |world| {
        let first = world.start("x", "a", 0);
        first.standing.granted().await.unwrap();
        world.store.partition("x");
        let second = world.start("y", "a", 0);
        // Nobody has renewed the first one's lease for so long that it is over.
        second.standing.granted().await.unwrap();
        assert!(!first.standing.holds());
        world.store.heal("x");
        let name = "a".to_owned();
        assert_eq!(
            first.standing.refused().await,
            NoStanding::NameTaken { name }
        );
        assert!(second.standing.holds());
    });
}

#[test]
fn a_restart_after_a_crash_waits_for_the_end_of_the_lease() {
    in_world(5, async |world| {
        let first = world.start("a", "a", 0);
        first.standing.granted().await.unwrap();
        let first = first.kill().owner();
        let began = Instant::now();
        let second = world.start("a", "a", 0);
        second.standing.granted().await.unwrap();
        assert!(began.elapsed() > Duration::from_secs(7));
        assert!(began.elapsed() < TAKEN_OVER_WITHIN);
        assert!(second.standing.known_over(&first));
    });
}

#[test]
fn a_restart_after_a_lease_was_given_back_waits_for_nothing() {
    in_world(6, async |world| {
        let first = world.start("a", "a", 0);
        first.standing.granted().await.unwrap();
        first.standing.give_up().await;
        assert!(!first.standing.holds());
        let began = Instant::now();
        let second = world.start("a", "a", 0);
        second.standing.granted().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn a_lock_that_the_life_before_had_proves_that_it_is_over() {
    let folder = std::env::temp_dir().join(format!("playhouse-lock-{}", std::process::id()));
    in_world(7, async |world| {
        let lock = NameLock::take(&folder, "a").unwrap();
        let taken = NameLock::take(&folder, "a").unwrap_err();
        assert_eq!(taken.kind(), std::io::ErrorKind::WouldBlock);
        let first = world.start_with("a", "a", 0, Some(lock));
        first.standing.granted().await.unwrap();
        first.kill();
        pass(1).await;
        let began = Instant::now();
        let lock = NameLock::take(&folder, "a").unwrap();
        let second = world.start_with("a", "a", 0, Some(lock));
        second.standing.granted().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
    });
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_node_that_is_alive_is_not_proven_over() {
    in_world(8, async |world| {
        let (a, b) = (world.start("a", "a", 0), world.start("b", "b", 0));
        a.standing.granted().await.unwrap();
        b.standing.granted().await.unwrap();
        let failure = b.standing.prove_over(a.standing.owner()).await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the node can't be reached: node a is alive (not executed)"
        );
    });
}

/// The one thing that must never be, whatever the store does and however clocks differ.
#[test]
fn nobody_holds_a_lease_that_somebody_knows_to_be_over() {
    for seed in 0..20 {
        in_world(seed, async |world| {
            world.store.set_faults(Faults::wild());
            let names = ["a", "b", "c"];
            let rates = [-50_000, 50_000, 0];
            let nodes: Vec<Process> = names
                .iter()
                .zip(rates)
                .map(|(name, rate)| world.start(name, name, rate))
                .collect();
            let mut lives = 0;
            for step in 0..12_000_u64 {
                pass(10).await;
                let draw = (world.chance)();
                if step.is_multiple_of(500) {
                    names.iter().for_each(|name| world.store.heal(name));
                    world.store.partition(names[(draw >> 8) as usize % 3]);
                }
                for node in nodes.iter().filter(|node| node.standing.holds()) {
                    let owner = node.standing.owner();
                    let known = nodes.iter().any(|other| other.standing.known_over(&owner));
                    assert!(!known, "seed {seed}, step {step}: {owner:?}");
                }
            }
            for node in &nodes {
                lives += *node.standing.found_over().borrow();
            }
            assert!(lives > 0, "seed {seed}: no lease was ever lost");
        });
    }
}
