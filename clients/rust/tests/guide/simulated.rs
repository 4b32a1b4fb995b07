//! The guide's `tests/tavern.rs`.

use std::time::Duration;

use mygame::client::{SCHEMA, mygame::PlayerId};
use playhouse::sim::Sim;
use playhouse_client::Client;

#[test]
fn wages_come_every_minute() {
    let sim = Sim::new(7);
    sim.node("tavern", || mygame::node().listen("tavern:7000"));
    let left = sim.client("player", async |host| {
        let pay = async || {
            let client = Client::builder(&SCHEMA).network(host.network());
            let client = client.connect("tavern:7000").await?;
            mygame::pay(&client, PlayerId(7), PlayerId(8)).await
        };
        pay().await.unwrap();
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        pay().await.unwrap()
    });
    sim.run_for(Duration::from_secs(11 * 60));
    assert_eq!(left.take(), Some(10 - 3 + 10 - 3));
    sim.end().unwrap();
}
