//! Dealing: trades after which both bags agree, the shop, and quests that give gold.

use std::rc::Rc;

use playhouse_client::CallError;

use super::{Bot, timed};
use crate::common::{Coins, Currency, ItemId, Price, Reward, Stack};
use crate::meter::Count;
use crate::world::{Avatar, QuestError, TradeError, WalletError};

/// Something that every bot has.
const POTION: ItemId = ItemId(1);
/// Something that no bot has.
const SWORD: ItemId = ItemId(3);
/// The shop's offer of one potion, and its price.
const POTION_OFFER: u32 = 1;
const POTION_PRICE: u64 = 10;
/// The quest that asks for a potion, and what it gives.
const PROVISIONS: u32 = 3;

impl Bot {
    /// Gives the partner something and expects that both bags say so; sometimes something that it doesn't have.
    pub(super) async fn trade(&self, partner: &Rc<Self>) {
        let _bags_are_ours = self.pair.lock().await;
        if self.random.chance(0.1) {
            self.trade_nothing(partner).await;
            return;
        }
        let have = self.mirror.count(POTION);
        let count = 1 + self.random.below(3);
        if have < count {
            return;
        }
        let theirs = partner.mirror.count(POTION);
        let give = Stack {
            item: POTION,
            count: u32::try_from(count).unwrap_or(1),
        };
        let trade = self
            .avatar()
            .bag()
            .trade(bag_of(partner), vec![give.clone()]);
        let receipt = match timed(&self.meter, trade).await {
            Ok(receipt) => receipt,
            Err(error) => {
                self.expect(false, "a trade with one nearby", || error.to_string());
                return;
            }
        };
        self.expect(
            receipt.given == [give],
            "a receipt of what was given",
            || format!("{receipt:?}"),
        );
        let fee = receipt.fee.0.cast_signed();
        self.ledger.borrow_mut().fees += fee;
        self.mirror.with(|known| known.gold -= fee);

        let own_after = self.has(POTION, have - count).await;
        self.expect(own_after, "fewer potions after giving some", || {
            format!("{} after {have} less {count}", self.mirror.count(POTION))
        });
        let their_after = partner.has(POTION, theirs + count).await;
        self.expect(their_after, "the partner to have them", || {
            format!(
                "{} after {theirs} and {count}",
                partner.mirror.count(POTION)
            )
        });
        self.meter.count(Count::Trade);
    }

    async fn trade_nothing(&self, partner: &Rc<Self>) {
        let give = Stack {
            item: SWORD,
            count: 1,
        };
        let trade = self.avatar().bag().trade(bag_of(partner), vec![give]);
        let refused = timed(&self.meter, trade).await;
        let met = matches!(
            refused,
            Err(CallError::Thrown(TradeError::NotThere { item: SWORD }))
        );
        self.expect(met, "to be refused what it doesn't have", || {
            format!("{refused:?}")
        });
    }

    /// Buys a potion, or learns that it is too poor; sometimes tries a price of its own.
    pub(super) async fn buy(&self) {
        self.pace("buy", 1).await;
        let _bags_are_ours = self.pair.lock().await;
        let haggles = self.random.chance(0.1);
        let price = gold(if haggles { 1 } else { POTION_PRICE });
        let (have, purse) = (self.mirror.count(POTION), self.mirror.gold());
        let cost = POTION_PRICE.cast_signed();
        let bought = timed(&self.meter, self.avatar().wallet().buy(POTION_OFFER, price)).await;
        match bought {
            Err(CallError::Thrown(WalletError::PriceChanged { now })) => {
                let met = haggles && now == gold(POTION_PRICE);
                self.expect(met, "a price that stays", || format!("{now:?}"));
            }
            Err(CallError::Thrown(WalletError::TooPoor { missing })) => {
                let met = !haggles && purse + missing.0.cast_signed() == cost;
                self.expect(met, "to afford a potion", || {
                    format!("{missing:?} missing from {purse}")
                });
            }
            Ok(Reward::Stack(stack)) if !haggles => {
                self.note_bought(&stack, cost);
                let after = have + u64::from(stack.count);
                let met = self.has(POTION, after).await;
                self.expect(met, "what it bought", || {
                    format!("{have} became {}", self.mirror.count(POTION))
                });
                let paid = self.owns(purse - cost).await;
                self.expect(paid, "to have paid", || {
                    format!("{purse} became {}", self.mirror.gold())
                });
            }
            other => {
                self.expect(false, "to buy a potion", || format!("{other:?}"));
            }
        }
    }

    /// Takes a quest and finishes it, if it has what the quest asks for.
    pub(super) async fn quest(&self) {
        self.pace("quest", 1).await;
        let _bags_are_ours = self.pair.lock().await;
        let progress = self.avatar().progress();
        let taken = timed(&self.meter, progress.take_quest(PROVISIONS)).await;
        self.expect(taken.is_ok(), "a quest", || format!("{taken:?}"));
        let (has_potion, purse) = (self.mirror.count(POTION) > 0, self.mirror.gold());
        match timed(&self.meter, progress.finish_quest(PROVISIONS)).await {
            Ok(Reward::Coins(price)) => {
                let amount = price.amount.0.cast_signed();
                self.ledger.borrow_mut().earned += amount;
                let paid = self.owns(purse + amount).await;
                self.expect(paid, "a quest's gold", || {
                    format!("{purse} became {}", self.mirror.gold())
                });
            }
            Err(CallError::Thrown(QuestError::NotDone { missing: 1.. })) => {
                self.expect(!has_potion, "a quest to be done", || "it is not".to_owned());
            }
            other => {
                self.expect(false, "a quest's reward", || format!("{other:?}"));
            }
        }
    }

    fn note_bought(&self, stack: &Stack, cost: i64) {
        let mut ledger = self.ledger.borrow_mut();
        ledger.spent += cost;
        *ledger.items.entry(stack.item).or_default() += u64::from(stack.count);
    }

    async fn has(&self, item: ItemId, count: u64) -> bool {
        let held = |known: &mut crate::mirror::Known| {
            let stacks = known.bag.values().filter(|stack| stack.item == item);
            let held: u64 = stacks.map(|stack| u64::from(stack.count)).sum();
            (held == count).then_some(())
        };
        self.mirror.until(self.patience(), held).await.is_some()
    }

    pub(super) async fn owns(&self, gold: i64) -> bool {
        let owned = |known: &mut crate::mirror::Known| (known.gold == gold).then_some(());
        self.mirror.until(self.patience(), owned).await.is_some()
    }
}

fn bag_of(bot: &Bot) -> playhouse_client::Ref<crate::world::Inventory> {
    Avatar::reference(bot.account).in_slot(Avatar::BAG_SLOT)
}

const fn gold(amount: u64) -> Price {
    Price {
        currency: Currency::Gold,
        amount: Coins(amount),
    }
}
