//! The simulation itself: time, faults, what must not pass unseen.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::sim::Sim;
use playhouse_sim_tests::echo;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_hour_takes_no_time() {
    let sim = Sim::new(1);
    let waited = sim.client("a", async |_| {
        let before = Instant::now();
        tokio::time::sleep(3_600 * SECOND).await;
        before.elapsed()
    });
    sim.run_for(3_599 * SECOND);
    assert_eq!(waited.take(), None);
    sim.run_for(SECOND);
    assert_eq!(waited.take(), Some(3_600 * SECOND));
    assert_eq!(sim.end().unwrap().lasted, 3_600 * SECOND);
}

#[test]
fn a_seed_plays_the_same_twice_and_another_seed_does_not() {
    let first = echo::play(7).unwrap();
    assert_eq!(first, echo::play(7).unwrap());
    assert_ne!(first.hash, echo::play(8).unwrap().hash);
    assert!(first.events > 200, "{first:?}");
}

#[test]
fn a_crash_drops_what_ran_and_a_restart_begins_anew() {
    struct Gone(Rc<Cell<u32>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Rc::new(Cell::new(0));
    let starts = Rc::new(Cell::new(0));
    let sim = Sim::new(3);
    let (gone, started) = (Rc::clone(&dropped), Rc::clone(&starts));
    let joined = sim.client("a", async move |_| {
        started.set(started.get() + 1);
        let _gone = Gone(Rc::clone(&gone));
        tokio::time::sleep(10 * SECOND).await;
    });
    sim.run_for(SECOND);
    assert!(sim.is_up("a"));
    sim.crash("a");
    assert!(!sim.is_up("a"));
    assert_eq!((starts.get(), dropped.get()), (1, 1));
    sim.run_for(20 * SECOND);
    assert!(!joined.is_there());
    sim.restart("a");
    sim.restart("a");
    sim.run_for(20 * SECOND);
    assert_eq!((starts.get(), dropped.get()), (2, 2));
    assert!(joined.is_there());
    sim.end().unwrap();
}

#[test]
fn what_a_crashed_host_sends_reaches_nobody() {
    let sim = Sim::new(4);
    let _serving = sim.client("server", echo::serve);
    let echoed = sim.client("a", async |host| echo::talk(host, "server:7", 1_000).await);
    sim.run_for(SECOND);
    sim.crash("a");
    let before = sim.events();
    sim.run_for(10 * SECOND);
    // What was underway still arrives, and then it is quiet.
    let after = sim.events();
    sim.run_for(100 * SECOND);
    assert!(after - before < 20);
    assert_eq!(sim.events(), after);
    assert_eq!(echoed.take(), None);
    sim.end().unwrap();
}

#[test]
fn a_host_that_stands_still_goes_on_where_it_stood() {
    let sim = Sim::new(5);
    let ticks = Rc::new(Cell::new(0));
    let counted = Rc::clone(&ticks);
    let _joined = sim.client("a", async move |_| {
        loop {
            tokio::time::sleep(SECOND).await;
            counted.set(counted.get() + 1);
        }
    });
    sim.run_for(3 * SECOND);
    sim.pause("a");
    sim.pause("a");
    sim.run_for(10 * SECOND);
    assert_eq!(ticks.get(), 3);
    sim.resume("a");
    sim.run_for(SECOND / 2);
    assert_eq!(ticks.get(), 4);
    sim.run_for(2 * SECOND);
    assert_eq!(ticks.get(), 6);
    // A crash ends a pause, too.
    sim.pause("a");
    sim.crash("a");
    sim.restart("a");
    sim.run_for(SECOND);
    assert_eq!(ticks.get(), 7);
    sim.end().unwrap();
}

#[test]
fn a_partition_lasts_until_it_is_healed() {
    let sim = Sim::new(5);
    let _serving = sim.client("server", echo::serve);
    let echoed = sim.client("a", async |host| echo::talk(host, "server:7", 10).await);
    sim.partition("a", "server");
    sim.run_for(30 * SECOND);
    assert_ne!(echoed.take(), Some(10));
    sim.heal("a", "server");
    sim.restart("a");
    sim.end().unwrap();
}

#[test]
fn code_runs_on_a_host_from_outside() {
    let sim = Sim::new(6);
    let _serving = sim.client("a", async |_| std::future::pending::<()>().await);
    let slept = sim.on("a", async || {
        tokio::time::sleep(SECOND).await;
        7
    });
    assert_eq!((slept, sim.now()), (Some(7), SECOND));
    assert_eq!(sim.on("nobody", async || ()), None);
    sim.crash("a");
    assert_eq!(sim.on("a", async || ()), None);
    sim.end().unwrap();
}

#[test]
fn a_panic_fails_the_seed() {
    let sim = Sim::new(7);
    let _joined = sim.client("a", async |_| panic!("on purpose"));
    sim.run_for(SECOND);
    let error = sim.end().unwrap_err();
    assert_eq!(error.seed(), 7);
    assert_eq!(error.reasons(), ["1 panics, and 0 expected"]);
    assert!(error.to_string().contains("seed 7 failed"), "{error}");

    let sim = Sim::new(7);
    sim.expect_panics(1);
    let _joined = sim.client("a", async |_| panic!("on purpose"));
    sim.run_for(SECOND);
    sim.end().unwrap();
}

#[test]
fn tasks_that_wake_one_another_for_ever_fail_the_seed() {
    let sim = Sim::new(8);
    let _joined = sim.client("a", async |_| {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let other = sim.client("b", async |_| tokio::time::sleep(SECOND).await);
    sim.run_for(2 * SECOND);
    assert!(!other.is_there(), "nothing runs once it is known");
    let error = sim.end().unwrap_err();
    assert!(error.reasons()[0].contains("without end"), "{error}");
}

#[test]
fn a_task_that_outlives_its_host_fails_the_seed() {
    let sim = Sim::new(9);
    let _joined = sim.client("a", async |_| {
        tokio::spawn(std::future::pending::<()>());
    });
    sim.run_for(SECOND);
    let error = sim.end().unwrap_err();
    assert!(error.reasons()[0].contains("outlived"), "{error}");
}

#[test]
fn a_simulation_of_nothing_fails() {
    let error = Sim::new(10).end().unwrap_err();
    assert_eq!(error.reasons(), ["nothing happened"]);
}
