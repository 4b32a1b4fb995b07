//! Right implementations, in the crate of the schema itself.

use playhouse::document::{Draft, Misfit};
use playhouse::{CallError, Cx, Failure, FailureKind, Ref, Refusal, component, entity, service};

use crate::town::*;

/// A bag.
#[component(Inventory)]
#[derive(Debug, Default)]
pub struct InventoryLogic {
    props: Inventory,
    opened: u32,
}

#[component(Inventory)]
impl InventoryLogic {
    #[rpc]
    async fn trade(
        &mut self,
        cx: &mut Cx,
        to: Ref<Inventory>,
        give: Vec<Stack>,
    ) -> Result<Receipt, CallError<TradeError>> {
        let _ = (cx, to);
        if give.is_empty() {
            return Err(TradeError::NotNearby.into());
        }
        if give.len() > 16 {
            return Err(Failure::unknown(FailureKind::Overloaded).into());
        }
        Ok(Receipt { fee: self.fee() })
    }

    #[rpc]
    async fn has(&mut self, _: &mut Cx, item: ItemId, count: u32) -> Result<bool, Failure> {
        let _ = item;
        Ok(count > self.opened)
    }

    #[rpc]
    async fn deliver(&mut self, _cx: &mut Cx, _stack: Stack, _reason: String) {
        self.opened += 1;
        std::future::ready(()).await;
    }

    #[rpc]
    async fn spoil(&mut self, _cx: &mut Cx, _item: ItemId) -> Result<(), Failure> {
        Ok(())
    }

    #[hook]
    async fn created(&mut self, _cx: &mut Cx) {
        self.props.set_gold(10);
    }

    #[hook]
    async fn tick(&mut self, _cx: &mut Cx, step: u64) {
        self.opened += u32::from(step > 3);
    }

    #[hook]
    async fn refused(&mut self, _cx: &mut Cx, refusal: Refusal) {
        if let Some(InventoryDeliverArgs { stack, .. }) = refusal.args() {
            self.opened += stack.count;
        }
    }

    #[hook]
    fn upgrade(draft: &mut Draft<'_>, from: u32) -> Result<(), Misfit> {
        if from < 1 {
            draft.rename(&["coins"], &["gold"]);
        }
        Ok(())
    }

    /// Not a call.
    #[must_use]
    pub fn fee(&self) -> u64 {
        u64::from(self.opened)
    }

    /// A bag that has been opened before.
    #[must_use]
    pub fn used() -> Self {
        Self {
            opened: 1,
            ..Self::default()
        }
    }
}

/// A purse.
#[component(Wallet)]
#[derive(Debug, Default)]
pub struct WalletLogic {
    props: Wallet,
}

#[component(Wallet)]
impl WalletLogic {
    #[rpc]
    async fn pay(&mut self, _cx: &mut Cx, amount: u64) -> Result<(), PayError> {
        let left = self.props.coins().checked_sub(amount);
        let left = left.ok_or(PayError::TooPoor { missing: amount })?;
        self.props.set_coins(left);
        Ok(())
    }

    #[rpc]
    async fn currency(&mut self, _cx: &mut Cx) -> String {
        "crowns".to_owned()
    }
}

/// A player.
#[entity(Avatar { bag: InventoryLogic = InventoryLogic::used(), wallet: WalletLogic, .. })]
#[derive(Debug)]
pub struct AvatarLogic {
    props: Avatar,
    account: AccountId,
}

#[entity(Avatar)]
impl AvatarLogic {
    #[hook]
    fn construct(account: AccountId) -> Self {
        Self {
            props: Avatar::default(),
            account,
        }
    }

    #[rpc]
    async fn rename(&mut self, _cx: &mut Cx, name: String) -> Result<(), Failure> {
        self.props.set_name(format!("{name} of {}", self.account.0));
        Ok(())
    }
}

/// Lines on a wall, found by street and number.
#[entity(Board)]
#[derive(Debug)]
pub struct BoardLogic {
    props: Board,
}

#[entity(Board)]
impl BoardLogic {
    #[hook]
    fn construct(street: String, number: u32) -> Self {
        let mut props = Board::default();
        props.lines_mut().push(format!("{street} {number}")).ok();
        Self { props }
    }
}

/// One in the town.
#[entity(Center)]
#[derive(Debug, Default)]
pub struct CenterLogic {
    props: Center,
}

#[entity(Center)]
impl CenterLogic {
    #[rpc]
    async fn count(&mut self, _cx: &mut Cx) -> u32 {
        7
    }
}

/// One on each node.
#[entity(Stub)]
#[derive(Debug)]
pub struct StubLogic {
    props: Stub,
    node: String,
}

#[entity(Stub)]
impl StubLogic {
    #[hook]
    fn construct(node: String) -> Self {
        Self {
            props: Stub::default(),
            node,
        }
    }

    #[rpc]
    async fn ping(&mut self, _cx: &mut Cx) {
        self.node.push('.');
    }
}

/// Made by who needs it; its place has no calls.
#[entity(Duel { .. })]
#[derive(Debug)]
pub struct DuelLogic {
    props: Duel,
}

#[entity(Duel)]
impl DuelLogic {
    #[hook]
    async fn destroyed(&mut self, _cx: &mut Cx) {}
}

/// Lives in a duel.
#[entity(Rat)]
#[derive(Debug)]
pub struct RatLogic {
    props: Rat,
}

#[entity(Rat)]
impl RatLogic {}

/// Whoever comes in.
#[derive(Debug)]
pub struct LoginLogic;

#[service(Login)]
impl LoginLogic {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, token: String) -> Result<AccountId, CallError<PayError>> {
        if token.is_empty() {
            return Err(PayError::TooPoor { missing: 1 }.into());
        }
        Ok(AccountId(token.len() as u64))
    }

    #[rpc]
    async fn log(&self, _cx: &mut Cx, line: String) {
        drop(line);
    }
}
