//! What takes time is for other hooks.

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
    async fn construct(_street: String, _number: u32) -> Self {
        Self::default()
    }
}

fn main() {}
