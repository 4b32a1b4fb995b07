//! Only structs have properties.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

#[component(Wallet)]
enum WalletLogic {
    Empty,
    Full(Wallet),
}

fn main() {}
