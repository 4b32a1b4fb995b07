//! The host knows one type.

use playhouse::component;
use playhouse_ui_tests::town::Wallet;

#[component(Wallet)]
struct WalletLogic<T> {
    props: Wallet,
    other: T,
}

fn main() {}
