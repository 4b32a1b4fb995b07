//! Whoever takes the money: asks for each payment until it is acknowledged, also after the game was killed meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use arena_schema::account::Payments;
use arena_schema::common::AccountId;
use playhouse::node::Running;
use playhouse::{Node, Uuid};

/// A node of its own, which has nothing but the schema.
pub(crate) struct Cashier(Running);

impl Cashier {
    /// A cashier at work.
    pub(crate) fn open() -> Result<Self> {
        let roles: [&str; 0] = [];
        let node = Node::builder()
            .name("cashier")
            .schema(&arena_schema::SCHEMA)
            .roles(roles)
            .shards(1)
            .build()?;
        Ok(Self(node.start().context("the cashier can't start")?))
    }

    /// Asks once; whether it was acknowledged.
    pub(crate) async fn pay(
        &self,
        address: &str,
        account: u64,
        payment: [u8; 16],
        gold: u64,
    ) -> bool {
        let address = address.to_owned();
        let asked = self.0.spawn(move || async move {
            Payments::at(address)
                .deadline(Duration::from_secs(3))
                .paid(Uuid(payment), AccountId(account), gold)
                .await
                .is_ok()
        });
        asked.await.unwrap_or(false)
    }
}
