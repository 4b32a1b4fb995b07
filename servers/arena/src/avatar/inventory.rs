//! What an avatar carries: trading, wearing, and what comes in.

use std::collections::{BTreeMap, BTreeSet};

use arena_schema::common::{AccountId, BagSlot, Coins, Gear, ItemId, Reward, Stack};
use arena_schema::mail::{Author, Content, Letter};
use arena_schema::world::{
    Avatar, Inventory, InventorySpoilArgs, Receipt, TRADE_RANGE, TradeError, Transform, Zone,
};
use playhouse::logic::EntitySchema;
use playhouse::{CallError, Cx, Failure, Reach, Ref, component};

use super::{AvatarLogic, WalletLogic, bag};
use crate::tables;

/// The most that a trade may weigh.
const TRADE_WEIGHT_MAX: u32 = 200;
/// What a trade costs the giver, as far as they have it.
const TRADE_FEE: u64 = 1;

/// A bag, or the vault at home.
#[component(Inventory)]
#[derive(Debug, Default)]
pub struct InventoryLogic {
    props: Inventory,
    locked: bool,
}

#[component(Inventory)]
impl InventoryLogic {
    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        if !self.locked {
            let (changes, _) = bag::put(self.props.bag(), &tables::STARTING_ITEMS);
            self.apply(cx, changes);
        }
        self.props.set_drop_seed(cx.random().u64());
    }

    #[rpc]
    async fn trade(
        &mut self,
        cx: &mut Cx,
        to: Ref<Inventory>,
        give: Vec<Stack>,
    ) -> Result<Receipt, CallError<TradeError>> {
        let own = cx.key::<Avatar>().ok_or(TradeError::NotNearby)?;
        let other = Avatar::key(&to.address().key).ok_or(TradeError::NotNearby)?;
        if self.locked || to.address().slot != Avatar::BAG_SLOT || other == own {
            return Err(TradeError::NotNearby.into());
        }
        let have = bag::weight(&give);
        if have > TRADE_WEIGHT_MAX {
            let limit = TRADE_WEIGHT_MAX;
            return Err(TradeError::TooHeavy { limit, have }.into());
        }
        let missing = |item| TradeError::NotThere { item };
        bag::take(self.props.bag(), &give).map_err(missing)?;
        let zone = cx.with(|transform: &mut Transform| transform.zone());
        if !Zone::of(zone).together(own, other, TRADE_RANGE).await? {
            return Err(TradeError::NotNearby.into());
        }

        let changes = bag::take(self.props.bag(), &give).map_err(missing)?;
        for stack in &give {
            to.proxy().deliver(Reward::Stack(stack.clone()), "trade")?;
        }
        self.apply(cx, changes);
        let fee = cx.with(|wallet: &mut WalletLogic| wallet.take_up_to(TRADE_FEE));
        Ok(Receipt {
            given: give,
            fee: Coins(fee),
            at: cx.utc(),
        })
    }

    #[rpc]
    async fn has(&mut self, _cx: &mut Cx, item: ItemId, count: u32) -> bool {
        bag::count(self.props.bag(), item) >= u64::from(count)
    }

    #[rpc]
    async fn deliver(
        &mut self,
        cx: &mut Cx,
        reward: Reward,
        reason: String,
    ) -> Result<(), Failure> {
        let stack = match reward {
            Reward::Stack(stack) => stack,
            Reward::Gear(gear) => Stack {
                item: gear.item,
                count: 1,
            },
            other => return send_by_mail(cx, other, reason),
        };
        let (changes, rest) = bag::put(self.props.bag(), &[stack]);
        self.apply(cx, changes);
        for left in rest {
            send_by_mail(cx, Reward::Stack(left), reason.clone())?;
        }
        Ok(())
    }

    #[rpc]
    async fn spoil(&mut self, cx: &mut Cx, slot: BagSlot) {
        let spoils = |stack: &Stack| {
            tables::item(stack.item).is_some_and(|item| item.spoils_after.is_some())
        };
        if self.props.bag().get(&slot).is_some_and(spoils) {
            self.apply(cx, vec![(slot, None)]);
        }
    }

    #[rpc]
    async fn wear(
        &mut self,
        cx: &mut Cx,
        slot: BagSlot,
        place: u8,
    ) -> Result<(), CallError<TradeError>> {
        let held = self.props.bag().get(&slot).cloned();
        let Some(held) = held.filter(|_| !self.locked) else {
            return Err(TradeError::NotWearable.into());
        };
        if tables::item(held.item).and_then(|item| item.place) != Some(place) {
            return Err(TradeError::NotWearable.into());
        }
        // What was worn there goes back into the place that becomes free, so that there is always room.
        let place = usize::from(place);
        let taken_off = self.props.worn().get(place).cloned().flatten();
        let gear = Gear {
            item: held.item,
            grade: 0,
            condition: 100,
            settings: vec![None; 3],
            maker: None,
        };
        self.props
            .worn_mut()
            .set(place, Some(gear))
            .map_err(Failure::from)?;
        let back = taken_off.map(|gear| Stack {
            item: gear.item,
            count: 1,
        });
        self.apply(cx, vec![(slot, back)]);
        Ok(())
    }

    #[rpc]
    async fn sort(&mut self, cx: &mut Cx, descending: bool) {
        let after = bag::sorted(self.props.bag(), descending);
        let before = self.props.bag().keys().copied();
        let slots: BTreeSet<_> = before.chain(after.keys().copied()).collect();
        let changes = slots
            .into_iter()
            .map(|slot| (slot, after.get(&slot).cloned()));
        let changes: Vec<_> = changes
            .filter(|(slot, stack)| self.props.bag().get(slot) != stack.as_ref())
            .collect();
        self.apply(cx, changes);
    }

    #[rpc]
    async fn contents(&mut self, _cx: &mut Cx) -> BTreeMap<BagSlot, Stack> {
        self.props.bag().clone()
    }

    #[rpc]
    async fn mail(
        &mut self,
        cx: &mut Cx,
        to: AccountId,
        subject: String,
        give: Vec<Stack>,
    ) -> Result<(), CallError<TradeError>> {
        let own = cx.key::<Avatar>().ok_or(TradeError::NotNearby)?;
        if self.locked || to == own {
            return Err(TradeError::NotNearby.into());
        }
        let missing = |item| TradeError::NotThere { item };
        let changes = bag::take(self.props.bag(), &give).map_err(missing)?;
        let letter = Letter {
            author: Author::Player {
                account: own,
                name: cx.with(|avatar: &mut AvatarLogic| avatar.name()),
            },
            content: Content::Text(subject.clone()),
            subject,
            attachments: give.into_iter().map(Reward::Stack).collect(),
            sent_at: cx.utc(),
        };
        Avatar::of(to).mailbox().deliver(letter, None)?;
        self.apply(cx, changes);
        Ok(())
    }

    /// The private bag at home.
    #[must_use]
    pub fn locked() -> Self {
        Self {
            locked: true,
            ..Self::default()
        }
    }

    /// What it holds.
    #[must_use]
    pub fn bag(&self) -> &bag::Places {
        self.props.bag()
    }

    fn apply(&mut self, cx: &mut Cx, changes: Vec<bag::Change>) {
        for (slot, stack) in changes {
            match &stack {
                Some(stack) => {
                    let spoils_after = tables::item(stack.item).and_then(|item| item.spoils_after);
                    if self.props.bag_mut().insert(slot, stack.clone()).is_err() {
                        tracing::error!(?slot, ?stack, "a bag was planned beyond its bounds");
                        continue;
                    }
                    cx.cancel_timers(u64::from(slot.0));
                    if let Some(after) = spoils_after {
                        let _full = cx
                            .timer(InventorySpoilArgs { slot })
                            .key(u64::from(slot.0))
                            .after(after);
                    }
                }
                None => {
                    self.props.bag_mut().remove(&slot);
                    cx.cancel_timers(u64::from(slot.0));
                }
            }
            Inventory::changed(cx, slot, stack);
        }
    }
}

/// What a bag can't hold waits in the mailbox.
fn send_by_mail(cx: &Cx, reward: Reward, reason: String) -> Result<(), Failure> {
    let Some(account) = cx.key::<Avatar>() else {
        return Ok(());
    };
    let letter = Letter {
        author: Author::Game("mail.overflow".to_owned().into()),
        subject: reason.clone(),
        content: Content::Text(reason),
        attachments: vec![reward],
        sent_at: cx.utc(),
    };
    Avatar::of(account).mailbox().deliver(letter, None)
}
