//! Nothing makes the entity.

use playhouse::entity;
use playhouse_ui_tests::town::Board;

#[entity(Board)]
struct BoardLogic {
    props: Board,
}

#[entity(Board)]
impl BoardLogic {}

fn main() {}
