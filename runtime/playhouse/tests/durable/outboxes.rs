//! Outboxes: how much fits, and those of shards, for senders that keep nothing.

use std::time::Duration;

use playhouse::host::DELIVERIES_MAX;
use playhouse::store::durable::{OUTBOX_MAX, OUTBOX_PER_CALL};

use crate::harness::{player, purse, with_world};
use crate::schema::ledger::{Bank, Ghost, Player};

#[test]
fn a_full_outbox_refuses_a_handler_s_first_message_and_later_takes_more() {
    with_world(1, async |world| {
        world.kept.faults.holds.set(true);
        let mut sent = 0;
        loop {
            let more = world
                .on(async move { Player::of(1).send(player(2), sent, 64).await.unwrap() })
                .await;
            sent += more;
            if more < 64 {
                assert_eq!(more, 0, "a handler's first {OUTBOX_PER_CALL} are sure");
                break;
            }
        }
        assert_eq!(usize::try_from(sent).unwrap(), OUTBOX_MAX);
        world.kept.faults.holds.set(false);
        world
            .until(move || async move {
                Player::of(2).read().await.unwrap().len() == usize::try_from(sent).unwrap()
            })
            .await;
        let more = world
            .on(async move { Player::of(1).send(player(2), sent, 64).await.unwrap() })
            .await;
        assert_eq!(more, 64);
    });
}

#[test]
fn a_service_sends_by_the_outbox_of_its_shard() {
    with_world(2, async |world| {
        world
            .on(async {
                for _ in 0..10 {
                    Bank::any().grant(purse(2), 1, false).await.unwrap();
                }
            })
            .await;
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(110) })
            .await;
        world.pass(Duration::from_secs(5)).await;
        let outbox = world.kept.document("playhouse.Outbox/tledger/u0").unwrap();
        assert!(!outbox.header.pending);
    });
}

#[test]
fn what_was_flushed_arrives_whatever_crashes() {
    for crash_ms in 0..6 {
        with_world(1, async |world| {
            world
                .on(async { Bank::any().grant(purse(2), 30, true).await.unwrap() })
                .await;
            world.pass(Duration::from_millis(crash_ms)).await;
            world.crash();
            world.start();
            world.pass(Duration::from_secs(12)).await;
            let gold = world
                .on(async { Player::of(2).purse().balance().await.unwrap() })
                .await;
            assert_eq!(gold, 130, "crashed after {crash_ms} ms");
        });
    }
}

#[test]
fn an_entity_that_keeps_nothing_sends_by_the_outbox_of_its_shard() {
    with_world(1, async |world| {
        world
            .on(async { Ghost::of(1).send(player(2), 8).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(2).read().await.unwrap() == [8] })
            .await;
        assert!(world.kept.document("playhouse.Outbox/tledger/u0").is_some());
    });
}

#[test]
fn a_refused_grant_of_a_service_ends_its_row() {
    with_world(1, async |world| {
        world
            .on(async { Bank::any().grant(purse(2), 13, true).await.unwrap() })
            .await;
        world.pass(Duration::from_secs(5)).await;
        let outbox = world.kept.document("playhouse.Outbox/tledger/u0").unwrap();
        assert!(!outbox.header.pending);
    });
}

#[test]
fn a_node_that_stops_has_committed_what_its_services_sent() {
    with_world(1, async |world| {
        world
            .on(async { Bank::any().grant(purse(2), 30, false).await.unwrap() })
            .await;
        world.stop().await;
        world.start();
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(130) })
            .await;
    });
}

#[test]
fn what_a_receiver_has_no_room_for_comes_again() {
    with_world(1, async |world| {
        world
            .on(async {
                let player_2 = Player::of(2);
                player_2.read().await.unwrap();
            })
            .await;
        let lingering = playhouse::Duration::from_micros(3_000_000);
        world
            .begin(async move { drop(Player::of(2).linger(lingering).await) })
            .await;
        let senders = DELIVERIES_MAX / OUTBOX_MAX + 1;
        for sender in 0..senders as u64 {
            let mut sent = 0;
            while sent < u32::try_from(OUTBOX_MAX).unwrap() {
                sent += world
                    .on(async move {
                        let from = Player::of(10 + sender);
                        from.send(player(2), sent, 64).await.unwrap()
                    })
                    .await;
            }
        }
        let all = senders * OUTBOX_MAX;
        assert!(all > DELIVERIES_MAX);
        world
            .until(move || async move { Player::of(2).read().await.unwrap().len() == all })
            .await;
    });
}
