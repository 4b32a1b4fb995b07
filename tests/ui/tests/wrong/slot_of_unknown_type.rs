//! A type that is not there.

use playhouse::{Cx, entity};
use playhouse_ui_tests::logic::WalletLogic;
use playhouse_ui_tests::town::Avatar;

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
