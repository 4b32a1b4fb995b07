//! Instances are made by who needs them.

use playhouse::entity;
use playhouse_ui_tests::town::Duel;

#[entity(Duel { .. })]
#[derive(Default)]
struct DuelLogic {
    props: Duel,
}

#[entity(Duel)]
impl DuelLogic {
    #[hook]
    fn construct(_number: u64) -> Self {
        Self::default()
    }
}

fn main() {}
