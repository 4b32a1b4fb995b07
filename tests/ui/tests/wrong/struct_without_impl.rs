//! The struct alone is not enough.

use playhouse::entity;
use playhouse_ui_tests::town::Board;

#[entity(Board)]
struct BoardLogic {
    props: Board,
}

fn main() {}
