//! A slot and nothing in it.

use playhouse::{Cx, entity};
use playhouse_ui_tests::town::Avatar;

#[entity(Avatar { bag, .. })]
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
