//! A mark where nothing looks for it.

use playhouse::rpc;

#[rpc]
async fn pay(_amount: u64) {}

fn main() {}
