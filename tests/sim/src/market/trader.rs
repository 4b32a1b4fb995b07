//! What traders do.

use playhouse::{Cx, Duration, Failure, FailureKind, Refusal, entity, service};

use crate::schema::market::{Mint, Trader, TraderRingsArgs, TraderTakeArgs};

/// How many goods each trader has at first.
pub(super) const GOODS: u32 = 3;

/// What each trader has at first.
pub(super) const GOLD: u64 = 100;

/// The goods that a trader has at first. None is 0, which stands for nothing.
pub(super) fn first_goods(trader: u32) -> impl Iterator<Item = u32> {
    (0..GOODS).map(move |nth| trader * GOODS + nth + 1)
}

/// A trader.
#[derive(Debug, Default)]
#[entity(Trader)]
pub struct TraderLogic {
    props: Trader,
}

impl TraderLogic {
    fn send(&mut self, gift: u64, to: u32, gold: u64, liked: bool) -> Result<(), Failure> {
        let left = self.props.gold().checked_sub(gold);
        let left = left.ok_or_else(|| {
            Failure::not_executed(FailureKind::Invalid).because("there is not so much gold")
        })?;
        let good = self.props.goods().first().copied().unwrap_or(0);
        Trader::of(to).take(gift, gold, good, liked)?;
        self.props.set_gold(left);
        self.props.goods_mut().remove(&good);
        self.props.gave_mut().insert(gift)?;
        Ok(())
    }

    fn put(&mut self, gold: u64, good: u32) -> Result<(), Failure> {
        if good != 0 {
            self.props.goods_mut().insert(good)?;
        }
        self.props.set_gold(self.props.gold() + gold);
        Ok(())
    }
}

#[entity(Trader)]
impl TraderLogic {
    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        for good in first_goods(cx.key::<Trader>().unwrap_or_default()) {
            let _fits = self.props.goods_mut().insert(good);
        }
    }

    #[rpc]
    async fn give(
        &mut self,
        _cx: &mut Cx,
        gift: u64,
        to: u32,
        gold: u64,
        liked: bool,
    ) -> Result<(), Failure> {
        self.send(gift, to, gold, liked)
    }

    #[rpc]
    async fn give_surely(
        &mut self,
        _cx: &mut Cx,
        gift: u64,
        to: u32,
        gold: u64,
        liked: bool,
    ) -> Result<(), Failure> {
        self.send(gift, to, gold, liked)
    }

    #[rpc]
    async fn take(
        &mut self,
        _cx: &mut Cx,
        gift: u64,
        gold: u64,
        good: u32,
        liked: bool,
    ) -> Result<(), Failure> {
        if !liked {
            return Err(Failure::not_executed(FailureKind::Denied).because("not to my taste"));
        }
        let times = self.props.got().get(&gift).copied().unwrap_or(0);
        self.props.got_mut().insert(gift, times + 1)?;
        self.put(gold, good)
    }

    #[rpc]
    async fn note(&mut self, cx: &mut Cx, number: u64) -> Result<(), Failure> {
        self.props.notes_mut().insert(number)?;
        cx.save(self).await?;
        Ok(())
    }

    #[rpc]
    async fn remind(
        &mut self,
        cx: &mut Cx,
        gift: u64,
        after: Duration,
        to: u32,
    ) -> Result<(), Failure> {
        cx.timer(TraderRingsArgs { gift, to }).after(after)?;
        Ok(())
    }

    #[rpc]
    async fn rings(&mut self, _cx: &mut Cx, gift: u64, to: u32) -> Result<(), Failure> {
        let times = self.props.rang().get(&gift).copied().unwrap_or(0);
        // Whoever is poor by now gives nothing.
        let _poor = self.send(gift, to, 1, true);
        self.props.rang_mut().insert(gift, times + 1)?;
        Ok(())
    }

    #[rpc]
    async fn look(&mut self, _cx: &mut Cx) -> u64 {
        self.props.gold()
    }

    #[hook]
    async fn refused(&mut self, _cx: &mut Cx, refusal: Refusal) {
        if let Some(TraderTakeArgs {
            gift, gold, good, ..
        }) = refusal.args()
        {
            let times = self.props.back().get(&gift).copied().unwrap_or(0);
            let _fits = self.props.back_mut().insert(gift, times + 1);
            let _fits = self.put(gold, good);
        }
    }
}

/// Makes gold, and keeps nothing of its own.
#[derive(Debug)]
pub struct MintLogic;

#[service(Mint)]
impl MintLogic {
    #[rpc]
    async fn grant(&self, cx: &mut Cx, gift: u64, to: u32, gold: u64) -> Result<(), Failure> {
        Trader::of(to).take(gift, gold, 0, true)?;
        cx.flush().await
    }
}
