//! The attribute names a component.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

#[component]
struct WalletLogic {
    props: Wallet,
}

fn main() {}
