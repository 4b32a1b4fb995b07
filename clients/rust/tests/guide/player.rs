//! A client that plays.

use crate::client::mygame::{Door, GiveError, Player, PlayerId, PurseChangedArgs};
use playhouse_client::{CallError, Client};

/// Enters as one player, and gives three coins to another.
pub async fn pay(client: &Client, me: PlayerId, to: PlayerId) -> Result<u32, CallError<GiveError>> {
    client.on(|changed: PurseChangedArgs| println!("coins: {}", changed.coins));
    let token = client.service::<Door>().enter(me).await?;
    client.open(&token.0).await?;
    let theirs = Player::reference(to).in_slot(Player::PURSE_SLOT);
    client.entity::<Player>().purse().give(theirs, 3).await
}
