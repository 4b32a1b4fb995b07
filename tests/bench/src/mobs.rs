//! The entities that the benchmarks of calls call.

use std::time::Duration;

use playhouse::{Cx, Failure, Reach, Ref, component, entity};

use crate::generated::bench::{Boss, Courier, Message, Mob, Place, Tally};

/// Keeps the number.
#[derive(Debug, Default)]
#[component(Tally)]
pub struct TallyLogic {
    props: Tally,
}

#[component(Tally)]
impl TallyLogic {
    #[rpc]
    async fn add(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        let total = self.props.total().wrapping_add(amount);
        self.props.set_total(total);
        total
    }

    #[rpc]
    async fn add_later(&mut self, _cx: &mut Cx, amount: u64) -> u64 {
        tokio::task::yield_now().await;
        let total = self.props.total().wrapping_add(amount);
        self.props.set_total(total);
        total
    }

    #[rpc]
    async fn hand_on(&mut self, _cx: &mut Cx, to: Ref<Tally>, amount: u64) -> Result<u64, Failure> {
        to.proxy().add(amount).await
    }

    #[rpc]
    async fn note(&mut self, _cx: &mut Cx, amount: u64) {
        self.props
            .set_total(self.props.total().wrapping_add(amount));
    }

    #[rpc]
    async fn echo(&mut self, _cx: &mut Cx, message: Message) -> Message {
        message
    }
}

/// Stands somewhere.
#[derive(Debug, Default)]
#[component(Place)]
pub struct PlaceLogic {
    props: Place,
}

#[component(Place)]
impl PlaceLogic {
    #[rpc]
    async fn look(&mut self, _cx: &mut Cx) -> u64 {
        std::future::ready(self.props.x() as u64).await
    }
}

/// One of very many.
#[entity(Mob { tally: TallyLogic, place: PlaceLogic })]
#[derive(Debug, Default)]
pub struct MobLogic {
    props: Mob,
}

#[entity(Mob)]
impl MobLogic {}

/// Hands on what must not be lost.
#[derive(Debug, Default)]
#[entity(Courier)]
pub struct CourierLogic {
    props: Courier,
}

#[entity(Courier)]
impl CourierLogic {
    #[rpc]
    async fn send(&mut self, _cx: &mut Cx, to: Ref<Courier>, count: u32) -> u32 {
        let to = to.proxy();
        let taken = (0..count).take_while(|_| to.receive(1).is_ok()).count();
        u32::try_from(taken).unwrap_or(count)
    }

    #[rpc]
    async fn receive(&mut self, _cx: &mut Cx, coins: u64) {
        self.props.set_coins(self.props.coins() + coins);
    }

    #[rpc]
    async fn count(&mut self, _cx: &mut Cx) -> u64 {
        self.props.coins()
    }
}

/// There is one of it.
#[derive(Debug, Default)]
#[entity(Boss)]
pub struct BossLogic {
    props: Boss,
}

#[entity(Boss)]
impl BossLogic {
    #[rpc]
    async fn home(&mut self, cx: &mut Cx) -> String {
        cx.node().name().to_owned()
    }

    #[rpc]
    async fn rest(&mut self, _cx: &mut Cx, millis: u32) -> u32 {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
        millis
    }
}
