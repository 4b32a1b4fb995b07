//! Timers and steps of entities, through the whole host, on virtual time.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

use std::time::Duration;

use playhouse::sim::Sim;
use playhouse::{Failure, FailureKind};
use playhouse_sim_tests::clocks;
use playhouse_sim_tests::schema::island::{Clock, Mill};

struct Clocks(Sim);

impl Clocks {
    fn new() -> Self {
        let sim = Sim::new(11);
        sim.shards("a", 1, clocks::setup);
        Self(sim)
    }

    fn try_act(&self, what: &'static str) -> Result<u64, Failure> {
        let call = async move || Clock::of(1).act(what).await;
        self.0.on("a", call).unwrap()
    }

    fn act(&self, what: &'static str) -> u64 {
        self.try_act(what).unwrap()
    }

    fn pass(&self, ms: u64) {
        self.0.run_for(Duration::from_millis(ms));
    }

    fn rung(&self) -> Vec<String> {
        self.0
            .on("a", async || Clock::of(1).rung().await)
            .unwrap()
            .unwrap()
    }

    fn end(self) {
        self.0.end().unwrap();
    }
}

#[test]
fn a_key_has_many_timers_and_cancelling_it_cancels_all() {
    let clocks = Clocks::new();
    clocks.act("key thrice");
    clocks.act("key thrice");
    clocks.pass(50);
    assert_eq!(clocks.act("cancel the key"), 6);
    assert_eq!(clocks.act("cancel the key"), 0);
    clocks.pass(500);
    assert_eq!(clocks.rung(), ["100: 4 missed 0", "100: 4 missed 0"]);
    clocks.end();
}

#[test]
fn keys_of_a_component_are_its_own() {
    let clocks = Clocks::new();
    let wind = async || {
        Clock::of(1)
            .hand()
            .wind(playhouse::Duration::from_millis(100))
            .await
    };
    clocks.0.on("a", wind).unwrap().unwrap();
    assert_eq!(clocks.act("cancel the key"), 0);
    clocks.act("of the hand");
    clocks.pass(200);
    assert_eq!(clocks.rung(), ["the hand moved", "the hand moved"]);
    clocks.end();
}

#[test]
fn three_times_means_three_firings() {
    let clocks = Clocks::new();
    clocks.act("three times");
    clocks.pass(2_000);
    assert_eq!(
        clocks.rung(),
        ["100: 1 missed 0", "200: 1 missed 0", "300: 1 missed 0"]
    );
    clocks.end();
}

#[test]
fn a_busy_entity_misses_firings_and_counts_them() {
    let clocks = Clocks::new();
    clocks.act("for ever");
    clocks.act("busy");
    clocks.pass(100);
    clocks.act("cancel the key");
    clocks.pass(1_000);
    assert_eq!(clocks.rung(), ["1050: 1 missed 9", "1100: 1 missed 0"]);
    clocks.end();
}

#[test]
fn a_firing_that_waits_for_the_entity_can_be_cancelled() {
    let clocks = Clocks::new();
    clocks.act("key thrice");
    clocks.0.on("a", async || {
        let busy = Clock::of(1).act("busy");
        let cancel = Clock::of(1).act("cancel the key");
        let busy = tokio::task::spawn_local(busy);
        assert_eq!(cancel.await.unwrap(), 3);
        busy.await.unwrap().unwrap();
    });
    clocks.pass(2_000);
    assert_eq!(clocks.rung(), ["1050: 4 missed 0"]);
    clocks.end();
}

#[test]
fn a_timer_cancels_itself_and_all_from_within() {
    let clocks = Clocks::new();
    clocks.act("until told");
    clocks.act("key thrice");
    clocks.pass(99);
    clocks.act("cancel the key");
    clocks.act("until told");
    clocks.pass(1_000);
    let rung = clocks.rung();
    assert_eq!(
        rung[1..],
        ["199: 99 missed 0", "199: cancelled true 0"],
        "{rung:?}"
    );
    clocks.end();
}

#[test]
fn a_closure_fires_until_it_cancels_itself() {
    let clocks = Clocks::new();
    clocks.act("with a closure");
    clocks.pass(1_000);
    assert_eq!(clocks.rung(), ["100: closure", "200: closure"]);
    clocks.end();
}

#[test]
fn cron_goes_by_the_date() {
    let clocks = Clocks::new();
    clocks.act("at noon");
    clocks.pass(4 * 86_400_000);
    let noon = "43200000: 12 missed 0";
    assert_eq!(clocks.rung(), [noon, noon]);
    clocks.end();
}

#[test]
fn the_first_firing_may_come_sooner() {
    let clocks = Clocks::new();
    clocks.act("at once, then seldom");
    clocks.pass(15_000);
    assert_eq!(clocks.rung(), ["1: 1 missed 0", "10000: 1 missed 0"]);
    clocks.end();
}

#[test]
fn a_timer_without_sense_is_refused() {
    let clocks = Clocks::new();
    let failure = clocks.try_act("without sense").unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Invalid);
    clocks.end();
}

#[test]
fn a_failure_ends_the_firing_and_a_panic_the_activation() {
    let clocks = Clocks::new();
    clocks.act("fail");
    clocks.pass(1_000);
    assert_eq!(clocks.rung(), ["100: fails", "200: fails"]);
    clocks.act("fail hard");
    clocks.act("for ever");
    clocks.0.expect_panics(1);
    clocks.pass(1_000);
    assert_eq!(clocks.rung(), Vec::<String>::new());
    clocks.end();
}

#[test]
fn the_end_of_an_entity_ends_its_timers() {
    let clocks = Clocks::new();
    clocks.act("for ever");
    clocks.act("key thrice");
    clocks.act("end");
    clocks.pass(1_000);
    assert_eq!(clocks.rung(), Vec::<String>::new());
    clocks.end();
}

#[test]
fn steps_come_at_their_pace_and_are_skipped_when_they_take_too_long() {
    let clocks = Clocks::new();
    let turns = || {
        let turns = clocks.0.on("a", async || Mill::of(1).turns().await);
        turns.unwrap().unwrap()
    };
    assert_eq!(turns(), 0);
    clocks.pass(1_000);
    assert_eq!(turns(), 20);
    clocks.0.on("a", async || {
        let time = playhouse::Duration::from_millis(200);
        Mill::of(1).load(time).await.unwrap();
    });
    clocks.pass(10_000);
    let loaded = turns() - 20;
    assert!(
        (48..=51).contains(&loaded),
        "{loaded} steps of 200 ms in 10 s"
    );
    clocks.0.on("a", async || {
        Mill::of(1).load(playhouse::Duration::ZERO).await.unwrap();
        let shard = playhouse::host::Shard::current().unwrap();
        assert!(shard.overruns() > 5);
    });
    clocks.pass(1_000);
    let before = turns();
    clocks.pass(1_000);
    assert_eq!(turns() - before, 20);
    clocks.end();
}

#[test]
fn a_calls_time_begins_when_it_is_made_however_long_the_shard_slept() {
    let clocks = Clocks::new();
    clocks.pass(60_000);
    let call = async || {
        let clock = Clock::of(1).deadline(Duration::from_secs(2));
        clock.act("busy").await
    };
    assert_eq!(clocks.0.on("a", call), Some(Ok(0)));
    clocks.end();
}
