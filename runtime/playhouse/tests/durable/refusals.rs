//! What can never take effect comes back to its sender, once, with why.

use std::time::Duration;

use playhouse::Reach;
use playhouse::host::POISON_ATTEMPTS_MAX;

use crate::harness::{World, player, purse, with_world};
use crate::schema::ledger::{Bank, Player};

async fn hears(world: &World, id: u64) -> Vec<String> {
    world
        .on(async move { Player::of(id).hears().await.unwrap() })
        .await
}

async fn gold(world: &World, id: u64) -> (u64, u64) {
    world
        .on(async move {
            let purse = Player::of(id).purse();
            (
                purse.balance().await.unwrap(),
                purse.returned().await.unwrap(),
            )
        })
        .await
}

#[test]
fn gold_that_is_refused_comes_back_once() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).purse().give(purse(2), 13).await.unwrap() })
            .await;
        world
            .until(|| async { Player::of(1).purse().returned().await == Ok(13) })
            .await;
        assert_eq!(gold(&world, 1).await, (100, 13));
        assert_eq!(gold(&world, 2).await, (100, 0));
        world.crash();
        world.start();
        world.pass(Duration::from_secs(20)).await;
        assert_eq!(gold(&world, 1).await, (100, 13));
    });
}

#[test]
fn refused_gold_comes_back_once_whenever_the_node_crashes() {
    for crash_ms in 0..20 {
        with_world(1, async |world| {
            world
                .on(async { Player::of(1).purse().read().await.unwrap() })
                .await;
            world
                .begin(async { drop(Player::of(1).purse().give(purse(2), 13).await) })
                .await;
            world.pass(Duration::from_millis(crash_ms)).await;
            world.crash();
            world.start();
            world.pass(Duration::from_secs(12)).await;
            let (gold, back) = gold(&world, 1).await;
            assert_eq!(gold, 100, "crashed after {crash_ms} ms: {back} came back");
        });
    }
}

#[test]
fn the_sender_hears_which_message_and_why() {
    with_world(1, async |world| {
        world
            .on(async {
                let sender = Player::of(1);
                sender.send(player(2), 0, 2).await.unwrap();
                sender
                    .send_beg(player(2), "a coin".to_owned())
                    .await
                    .unwrap();
            })
            .await;
        world
            .until(|| async { !Player::of(1).hears().await.unwrap().is_empty() })
            .await;
        let heard = hears(&world, 1).await;
        assert_eq!(heard, ["begged: a coin, number 3: not allowed: a coin"]);
    });
}

#[test]
fn a_message_that_panics_its_receiver_is_refused_after_some_attempts() {
    with_world(1, async |world| {
        world
            .on(async {
                let sender = Player::of(1);
                sender.send(player(2), 0, 1).await.unwrap();
                sender.throw_bomb(player(2)).await.unwrap();
                sender.send(player(2), 1, 1).await.unwrap();
            })
            .await;
        world
            .until(|| async { !Player::of(1).hears().await.unwrap().is_empty() })
            .await;
        let heard = hears(&world, 1).await;
        assert_eq!(
            heard,
            ["a bomb, number 2: its handler panicked 3 times in a row"]
        );
        assert_eq!(world.panics(), u64::from(POISON_ATTEMPTS_MAX));
        // What came before and after it is there, and nothing that the bomb did.
        world
            .until(|| async { Player::of(2).read().await.unwrap() == [0, 1] })
            .await;
        assert_eq!(hears(&world, 2).await, [""; 0]);
    });
}

#[test]
fn what_expired_on_the_way_comes_back() {
    with_world(1, async |world| {
        world.kept.faults.holds.set(true);
        world
            .on(async {
                Player::of(1)
                    .purse()
                    .give_voucher(purse(2), 40)
                    .await
                    .unwrap()
            })
            .await;
        world.pass(Duration::from_secs(11)).await;
        world.kept.faults.holds.set(false);
        world
            .until(|| async { Player::of(1).purse().returned().await == Ok(40) })
            .await;
        assert_eq!(gold(&world, 1).await, (100, 40));
        assert_eq!(gold(&world, 2).await, (100, 0));
    });
}

#[test]
fn what_has_not_expired_arrives() {
    with_world(1, async |world| {
        world
            .on(async {
                Player::of(1)
                    .purse()
                    .give_voucher(purse(2), 40)
                    .await
                    .unwrap()
            })
            .await;
        world
            .until(|| async { Player::of(2).purse().balance().await == Ok(140) })
            .await;
        assert_eq!(gold(&world, 1).await, (60, 0));
    });
}

#[test]
fn a_message_to_an_entity_that_is_no_more_is_refused() {
    with_world(1, async |world| {
        let battle = world.on(async { Bank::any().open().await.unwrap() }).await;
        let to = battle.clone();
        world
            .on(async move { Player::of(1).close(to).await.unwrap() })
            .await;
        let to = battle.clone();
        world
            .until(move || {
                let to = to.clone();
                async move { to.proxy().ready().await == Ok(1) }
            })
            .await;
        let to = battle.clone();
        world
            .on(async move { to.proxy().finish().await.unwrap() })
            .await;
        world.pass(Duration::from_secs(5)).await;
        // It took a message before, so what is left of it says what it took.
        for id in [1, 2] {
            let to = battle.clone();
            world
                .on(async move { Player::of(id).close(to).await.unwrap() })
                .await;
            world
                .until(move || async move { !Player::of(id).hears().await.unwrap().is_empty() })
                .await;
            let heard = hears(&world, id).await;
            assert!(heard[0].ends_with("the entity is no more"), "{heard:?}");
        }
        assert_eq!(hears(&world, 1).await.len(), 1);
    });
}
