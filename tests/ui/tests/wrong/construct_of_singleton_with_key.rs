//! There is only one.

use playhouse::{Cx, entity};
use playhouse_ui_tests::town::Center;

#[entity(Center)]
#[derive(Default)]
struct CenterLogic {
    props: Center,
}

#[entity(Center)]
impl CenterLogic {
    #[hook]
    fn construct(_number: u64) -> Self {
        Self::default()
    }

    #[rpc]
    async fn count(&mut self, _cx: &mut Cx) -> u32 {
        1
    }
}

fn main() {}
