//! A type of the same name from elsewhere.

use playhouse::{CallError, Cx, Ref, component};
use playhouse_ui_tests::town::{Inventory, ItemId, Stack, TradeError};

struct Receipt {
    fee: u64,
}

#[component(Inventory)]
#[derive(Default)]
struct InventoryLogic {
    props: Inventory,
}

#[component(Inventory)]
impl InventoryLogic {
    #[rpc]
    async fn trade(
        &mut self,
        _cx: &mut Cx,
        _to: Ref<Inventory>,
        _give: Vec<Stack>,
    ) -> Result<Receipt, CallError<TradeError>> {
        Ok(Receipt { fee: 1 })
    }

    #[rpc]
    async fn has(&mut self, _cx: &mut Cx, _item: ItemId, _count: u32) -> bool {
        true
    }

    #[rpc]
    async fn deliver(&mut self, _cx: &mut Cx, _stack: Stack, _reason: String) {}

    #[rpc]
    async fn spoil(&mut self, _cx: &mut Cx, _item: ItemId) {}
}

fn main() {}
