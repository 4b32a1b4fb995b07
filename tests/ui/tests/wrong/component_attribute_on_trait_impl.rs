//! Handlers are methods of the struct.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

struct WalletLogic {
    props: Wallet,
}

trait Count {}

#[component(Wallet)]
impl Count for WalletLogic {}

fn main() {}
