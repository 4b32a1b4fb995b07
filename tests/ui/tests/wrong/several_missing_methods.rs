//! All missing handlers are one error.

use playhouse::{Cx, component};
use playhouse_ui_tests::town::{Inventory, ItemId};

#[component(Inventory)]
#[derive(Default)]
struct InventoryLogic {
    props: Inventory,
}

#[component(Inventory)]
impl InventoryLogic {
    #[rpc]
    async fn has(&mut self, _cx: &mut Cx, _item: ItemId, _count: u32) -> bool {
        true
    }

    #[rpc]
    async fn spoil(&mut self, _cx: &mut Cx, _item: ItemId) {}
}

fn main() {}
