//! A slot begins with something.

use playhouse::{Cx, component, entity};
use playhouse_ui_tests::logic::{InventoryLogic, WalletLogic};
use playhouse_ui_tests::town::{Avatar, Place};

#[component(Place)]
struct PlaceLogic {
    props: Place,
    x: f32,
}

#[component(Place)]
impl PlaceLogic {}

#[entity(Avatar { bag: InventoryLogic, wallet: WalletLogic, place: PlaceLogic })]
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
