//! Durable timers: they survive restarts, fire though nobody calls, and take effect once.

use std::time::Duration;

use crate::harness::{World, with_world};
use crate::schema::ledger::Player;

fn seconds(seconds: i64) -> playhouse::Duration {
    playhouse::Duration::from_micros(seconds * 1_000_000)
}

async fn set(world: &World, number: u32, after: i64, every: Option<i64>, times: Option<u32>) {
    world
        .on(async move {
            let (after, every) = (seconds(after), every.map(seconds));
            let player = Player::of(1);
            let ring = player.set_ring(number, after, every, times, Some(number));
            ring.await.unwrap();
        })
        .await;
}

async fn notes(world: &World) -> Vec<u32> {
    world
        .on(async { Player::of(1).read().await.unwrap() })
        .await
}

async fn restart(world: &World, after: Duration) {
    world.crash();
    tokio::time::sleep(after).await;
    world.start();
}

#[test]
fn a_timer_fires_after_a_restart_though_nobody_calls() {
    with_world(1, async |world| {
        set(&world, 5, 60, None, None).await;
        world.pass(Duration::from_secs(10)).await;
        assert!(world.has(1, "timers"), "it was saved within the interval");
        restart(&world, Duration::from_secs(5)).await;
        world.pass(Duration::from_secs(60)).await;
        assert!(!world.has(1, "timers"), "it has fired, and that is saved");
        assert_eq!(notes(&world).await, [5]);
        restart(&world, Duration::from_secs(5)).await;
        world.pass(Duration::from_secs(60)).await;
        assert_eq!(notes(&world).await, [5]);
    });
}

#[test]
fn a_timer_that_was_due_while_nobody_ran_fires_at_the_start() {
    with_world(2, async |world| {
        set(&world, 5, 20, None, None).await;
        world.pass(Duration::from_secs(10)).await;
        restart(&world, Duration::from_secs(100)).await;
        world.pass(Duration::from_secs(1)).await;
        assert!(!world.has(1, "timers"));
        assert_eq!(notes(&world).await, [5]);
    });
}

#[test]
fn a_stopped_node_leaves_its_timers_to_the_next() {
    with_world(1, async |world| {
        set(&world, 5, 20, None, None).await;
        world.stop().await;
        world.start();
        world.pass(Duration::from_secs(21)).await;
        assert_eq!(notes(&world).await, [5]);
    });
}

/// Crashes at each millisecond around a firing, and sees that it takes effect once.
#[test]
fn a_timer_takes_effect_once_whenever_the_node_crashes() {
    for crash_ms in 0..10 {
        with_world(1, async |world| {
            set(&world, 5, 20, None, None).await;
            world.pass(Duration::from_millis(19_996 + crash_ms)).await;
            restart(&world, Duration::from_secs(1)).await;
            world.pass(Duration::from_secs(12)).await;
            assert_eq!(notes(&world).await, [5], "{crash_ms}");
        });
    }
}

#[test]
fn a_repeating_timer_keeps_its_phase_and_counts_what_it_missed() {
    with_world(1, async |world| {
        set(&world, 5, 10, Some(10), None).await;
        world.pass(Duration::from_secs(25)).await;
        assert_eq!(notes(&world).await, [5, 5]);
        world.stop().await;
        // It was due after 30, 40 and 50 seconds.
        tokio::time::sleep(Duration::from_secs(30)).await;
        world.start();
        world.pass(Duration::from_secs(1)).await;
        assert_eq!(notes(&world).await, [5, 5, 2005]);
        world.pass(Duration::from_secs(6)).await;
        assert_eq!(notes(&world).await, [5, 5, 2005, 5]);
    });
}

#[test]
fn a_timer_that_repeats_a_few_times_ends_after_them_over_restarts() {
    with_world(1, async |world| {
        set(&world, 5, 10, Some(10), Some(3)).await;
        for _ in 0..4 {
            world.pass(Duration::from_secs(11)).await;
            world.stop().await;
            world.start();
        }
        world.pass(Duration::from_secs(60)).await;
        assert_eq!(notes(&world).await, [5, 5, 5]);
        assert!(!world.has(1, "timers"));
    });
}

#[test]
fn a_timer_by_cron_goes_on() {
    with_world(1, async |world| {
        world
            .on(async {
                Player::of(1)
                    .set_cron(5, "* * * * *".to_owned())
                    .await
                    .unwrap()
            })
            .await;
        world.stop().await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        world.start();
        world.pass(Duration::from_secs(180)).await;
        assert_eq!(notes(&world).await, [5, 5, 5]);
    });
}

#[test]
fn a_cancelled_timer_never_fires() {
    with_world(1, async |world| {
        set(&world, 5, 30, None, None).await;
        set(&world, 6, 30, None, None).await;
        world.pass(Duration::from_secs(10)).await;
        world.stop().await;
        world.start();
        let cancelled = world
            .on(async { Player::of(1).stop_rings(5).await.unwrap() })
            .await;
        assert_eq!(cancelled, 1, "its key was kept");
        world.pass(Duration::from_secs(9)).await;
        restart(&world, Duration::from_secs(1)).await;
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(notes(&world).await, [6]);
    });
}

#[test]
fn a_plain_timer_ends_with_its_activation() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).set_plain(5, seconds(10)).await.unwrap() })
            .await;
        world.stop().await;
        world.start();
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(notes(&world).await, [0; 0]);
    });
}

#[test]
fn a_timer_that_panics_stops_after_some_attempts() {
    with_world(1, async |world| {
        // The ring of this number goes wrong.
        set(&world, 666, 20, None, None).await;
        world.pass(Duration::from_secs(10)).await;
        world.pass(Duration::from_secs(60)).await;
        assert_eq!(
            world.panics(),
            u64::from(playhouse::host::POISON_ATTEMPTS_MAX)
        );
        assert!(!world.has(1, "timers"));
        assert_eq!(notes(&world).await, [0; 0]);
    });
}
