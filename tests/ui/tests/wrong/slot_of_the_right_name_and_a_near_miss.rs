//! The near miss of a slot that is filled is just unknown.

use playhouse::{Cx, entity};
use playhouse_ui_tests::logic::{InventoryLogic, WalletLogic};
use playhouse_ui_tests::town::Avatar;

#[entity(Avatar { bag: InventoryLogic, wallet: WalletLogic, bags: InventoryLogic, .. })]
#[derive(Default)]
struct AvatarLogic {
    props: Avatar,
}

#[entity(Avatar)]
impl AvatarLogic {
    #[rpc]
    async fn rename(&mut self, _cx: &mut Cx, _name: String) {}
}

fn main() {}
