//! It takes a draft, which the framework holds.

use playhouse::document::{Misfit, Value};
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
    fn upgrade(_draft: &mut Value, _from: u32) -> Result<(), Misfit> {
        Ok(())
    }
}

fn main() {}
