//! A component without its properties.

use playhouse::component;
use playhouse_ui_tests::town::Place;

#[component(Place)]
#[derive(Default)]
struct PlaceLogic;

#[component(Place)]
impl PlaceLogic {}

fn main() {}
