//! Money: shop, payments and fees.

use std::collections::BTreeMap;

use arena_schema::common::{Coins, Currency, Price, Reward};
use arena_schema::world::{Avatar, Statement, Wallet, WalletError};
use playhouse::{CallError, Cx, Failure, Uuid, component};

use super::AvatarLogic;
use crate::tables;

/// Somebody's money.
#[component(Wallet)]
#[derive(Debug, Default)]
pub struct WalletLogic {
    props: Wallet,
}

#[component(Wallet)]
impl WalletLogic {
    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        self.add(&tables::gold(tables::STARTING_GOLD));
    }

    #[rpc]
    async fn buy(
        &mut self,
        cx: &mut Cx,
        offer: u32,
        price: Price,
    ) -> Result<Reward, CallError<WalletError>> {
        let offer = tables::offer(offer).ok_or(WalletError::SoldOut)?;
        let now = offer.price();
        if price != now {
            return Err(WalletError::PriceChanged { now }.into());
        }
        self.check(&now)?;
        let account = cx.key::<Avatar>().ok_or(WalletError::SoldOut)?;
        let reward = Reward::Stack(offer.stack());
        // To the bag in the next slot, and in order with whatever else comes in.
        Avatar::of(account).bag().deliver(reward.clone(), "shop")?;
        self.remove(&now);
        Wallet::jingled(cx, now, false);
        Ok(reward)
    }

    #[rpc]
    async fn credit(&mut self, cx: &mut Cx, payment: Uuid, price: Price) -> Result<(), Failure> {
        cx.with(|avatar: &mut AvatarLogic| avatar.keep());
        if self.props.paid_mut().insert(payment)? {
            self.add(&price);
            Wallet::jingled(cx, price, true);
        }
        Ok(())
    }

    #[rpc]
    async fn charge(&mut self, cx: &mut Cx, price: Price) -> Result<(), CallError<WalletError>> {
        self.check(&price)?;
        self.remove(&price);
        Wallet::jingled(cx, price, false);
        Ok(())
    }

    #[rpc]
    async fn balance(&mut self, _cx: &mut Cx) -> BTreeMap<Currency, Coins> {
        self.props.coins().clone()
    }

    #[rpc]
    async fn statement(&mut self, _cx: &mut Cx) -> Statement {
        Statement {
            coins: self.props.coins().clone(),
            spent: self.props.spent().clone(),
        }
    }

    /// Takes so much gold, or all there is; says how much it was.
    pub fn take_up_to(&mut self, gold: u64) -> u64 {
        let taken = gold.min(self.held(Currency::Gold));
        self.remove(&tables::gold(taken));
        taken
    }

    fn held(&self, currency: Currency) -> u64 {
        self.props.coins().get(&currency).map_or(0, |coins| coins.0)
    }

    fn check(&self, price: &Price) -> Result<(), WalletError> {
        let missing = price.amount.0.saturating_sub(self.held(price.currency));
        if missing > 0 {
            let missing = Coins(missing);
            return Err(WalletError::TooPoor { missing });
        }
        Ok(())
    }

    fn add(&mut self, price: &Price) {
        self.set(
            price.currency,
            self.held(price.currency).saturating_add(price.amount.0),
        );
    }

    fn remove(&mut self, price: &Price) {
        let before = self
            .props
            .spent()
            .get(&price.currency)
            .map_or(0, |coins| coins.0);
        let spent = Coins(before.saturating_add(price.amount.0));
        if self
            .props
            .spent_mut()
            .insert(price.currency, spent)
            .is_err()
        {
            tracing::error!(currency = ?price.currency, "a wallet's books hold too many currencies");
        }
        self.set(
            price.currency,
            self.held(price.currency).saturating_sub(price.amount.0),
        );
    }

    fn set(&mut self, currency: Currency, amount: u64) {
        if self
            .props
            .coins_mut()
            .insert(currency, Coins(amount))
            .is_err()
        {
            tracing::error!(?currency, "a wallet holds too many currencies");
        }
    }
}
