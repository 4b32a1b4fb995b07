//! A handler with generics.

use playhouse::{CallError, Cx, component};
use playhouse_ui_tests::town::{PayError, Wallet};

#[component(Wallet)]
#[derive(Default)]
struct WalletLogic {
    props: Wallet,
}

#[component(Wallet)]
impl WalletLogic {
    #[rpc]
    async fn pay<T: Into<u64>>(
        &mut self,
        _cx: &mut Cx,
        _amount: T,
    ) -> Result<(), CallError<PayError>> {
        Ok(())
    }

    #[rpc]
    async fn currency(&mut self, _cx: &mut Cx) -> String {
        String::new()
    }
}

fn main() {}
