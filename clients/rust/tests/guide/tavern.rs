//! What players and the door do, and the node that runs them.

use std::time::Duration;

use crate::generated::{SCHEMA, mygame::*};
use playhouse::{Bytes, Executed, NodeBuilder, prelude::*};

#[component(Purse)]
#[derive(Default)]
struct PurseLogic {
    props: Purse,
}

#[component(Purse)]
impl PurseLogic {
    #[rpc]
    async fn give(
        &mut self,
        cx: &mut Cx,
        to: Ref<Purse>,
        amount: u32,
    ) -> Result<u32, CallError<GiveError>> {
        let Some(left) = self.props.coins().checked_sub(amount) else {
            let missing = amount - self.props.coins();
            return Err(GiveError::TooPoor { missing }.into());
        };
        self.props.set_coins(left);
        if let Err(failure) = to.proxy().receive(amount).await {
            if failure.executed() == Executed::NotExecuted {
                self.props.set_coins(left + amount);
            }
            return Err(failure.into());
        }
        Purse::changed(cx, left);
        Ok(left)
    }

    #[rpc]
    async fn receive(&mut self, cx: &mut Cx, amount: u32) {
        let coins = self.props.coins().saturating_add(amount);
        self.props.set_coins(coins);
        Purse::changed(cx, coins);
    }

    #[rpc]
    async fn wages(&mut self, cx: &mut Cx, amount: u32) {
        self.receive(cx, amount).await;
    }

    #[hook]
    async fn created(&mut self, cx: &mut Cx) {
        let wages = cx.timer(PurseWagesArgs { amount: 1 });
        if let Err(failure) = wages.every(Duration::from_secs(60)) {
            println!("no wages: {failure}");
        }
    }
}

#[entity(Player { purse: PurseLogic })]
#[derive(Default)]
struct PlayerLogic {
    props: Player,
}

#[entity(Player)]
impl PlayerLogic {}

struct DoorLogic;

#[service(Door)]
impl DoorLogic {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, player: PlayerId) -> Bytes {
        Bytes(player.0.to_be_bytes().to_vec())
    }
}

/// Says whose session it is. A real game seals its tokens, so that nobody can make one up.
async fn admit(_cx: &mut Cx, token: Bytes) -> Result<EntityRef, Failure> {
    match <[u8; 8]>::try_from(token.0.as_slice()).map(u64::from_be_bytes) {
        Ok(id @ 1..) => Ok(Player::reference(PlayerId(id)).into()),
        _ => Err(Failure::not_executed(FailureKind::Denied).because("no token of the door")),
    }
}

/// The tavern: say where it listens, and start it.
pub fn node() -> NodeBuilder {
    Node::builder()
        .name("tavern")
        .schema(&SCHEMA)
        .entity::<PlayerLogic>()
        .service(|| DoorLogic)
        .authenticate(admit)
}
