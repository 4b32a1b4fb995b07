//! The hook `refused` without what was refused.

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
    async fn pay(&mut self, _cx: &mut Cx, _amount: u64) -> Result<(), CallError<PayError>> {
        Ok(())
    }

    #[rpc]
    async fn currency(&mut self, _cx: &mut Cx) -> String {
        String::new()
    }

    #[hook]
    async fn refused(&mut self, _cx: &mut Cx) {}
}

fn main() {}
