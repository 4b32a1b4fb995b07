//! The guide's `src/bin/player.rs`.

use mygame::client::{SCHEMA, mygame::PlayerId};
use playhouse_client::Client;

#[tokio::main(flavor = "local")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::connect(&SCHEMA, "127.0.0.1:7000").await?;
    let left = mygame::pay(&client, PlayerId(7), PlayerId(8)).await?;
    println!("{left} coins are left");
    Ok(())
}
