//! A slot that the schema does not have.

use playhouse::{Cx, entity};
use playhouse_ui_tests::logic::{InventoryLogic, WalletLogic};
use playhouse_ui_tests::town::Avatar;

#[entity(Avatar { bag: InventoryLogic, wallet: WalletLogic, chest: InventoryLogic, .. })]
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
