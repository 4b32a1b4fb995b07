//! What a bot knows of itself, from what the server told it: bag, money, what it heard, and where it may fight.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_client::Client;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::common::{AccountId, BagSlot, BattleId, Currency, ItemId, Reward, Stack, Ticket};
use crate::match_making::{MatchSeatAdmittedArgs, MatchSeatCalledOffArgs};
use crate::meter::{Count, Fault, Meter};
use crate::world::{
    ChatCalledArgs, ChatSaidArgs, ChatWhisperedArgs, InventoryChangedArgs, ProgressRewardedArgs,
    WalletJingledArgs,
};

/// Lines that are remembered.
const HEARD_MAX: usize = 200;

/// What a bot knows.
#[derive(Debug, Default)]
pub struct Known {
    /// By place.
    pub bag: BTreeMap<BagSlot, Stack>,
    /// Below nothing only for as long as something is on its way.
    pub gold: i64,
    /// Lines said near, in the order in which they came.
    pub heard: VecDeque<String>,
    /// Lines whispered, and by whom.
    pub whispers: VecDeque<(AccountId, String)>,
    /// The way into a battle.
    pub ticket: Option<Ticket>,
    /// The last match that fell through, and whether it was this bot's doing.
    pub called_off: Option<bool>,
    /// What the last battles gave.
    pub rewarded: VecDeque<(BattleId, Vec<Reward>)>,
}

/// What a bot knows, kept up to date by events.
#[derive(Debug, Default)]
pub struct Mirror {
    known: RefCell<Known>,
    changed: Notify,
}

impl Mirror {
    /// A mirror of what `client` is told.
    #[must_use]
    pub fn of(client: &Client, meter: &Arc<Meter>) -> Rc<Self> {
        let mirror = Rc::new(Self::default());
        mirror.follow(client, meter, |known, args: InventoryChangedArgs| {
            match args.stack {
                Some(stack) => known.bag.insert(args.slot, stack),
                None => known.bag.remove(&args.slot),
            };
        });
        mirror.follow(client, meter, |known, args: WalletJingledArgs| {
            if args.price.currency == Currency::Gold {
                let amount = i64::try_from(args.price.amount.0).unwrap_or(i64::MAX);
                known.gold += if args.gained { amount } else { -amount };
            }
        });
        let heard = |meter: &Arc<Meter>| {
            let meter = Arc::clone(meter);
            // No line is said twice, by nobody.
            move |known: &mut Known, line: String| {
                meter.expect_once(!known.heard.contains(&line), Fault::Doubled, || {
                    format!("expected to hear {line:?} once, came: again")
                });
                remember(&mut known.heard, line);
            }
        };
        let (said, called) = (heard(meter), heard(meter));
        let whisper_meter = Arc::clone(meter);
        mirror.follow(client, meter, move |known, args: ChatSaidArgs| {
            said(known, args.line.0);
        });
        mirror.follow(client, meter, move |known, args: ChatCalledArgs| {
            called(known, args.line.0);
        });
        mirror.follow(client, meter, move |known, args: ChatWhisperedArgs| {
            let whisper = (args.who, args.line.0);
            let again = known.whispers.contains(&whisper);
            whisper_meter.expect_once(!again, Fault::Doubled, || {
                format!("expected to hear {whisper:?} once, came: again")
            });
            remember(&mut known.whispers, whisper);
        });
        mirror.follow(client, meter, |known, args: MatchSeatAdmittedArgs| {
            known.ticket = Some(args.ticket);
        });
        mirror.follow(client, meter, |known, args: MatchSeatCalledOffArgs| {
            known.called_off = Some(args.by_you);
        });
        mirror.follow(client, meter, |known, args: ProgressRewardedArgs| {
            if let Some(battle) = args.battle {
                remember(&mut known.rewarded, (battle, args.rewards));
            }
        });
        mirror
    }

    fn follow<A: playhouse_client::Arguments>(
        self: &Rc<Self>,
        client: &Client,
        meter: &Arc<Meter>,
        change: impl Fn(&mut Known, A) + 'static,
    ) {
        let (mirror, meter) = (Rc::clone(self), Arc::clone(meter));
        client.on(move |args: A| {
            meter.count(Count::Event);
            change(&mut mirror.known.borrow_mut(), args);
            mirror.changed.notify_waiters();
        });
    }

    /// Looks at what is known, or changes it.
    pub fn with<R>(&self, look: impl FnOnce(&mut Known) -> R) -> R {
        let seen = look(&mut self.known.borrow_mut());
        self.changed.notify_waiters();
        seen
    }

    /// How many of an item are in the bag.
    #[must_use]
    pub fn count(&self, item: ItemId) -> u64 {
        let known = self.known.borrow();
        let stacks = known.bag.values().filter(|stack| stack.item == item);
        stacks.map(|stack| u64::from(stack.count)).sum()
    }

    /// The gold in the purse.
    #[must_use]
    pub fn gold(&self) -> i64 {
        self.known.borrow().gold
    }

    /// Waits until `look` finds something, at most so long.
    pub async fn until<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&mut Known) -> Option<T>,
    ) -> Option<T> {
        let end = Instant::now() + limit;
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look(&mut self.known.borrow_mut()) {
                return Some(found);
            }
            if timeout_at(end, changed).await.is_err() {
                return None;
            }
        }
    }
}

fn remember<T>(memory: &mut VecDeque<T>, what: T) {
    if memory.len() >= HEARD_MAX {
        memory.pop_front();
    }
    memory.push_back(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn what_is_known_already_is_found_at_once() {
        let mirror = Mirror::default();
        mirror.with(|known| known.gold = 7);
        let begun = Instant::now();
        let found = mirror.until(LIMIT, |known| (known.gold == 7).then_some(()));
        assert_eq!(found.await, Some(()));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_looks_again_at_each_change_and_gives_up_in_the_end() {
        let mirror = Mirror::default();
        let changes = async {
            for gold in 1..=3 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                mirror.with(|known| known.gold = gold);
            }
        };
        let begun = Instant::now();
        let wait = mirror.until(LIMIT, |known| (known.gold == 3).then_some(begun.elapsed()));
        let (found, ()) = tokio::join!(wait, changes);
        assert_eq!(found, Some(Duration::from_secs(3)));
        let never = mirror.until(LIMIT, |known| (known.gold == 4).then_some(()));
        assert_eq!(never.await, None);
        assert_eq!(begun.elapsed(), Duration::from_secs(8));
    }

    #[test]
    fn the_bag_is_counted_over_its_places_and_memory_is_bounded() {
        let mirror = Mirror::default();
        mirror.with(|known| {
            for (slot, item) in [(0, 1), (1, 2), (2, 1)] {
                let item = ItemId(item);
                known.bag.insert(BagSlot(slot), Stack { item, count: 4 });
            }
            for line in 0..=HEARD_MAX {
                remember(&mut known.heard, line.to_string());
            }
            assert_eq!(
                (known.heard.len(), known.heard[0].as_str()),
                (HEARD_MAX, "1")
            );
        });
        assert_eq!(mirror.count(ItemId(1)), 8);
        assert_eq!(mirror.count(ItemId(3)), 0);
    }
}
