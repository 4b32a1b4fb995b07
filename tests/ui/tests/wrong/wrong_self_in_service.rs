//! Calls of a service run beside one another.

use playhouse::{Cx, service};
use playhouse_ui_tests::town::{AccountId, Login};

struct LoginLogic;

#[service(Login)]
impl LoginLogic {
    #[rpc]
    async fn enter(&self, _cx: &mut Cx, token: String) -> AccountId {
        AccountId(token.len() as u64)
    }

    #[rpc]
    async fn log(&mut self, _cx: &mut Cx, _line: String) {}
}

fn main() {}
