//! The impl is right, the struct is not.

use playhouse::component;
use playhouse_ui_tests::town::Place;

#[component(Plaze)]
struct PlaceLogic {
    props: Place,
}

#[component(Place)]
impl PlaceLogic {}

fn main() {}
