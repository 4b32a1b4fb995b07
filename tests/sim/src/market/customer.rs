//! Those who have traders trade, and remember what they were answered.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use playhouse::Failure;
use playhouse::sim::Random;

use super::TRADERS;
use crate::schema::market::{Mint, Trader};

/// Gold that the mint makes at a time.
pub(super) const GRANT: u64 = 7;

/// What a customer has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// A trader gives something away; an answer means nothing.
    Give,
    /// A trader gives something away for sure.
    GiveSurely {
        /// Who gives.
        giver: u32,
    },
    /// Gold is made.
    Grant,
    /// A trader remembers a number.
    Note {
        /// Who remembers.
        keeper: u32,
    },
    /// A trader gives gold later on.
    Remind {
        /// Who gives.
        giver: u32,
    },
}

/// Every wish by its number, and whether it was answered as done.
#[derive(Debug, Default)]
pub struct Book(BTreeMap<u64, (Wish, bool)>);

impl Book {
    fn begin(&mut self, wish: Wish) -> u64 {
        let number = self.0.len() as u64 + 1;
        self.0.insert(number, (wish, false));
        number
    }

    fn answered(&mut self, number: u64) {
        if let Some((_, answered)) = self.0.get_mut(&number) {
            *answered = true;
        }
    }

    /// What was wished by this number; nothing if nobody wished so.
    pub(super) fn wish(&self, number: u64) -> Option<Wish> {
        self.0.get(&number).map(|(wish, _)| *wish)
    }

    /// What was answered as done.
    pub(super) fn done(&self) -> impl Iterator<Item = (u64, Wish)> {
        let all = self.0.iter();
        all.filter_map(|(number, (wish, answered))| answered.then_some((*number, *wish)))
    }

    /// How much was wished, and how much of it answered as done.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.0.len(), self.done().count())
    }
}

/// What a customer wishes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wished {
    pub(super) times: u32,
    /// The longest pause between two wishes.
    pub(super) pause_ms: u64,
    /// How long it waits for an answer.
    pub(super) patience: Duration,
}

/// Has wishes, one after the other, on the node that this runs on.
pub(super) async fn shop(book: Rc<RefCell<Book>>, random: Random, wished: Wished) {
    let somebody = || u32::try_from(random.below(TRADERS.into())).unwrap_or(0);
    for _ in 0..wished.times {
        tokio::time::sleep(Duration::from_millis(random.below(wished.pause_ms))).await;
        let (one, other, gold) = (somebody(), somebody(), random.below(20));
        let trader = Trader::of(one).deadline(wished.patience);
        let liked = !random.chance(0.1);
        let wish = match random.below(100) {
            0..35 => Wish::Give,
            35..55 => Wish::GiveSurely { giver: one },
            55..70 => Wish::Note { keeper: one },
            70..80 => Wish::Remind { giver: one },
            80..90 => Wish::Grant,
            _ => {
                // Without a cluster it takes the trader over, if another node has it.
                let _known = trader.look().await;
                continue;
            }
        };
        let number = book.borrow_mut().begin(wish);
        let done: Result<(), Failure> = match wish {
            Wish::Give => trader.give(number, other, gold, liked).await,
            Wish::GiveSurely { .. } => trader.give_surely(number, other, gold, liked).await,
            Wish::Note { .. } => trader.note(number).await,
            Wish::Remind { .. } => {
                let after = 20_000 + random.below(600_000);
                let after = playhouse::Duration::from_micros(i64::try_from(after).unwrap_or(0));
                trader.remind(number, after, other).await
            }
            Wish::Grant => {
                let mint = Mint::any().deadline(wished.patience);
                mint.grant(number, other, GRANT).await
            }
        };
        if done.is_ok() {
            book.borrow_mut().answered(number);
        }
    }
}
