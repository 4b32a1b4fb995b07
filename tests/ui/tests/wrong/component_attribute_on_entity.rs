//! The wrong attribute.

use playhouse::component;
use playhouse_ui_tests::town::Board;

#[component(Board)]
struct BoardLogic {
    props: Board,
}

fn main() {}
