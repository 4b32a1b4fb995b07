//! A component that the module does not have.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

struct WalletLogic {
    props: Wallet,
}

#[component(playhouse_ui_tests::town::Purse)]
impl WalletLogic {}

fn main() {}
