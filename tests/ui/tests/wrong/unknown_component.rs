//! A component that the schema does not have.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

struct WalletLogic {
    props: Wallet,
}

#[component(Walet)]
impl WalletLogic {}

fn main() {}
