//! A key of another type.

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
    #[hook]
    fn construct(_account: u64) -> Self {
        Self::default()
    }

    #[rpc]
    async fn rename(&mut self, _cx: &mut Cx, _name: String) {}
}

fn main() {}
