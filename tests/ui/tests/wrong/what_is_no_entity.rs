//! Nodes host entities.

use playhouse::logic::EntityCalls;
use playhouse_ui_tests::logic::WalletLogic;

fn host<E: EntityCalls>() {}

fn hosts() {
    host::<WalletLogic>();
}

fn main() {}
