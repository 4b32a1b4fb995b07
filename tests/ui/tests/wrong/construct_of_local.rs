//! Local entities are made by the entity that holds them.

use playhouse::entity;
use playhouse_ui_tests::town::Rat;

#[entity(Rat {})]
#[derive(Default)]
struct RatLogic {
    props: Rat,
}

#[entity(Rat)]
impl RatLogic {
    #[hook]
    fn construct(_number: u64) -> Self {
        Self::default()
    }
}

fn main() {}
