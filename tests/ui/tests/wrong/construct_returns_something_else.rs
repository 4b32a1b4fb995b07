//! It makes the entity.

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
    fn construct(_street: String, _number: u32) -> Board {
        Board::default()
    }
}

fn main() {}
