//! What is sent takes effect once, in order, wherever the receiver is and whatever is lost.

use std::time::Duration;

use playhouse::Reach;
use playhouse::host::{Shard, TraceContext};

use crate::harness::{World, chest, player, purse, with_world};
use crate::schema::ledger::Player;
use crate::world::TRACES;

async fn notes(world: &World, id: u64) -> Vec<u32> {
    world
        .on(async move { Player::of(id).read().await.unwrap() })
        .await
}

async fn balance(world: &World, id: u64) -> u64 {
    world
        .on(async move { Player::of(id).purse().balance().await.unwrap() })
        .await
}

#[test]
fn gold_that_is_sent_arrives_once_and_the_rows_are_forgotten() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).purse().give(purse(2), 30).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(130) })
            .await;
        assert_eq!(balance(&world, 1).await, 70);
        // The next save drops what was acknowledged.
        world.pass(Duration::from_secs(20)).await;
        assert!(!world.has(1, "outbox"), "nothing waits any more");
        assert!(world.has(1, "out_next"), "numbers are kept");
        assert!(world.has(2, "inbox"), "and so are marks");
    });
}

#[test]
fn a_message_belongs_to_the_trace_of_what_sent_it() {
    let context = TraceContext {
        id: 7 << 64 | 9,
        span: 3,
        sampled: false,
    };
    TRACES.take();
    with_world(2, async |world| {
        world
            .on(async move {
                let shard = Shard::current().unwrap();
                shard.spawn_traced(context, async {
                    Player::of(1).purse().give(purse(2), 30).await.unwrap();
                });
            })
            .await;
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(130) })
            .await;
    });
    let traces = TRACES.take();
    assert!(!traces.is_empty());
    assert!(
        traces.iter().all(|trace| *trace == Some(context)),
        "{traces:?}"
    );
}

#[test]
fn a_part_sends_to_another_part_of_its_own_entity() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).purse().give(chest(1), 30).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(1).chest().balance().await == Ok(130) })
            .await;
        assert_eq!(balance(&world, 1).await, 70);
    });
}

#[test]
fn messages_of_one_sender_arrive_in_order() {
    with_world(2, async |world| {
        for first in [0, 20, 40] {
            let sent = world
                .on(async move { Player::of(1).send(player(2), first, 20).await.unwrap() })
                .await;
            assert_eq!(sent, 20);
        }
        world
            .until(|| async { Player::of(2).read().await.unwrap().len() >= 60 })
            .await;
        assert_eq!(notes(&world, 2).await, (0..60).collect::<Vec<u32>>());
    });
}

#[test]
fn a_chain_of_messages_runs_over_entities_of_several_shards() {
    with_world(3, async |world| {
        world
            .on(async {
                let rest = (2..10).map(player).collect();
                Player::of(1).start(5, rest).await.unwrap();
            })
            .await;
        world
            .until(|| async { !Player::of(9).read().await.unwrap().is_empty() })
            .await;
        for id in 2..10_u64 {
            assert_eq!(notes(&world, id).await, [u32::try_from(id).unwrap() + 3]);
        }
    });
}

/// Crashes at each millisecond of a gift, and sees after the restart that gold is neither doubled nor lost.
#[test]
fn gold_is_conserved_whenever_the_node_crashes() {
    for crash_ms in 0..16 {
        with_world(1, async |world| {
            // Both are known to the store before.
            world
                .on(async {
                    Player::of(1).purse().read().await.unwrap();
                    Player::of(2).purse().read().await.unwrap();
                })
                .await;
            world
                .begin(async { drop(Player::of(1).purse().give(purse(2), 30).await) })
                .await;
            world.pass(Duration::from_millis(crash_ms)).await;
            world.crash();
            world.start();
            world.pass(Duration::from_secs(12)).await;
            let (one, two) = (balance(&world, 1).await, balance(&world, 2).await);
            assert!(
                [(100, 100), (70, 130)].contains(&(one, two)),
                "crashed after {crash_ms} ms: {one} and {two}"
            );
        });
    }
}

#[test]
fn rows_of_a_crashed_node_are_delivered_though_nobody_calls() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).purse().give(purse(2), 30).await.unwrap() })
            .await;
        // The sender's commit is done, the receiver has not begun.
        world
            .until({
                let world = std::rc::Rc::clone(&world);
                move || {
                    let sent = world.has(1, "outbox");
                    async move { sent }
                }
            })
            .await;
        world.crash();
        world.start();
        world.pass(Duration::from_secs(10)).await;
        assert!(world.has(2, "inbox"), "the sweeper has woken the sender");
        assert_eq!(balance(&world, 2).await, 130);
    });
}

#[test]
fn lost_answers_of_the_store_double_nothing() {
    with_world(1, async |world| {
        for lost in 1..5 {
            world.kept.faults.lose_answers.set(lost);
            world
                .on(async { Player::of(1).purse().give(purse(2), 1).await.unwrap() })
                .await;
            world.pass(Duration::from_secs(20)).await;
            assert_eq!(balance(&world, 1).await, 100 - u64::from(lost));
            assert_eq!(balance(&world, 2).await, 100 + u64::from(lost));
        }
    });
}

#[test]
fn nothing_is_delivered_before_its_commit() {
    with_world(1, async |world| {
        world.kept.faults.holds.set(true);
        world
            .on(async { Player::of(1).purse().give(purse(2), 30).await.unwrap() })
            .await;
        world.pass(Duration::from_secs(5)).await;
        assert_eq!(balance(&world, 2).await, 100);
        world.kept.faults.holds.set(false);
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(130) })
            .await;
    });
}

#[test]
fn a_receiver_s_panic_between_messages_loses_none() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).send(player(2), 0, 10).await.unwrap() })
            .await;
        let failed = world.on(async { Player::of(2).panic_now().await }).await;
        assert!(failed.is_err());
        world
            .on(async { Player::of(1).send(player(2), 10, 10).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(2).read().await.unwrap().len() >= 20 })
            .await;
        assert_eq!(notes(&world, 2).await, (0..20).collect::<Vec<u32>>());
        assert_eq!(world.panics(), 1);
    });
}

#[test]
fn a_durable_handler_s_own_save_waits_for_its_end() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).save_in_note(player(2), 5).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(2).read().await.unwrap().len() == 2 })
            .await;
        world.crash();
        world.start();
        world.pass(Duration::from_secs(12)).await;
        assert_eq!(notes(&world, 2).await, [5, 6]);
    });
}

#[test]
fn an_address_is_refused_since_the_receiver_is_found_wherever_it_is() {
    with_world(1, async |world| {
        let said = world
            .on(async { Player::of(1).far(player(2)).await.unwrap() })
            .await;
        assert!(said.contains("leave out `.at(..)`"), "{said}");
        let _ = player(1).proxy();
    });
}

#[test]
fn a_stopped_node_has_sent_and_saved_everything() {
    with_world(2, async |world| {
        world
            .on(async { Player::of(1).send(player(2), 0, 50).await.unwrap() })
            .await;
        world.stop().await;
        world.start();
        world
            .until(|| async { Player::of(2).read().await.unwrap().len() >= 50 })
            .await;
        assert_eq!(notes(&world, 2).await, (0..50).collect::<Vec<u32>>());
    });
}
