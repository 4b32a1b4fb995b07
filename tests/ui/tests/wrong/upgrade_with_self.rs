//! A document is brought to this release before there is an entity.

use playhouse::document::{Draft, Misfit};
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
    fn upgrade(&mut self, _draft: &mut Draft<'_>, _from: u32) -> Result<(), Misfit> {
        Ok(())
    }
}

fn main() {}
