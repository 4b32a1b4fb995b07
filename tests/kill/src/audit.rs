//! The checker: what must hold whenever the game was killed and has come to rest again.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::player::{Holdings, Player};

/// How long what is on its way may take to arrive once nobody plays.
const REST_WITHIN: Duration = Duration::from_secs(30);

/// Waits until all that is on its way has arrived, and says what is wrong if it never does.
pub(crate) async fn audit(players: &[Rc<Player>]) -> Result<()> {
    let end = Instant::now() + REST_WITHIN;
    loop {
        let held = holdings(players).await?;
        let wrong = violations(players, &held);
        if wrong.is_empty() {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Violations(wrong).into());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What must not be.
#[derive(Debug)]
pub(crate) struct Violations(Vec<String>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(wrong) = self;
        write!(f, "{} violations:\n  {}", wrong.len(), wrong.join("\n  "))
    }
}

impl std::error::Error for Violations {}

/// What all players have.
pub(crate) async fn holdings(players: &[Rc<Player>]) -> Result<Vec<Holdings>> {
    let mut held = Vec::new();
    for player in players {
        let has = player.holdings().await;
        let who = || format!("player {} can't see what it has", player.index);
        held.push(has.with_context(who)?);
    }
    Ok(held)
}

fn violations(players: &[Rc<Player>], held: &[Holdings]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut began = 0;
    let mut names = BTreeMap::new();
    for (player, has) in players.iter().zip(held) {
        let book = player.book.borrow();
        let who = format!("player {}", player.index);
        began += book.potions;
        let potions = has.potions + has.potions_in_mail;
        let (least, most) = book.potions();
        if !(least..=most).contains(&potions) {
            wrong.push(format!(
                "{who} has {potions} potions, not {least} to {most}: began with {}, gave {:?}, received {:?}",
                book.potions, book.given, book.received
            ));
        }
        let income = book.gold + book.paid() + has.won;
        if has.gold + has.spent != income {
            wrong.push(format!(
                "{who} has {} gold and spent {}, but began with {}, was paid {} and won {}",
                has.gold,
                has.spent,
                book.gold,
                book.paid(),
                has.won
            ));
        }
        if has.battles_twice > 0 {
            wrong.push(format!("{who} fought {} battles twice", has.battles_twice));
        }
        if let Some(other) = names.insert(has.name.clone(), player.index) {
            wrong.push(format!(
                "{who} and player {other} are both called {}",
                has.name
            ));
        }
    }
    let have: u64 = held
        .iter()
        .map(|has| has.potions + has.potions_in_mail)
        .sum();
    if have != began {
        wrong.push(format!(
            "all players have {have} potions together, and began with {began}"
        ));
    }
    wrong
}
