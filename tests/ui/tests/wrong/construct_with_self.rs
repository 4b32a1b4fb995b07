//! There is no `self` yet.

use playhouse::entity;
use playhouse_ui_tests::town::Board;

#[entity(Board)]
#[derive(Default)]
struct BoardLogic {
    props: Board,
}

#[entity(Board)]
impl BoardLogic {
    #[hook]
    fn construct(&mut self, _street: String, _number: u32) {}
}

fn main() {}
