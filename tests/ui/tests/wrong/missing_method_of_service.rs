//! A service without a handler for one of its calls.

use playhouse::{Cx, service};
use playhouse_ui_tests::town::{AccountId, Login};

struct LoginLogic;

#[service(Login)]
impl LoginLogic {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, token: String) -> AccountId {
        AccountId(token.len() as u64)
    }
}

fn main() {}
