//! The struct says one thing, the impl another.

use playhouse::component;
use playhouse_ui_tests::town::{Inventory, Place};

#[component(Inventory)]
struct BagLogic {
    props: Inventory,
}

#[component(Place)]
impl BagLogic {}

fn main() {}
