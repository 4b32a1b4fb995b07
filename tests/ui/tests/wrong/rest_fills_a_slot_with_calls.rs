//! `..` has no handlers.

use playhouse::{Cx, entity};
use playhouse_ui_tests::logic::InventoryLogic;
use playhouse_ui_tests::town::Avatar;

#[entity(Avatar { bag: InventoryLogic, .. })]
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
