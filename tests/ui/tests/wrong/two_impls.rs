//! All hooks stand in one impl.

use playhouse::component;
use playhouse_ui_tests::town::Place;

#[component(Place)]
#[derive(Default)]
struct PlaceLogic {
    props: Place,
}

#[component(Place)]
impl PlaceLogic {}

#[component(Place)]
impl PlaceLogic {}

fn main() {}
