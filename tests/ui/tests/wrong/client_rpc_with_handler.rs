//! Clients answer client rpcs.

use playhouse::{Cx, entity};
use playhouse_ui_tests::logic::{InventoryLogic, WalletLogic};
use playhouse_ui_tests::town::Avatar;

#[entity(Avatar { bag: InventoryLogic, wallet: WalletLogic, .. })]
#[derive(Default)]
struct AvatarLogic {
    props: Avatar,
}

#[entity(Avatar)]
impl AvatarLogic {
    #[rpc]
    async fn rename(&mut self, _cx: &mut Cx, _name: String) {}

    #[rpc]
    async fn confirm(&mut self, _cx: &mut Cx, _text: String) -> bool {
        true
    }
}

fn main() {}
