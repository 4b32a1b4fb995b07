//! A component that the schema does not have.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

#[component(Walet)]
struct WalletLogic {
    props: Wallet,
}

fn main() {}
