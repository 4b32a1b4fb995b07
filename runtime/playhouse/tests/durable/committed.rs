//! Committed rpcs: what they answer and send lasts.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::host::HELD_MAX;

use crate::harness::{player, purse, with_world};
use crate::schema::ledger::Player;

#[test]
fn a_committed_reply_waits_for_the_store() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).purse().read().await.unwrap() })
            .await;
        world.kept.faults.holds.set(true);
        let paid = Rc::new(Cell::new(false));
        let noted = Rc::clone(&paid);
        world
            .begin(async move {
                Player::of(1).purse().pay(purse(2), 30).await.unwrap();
                noted.set(true);
            })
            .await;
        world.pass(Duration::from_secs(2)).await;
        assert!(!paid.get(), "nothing is saved yet");
        world.kept.faults.holds.set(false);
        let left = world
            .on(async { Player::of(1).purse().pay(purse(2), 10).await.unwrap() })
            .await;
        assert_eq!(left, 60);
        world.crash();
        world.start();
        let left = world
            .on(async { Player::of(1).purse().balance().await.unwrap() })
            .await;
        assert_eq!(left, 60);
    });
}

#[test]
fn a_committed_read_of_what_is_not_saved_waits_until_it_is() {
    with_world(1, async |world| {
        let read = world
            .on(async {
                let purse = Player::of(1).purse();
                purse.set(7).await.unwrap();
                purse.read().await.unwrap()
            })
            .await;
        assert_eq!(read, 7);
        world.crash();
        world.start();
        let read = world
            .on(async { Player::of(1).purse().balance().await.unwrap() })
            .await;
        assert_eq!(read, 7);
    });
}

#[test]
fn a_committed_read_of_what_is_saved_asks_nothing_of_the_store() {
    with_world(1, async |world| {
        world
            .on(async {
                let purse = Player::of(1).purse();
                purse.set(7).await.unwrap();
                purse.read().await.unwrap();
            })
            .await;
        let commits = world.kept.faults.commits.get();
        world
            .on(async {
                for _ in 0..10 {
                    Player::of(1).purse().read().await.unwrap();
                }
            })
            .await;
        assert_eq!(world.kept.faults.commits.get(), commits);
    });
}

#[test]
fn what_a_committed_rpc_tells_others_is_kept_back_until_it_lasts() {
    with_world(1, async |world| {
        world
            .on(async { Player::of(1).read().await.unwrap() })
            .await;
        world.kept.faults.holds.set(true);
        world
            .begin(async { drop(Player::of(1).tell(player(2), 5).await) })
            .await;
        world.pass(Duration::from_secs(1)).await;
        let heard = world
            .on(async { Player::of(2).read().await.unwrap() })
            .await;
        assert_eq!(heard, [0; 0]);
        world.kept.faults.holds.set(false);
        world
            .until(|| async { Player::of(2).read().await.unwrap() == [5] })
            .await;
    });
}

#[test]
fn a_committed_rpc_keeps_back_so_much_and_no_more() {
    with_world(1, async |world| {
        let taken = world
            .on(async {
                let player_2 = player(2);
                let many = u32::try_from(HELD_MAX).unwrap() + 1;
                Player::of(1).tell_many(player_2, many).await.unwrap()
            })
            .await;
        assert_eq!(usize::try_from(taken).unwrap(), HELD_MAX);
        world
            .until(|| async {
                // Its mailbox may be full of what is told.
                let heard = Player::of(2).read().await;
                heard.is_ok_and(|heard| heard.len() == HELD_MAX)
            })
            .await;
    });
}
