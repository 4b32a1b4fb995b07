//! A component whose handlers are missing.

use playhouse::{Cx, component, entity};
use playhouse_ui_tests::logic::WalletLogic;
use playhouse_ui_tests::town::{Avatar, Inventory};

#[component(Inventory)]
#[derive(Default)]
struct BagLogic {
    props: Inventory,
}

#[entity(Avatar { bag: BagLogic, wallet: WalletLogic, .. })]
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
