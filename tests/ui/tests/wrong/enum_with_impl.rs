//! The enum is wrong, its impl is not.

use playhouse::component;
use playhouse_ui_tests::town::Place;

#[component(Place)]
enum PlaceLogic {
    Here(Place),
}

#[component(Place)]
impl PlaceLogic {}

fn main() {}
