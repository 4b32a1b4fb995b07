//! Gold is conserved in storms: random gifts, refusals, panics, crashes, lost answers and a store that stands still.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::store::durable::{Rule, Rules};

use crate::harness::{World, chest, purse, with_rules, with_world};
use crate::schema::ledger::{Bank, Player};

const PLAYERS: u64 = 6;
const STEPS: u64 = 60;
const SEEDS: u64 = 60;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % end
    }
}

async fn total(world: &World) -> u64 {
    world
        .on(async {
            let mut total = 0;
            for id in 0..PLAYERS {
                total += Player::of(id).purse().read().await.unwrap();
                total += Player::of(id).chest().read().await.unwrap();
            }
            total
        })
        .await
}

async fn step(world: &World, chance: &mut Chance) {
    let (from, to) = (chance.below(PLAYERS), chance.below(PLAYERS));

    match chance.below(20) {
        0 => {
            world.crash();
            world.start();
        }
        1 => {
            // A node stops once the store has taken everything.
            world.kept.faults.holds.set(false);
            world.stop().await;
            world.start();
        }
        2 => drop(world.on(Player::of(from).panic_now()).await),
        3 => world.kept.faults.lose_answers.set(2),
        4 => world.kept.faults.holds.set(true),
        5 | 6 => world.kept.faults.holds.set(false),
        7 => {
            let to = if from == to { chest(to) } else { purse(to) };
            let given = Player::of(from).purse().give_voucher(to, 3);
            world.begin(async { drop(given.await) }).await;
        }
        _ => {
            let to = if chance.below(2) == 0 {
                chest(to)
            } else {
                purse(to)
            };
            // Thirteen is refused.
            let amount = 10 + chance.below(4);
            let given = Player::of(from).purse().give(to, amount);
            world.begin(async { drop(given.await) }).await;
        }
    }
    world.pass(Duration::from_millis(chance.below(12))).await;
}

/// Whether gold is conserved in this storm.
fn conserves(seed: u64, rules: Rules) -> Result<(), String> {
    let outcome = Rc::new(RefCell::new(Ok(())));
    let laid = Rc::clone(&outcome);
    with_rules(1 + u32::try_from(seed % 3).unwrap(), rules, async |world| {
        let mut chance = Chance(seed);
        assert_eq!(total(&world).await, PLAYERS * 200);
        for _ in 0..STEPS {
            step(&world, &mut chance).await;
        }
        world.kept.faults.holds.set(false);
        world.pass(Duration::from_secs(60)).await;
        let waits = (0..PLAYERS).find(|id| world.has(*id, "outbox"));
        let there = total(&world).await;
        world.crash();
        world.start();
        let saved = total(&world).await;
        if (waits, there, saved) != (None, PLAYERS * 200, PLAYERS * 200) {
            *laid.borrow_mut() = Err(format!(
                "seed {seed}: {there} gold, {saved} of it saved, {waits:?} still sends"
            ));
        }
    });
    outcome.replace(Ok(()))
}

#[test]
fn gold_is_conserved_in_storms() {
    for seed in 0..SEEDS {
        conserves(seed, Rules::default()).unwrap();
    }
}

/// Those that one node on a sound store can miss; the others are for several nodes and worse stores.
#[test]
fn storms_find_each_rule_that_is_dropped() {
    for rule in [
        Rule::AckAgain,
        Rule::IdenticalRetry,
        Rule::MarkInCommit,
        Rule::PersistedSequence,
        Rule::RefusalsKept,
        Rule::Resend,
        Rule::RowInCommit,
    ] {
        let found = (0..SEEDS).find(|seed| conserves(*seed, Rules::without(rule)).is_err());
        assert!(found.is_some(), "{rule:?} was not missed");
    }
}

#[test]
fn grants_that_were_flushed_add_up_in_storms() {
    for seed in 0..SEEDS {
        with_world(1 + u32::try_from(seed % 3).unwrap(), async |world| {
            let mut chance = Chance(seed);
            assert_eq!(total(&world).await, PLAYERS * 200);
            let mut granted = 0;
            for _ in 0..STEPS {
                if chance.below(6) == 0 {
                    world.crash();
                    world.start();
                }
                let to = chance.below(PLAYERS);
                let flushed = world.on(Bank::any().grant(purse(to), 1, true)).await;
                granted += u64::from(flushed.is_ok());
                world.pass(Duration::from_millis(chance.below(4))).await;
            }
            world.pass(Duration::from_secs(30)).await;
            assert_eq!(total(&world).await, PLAYERS * 200 + granted, "seed {seed}");
        });
    }
}
