//! Arena as a cluster of processes on etcd and MongoDB's protocol, whose parts are killed, stopped and cut off.
//!
//! Each round somebody plays while one thing after another goes wrong ([`Trouble`]); then everything is mended, and the same
//! checker as that of a single node looks whether anything was lost or doubled.

mod nodes;
mod trouble;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use playhouse_client::Random;
use tokio::task::{LocalSet, spawn_local};

use crate::audit::Violations;
use crate::cashier::Cashier;
use crate::player::Player;
use crate::rounds::{ask_for_payments, rest};

use nodes::Nodes;
use trouble::Blow;
pub use trouble::Trouble;

/// How long everybody may take to be back once everything is mended: leases end, entities are taken over.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// What is done.
#[derive(Debug, Clone)]
pub struct ClusterRounds {
    /// The program that runs a node if it is called with `node`.
    pub program: PathBuf,
    /// How many rounds.
    pub rounds: u32,
    /// How many play.
    pub players: u32,
    /// The longest time that a round is played before something goes wrong, in milliseconds.
    pub play_ms: u64,
    /// Decides what players do and what goes wrong.
    pub seed: u64,
    /// What may go wrong; everything if it is empty.
    pub troubles: Vec<Trouble>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct ClusterReport {
    /// How often each trouble was made.
    pub troubles: BTreeMap<Trouble, u32>,
    /// Calls that were acknowledged.
    pub acknowledged: u64,
    /// Battles that players saw the end of.
    pub battles: u64,
    /// The longest time until everybody was back and everything in order, once all was mended.
    pub back_ms_max: u128,
}

impl ClusterRounds {
    /// Plays, breaks, mends and checks. `progress` hears a line for each round.
    ///
    /// # Errors
    ///
    /// The first violation, with the seed, the round, what went wrong in it, and where the logs of all nodes are kept.
    pub fn run(&self, mut progress: impl FnMut(&str)) -> Result<ClusterReport> {
        let folder = tempfile::tempdir()?;
        // It starts a node, which blocks: outside of the runtime.
        let cashier = Rc::new(Cashier::open()?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let outcome = LocalSet::new().block_on(&runtime, async {
            let mut nodes = Nodes::start(&self.program, folder.path()).await?;
            let report = self.play(&mut nodes, &cashier, &mut progress).await?;
            nodes.stop().await.context("stopping at the end")?;
            Ok(report)
        });
        outcome.map_err(|error: anyhow::Error| {
            let logs = folder.keep().join(nodes::LOGS);
            error.context(format!(
                "seed {}, what each node wrote is kept in {}",
                self.seed,
                logs.display()
            ))
        })
    }

    async fn play(
        &self,
        nodes: &mut Nodes,
        cashier: &Rc<Cashier>,
        progress: &mut impl FnMut(&str),
    ) -> Result<ClusterReport> {
        let random = Random::stream(self.seed, u64::MAX);
        let players: Vec<_> = (0..self.players)
            .map(|index| Player::new(self.seed, index))
            .collect();
        let mut report = ClusterReport::default();
        back(&players, nodes).await.context("at the beginning")?;
        let troubles = match self.troubles.is_empty() {
            true => Trouble::ALL.to_vec(),
            false => self.troubles.clone(),
        };
        let mut order = Vec::new();
        for round in 1..=self.rounds {
            if order.is_empty() {
                order = Trouble::shuffled(troubles.clone(), &random);
            }
            // All were chosen from at least one.
            let trouble = order.pop().unwrap_or(Trouble::Kill);
            let blow = Blow::draw(trouble, &nodes.names(), &random);
            let begun = Instant::now();
            let when = |what| format!("round {round}, {what} {blow}");
            self.play_once(&players, nodes, cashier, &random, &blow)
                .await
                .with_context(|| when("in"))?;
            nodes.mend().await.with_context(|| when("mending"))?;
            let played = begun.elapsed();
            let mended = Instant::now();
            in_order(&players, nodes, cashier)
                .await
                .with_context(|| when("after"))?;
            let took = mended.elapsed();
            report.back_ms_max = report.back_ms_max.max(took.as_millis());
            *report.troubles.entry(trouble).or_default() += 1;
            progress(&format!(
                "round {round} of {}: {blow}; {played:.1?} until it was mended, in order {took:.1?} later",
                self.rounds
            ));
        }
        players.iter().for_each(|player| player.leave());
        report.acknowledged = players.iter().map(|player| player.acknowledged.get()).sum();
        report.battles = players.iter().map(|player| player.fought.get()).sum();
        Ok(report)
    }

    /// Everybody plays while something goes wrong, and is cut off in the middle of it.
    async fn play_once(
        &self,
        players: &[Rc<Player>],
        nodes: &mut Nodes,
        cashier: &Rc<Cashier>,
        random: &Random,
        blow: &Blow,
    ) -> Result<()> {
        let all: Rc<[_]> = players.into();
        let addresses: Rc<[_]> = nodes.lobbies().into();
        let mut playing: Vec<_> = players
            .iter()
            .map(|player| {
                let (player, all) = (Rc::clone(player), Rc::clone(&all));
                let addresses = Rc::clone(&addresses);
                spawn_local(async move { player.live(&all, &addresses).await })
            })
            .collect();
        let address = nodes.address()?;
        playing.extend(ask_for_payments(
            players,
            cashier,
            &address,
            random,
            self.play_ms,
        ));
        let span = Duration::from_millis(200 + random.below(self.play_ms.max(1)));
        tokio::time::sleep(span).await;
        let made = blow.strike(nodes).await;
        tokio::time::sleep(span / 2).await;
        for task in playing {
            task.abort();
            // Whatever it was doing is over, or was cut off.
            let _ = task.await;
        }
        made
    }
}

/// Waits until everybody is back and everything is as it should be. Whoever was cut off while logging in may be moved to
/// where that login was, and has to come back once more.
async fn in_order(players: &[Rc<Player>], nodes: &Nodes, cashier: &Cashier) -> Result<()> {
    let end = Instant::now() + BACK_WITHIN;
    loop {
        back(players, nodes).await?;
        match rest(players, cashier, &nodes.address()?).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is::<Violations>() || Instant::now() >= end => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

/// Waits until everybody has a link.
async fn back(players: &[Rc<Player>], nodes: &Nodes) -> Result<()> {
    let addresses: Rc<[String]> = nodes.lobbies().into();
    if addresses.is_empty() {
        bail!("no lobby runs");
    }
    let joining: Vec<_> = players
        .iter()
        .map(|player| {
            let (player, addresses) = (Rc::clone(player), Rc::clone(&addresses));
            spawn_local(async move {
                if player.is_there() && player.holdings().await.is_ok() {
                    return Ok(());
                }
                player.leave();
                player.join_any(&addresses, BACK_WITHIN).await
            })
        })
        .collect();
    for joined in joining {
        joined.await??;
    }
    Ok(())
}

impl fmt::Display for ClusterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (trouble, count) in &self.troubles {
            write!(f, "{count} x {trouble:?}, ")?;
        }
        write!(
            f,
            "{} acknowledged calls, {} battles seen to their end, in order within {} ms: no violation",
            self.acknowledged, self.battles, self.back_ms_max
        )
    }
}
