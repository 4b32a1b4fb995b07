//! The rounds: play, kill, start again, look.

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use playhouse::store::durable::Rule;
use playhouse_client::{Random, Uuid};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::audit::{audit, holdings};
use crate::book::Payment;
use crate::cashier::Cashier;
use crate::player::Player;
use crate::server::Server;

/// Payments that are asked for in one round.
const PAYMENTS: u64 = 6;
/// Of how many rounds one ends with SIGTERM instead of `kill -9`.
const GENTLE: u64 = 5;

/// What is done.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// The program that serves the game if it is called with `serve`.
    pub program: PathBuf,
    /// How often it is killed.
    pub rounds: u32,
    /// How many play.
    pub players: u32,
    /// The longest time that one round is played, in milliseconds.
    pub play_ms: u64,
    /// Decides what players do, and when the game is killed as far as the machine plays along.
    pub seed: u64,
    /// A rule of the durable protocol that is not kept, to see that the checker notices.
    pub without: Option<Rule>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Rounds that ended with `kill -9`.
    pub kills: u32,
    /// Rounds that ended with SIGTERM.
    pub stops: u32,
    /// Calls that were acknowledged.
    pub acknowledged: u64,
    /// Payments that were acknowledged.
    pub payments: u64,
    /// Battles that players saw the end of.
    pub battles: u64,
    /// The longest time that the game took to start, in milliseconds.
    pub start_ms_max: u64,
}

impl Rounds {
    /// Plays, kills and checks, on a new store in a temporary folder. `progress` hears a line for each round.
    ///
    /// # Errors
    ///
    /// The first violation, with the seed and the round; the store's folder is kept then, and named.
    pub fn run(&self, mut progress: impl FnMut(&str)) -> Result<Report> {
        let folder = tempfile::tempdir()?;
        // It starts a node, which blocks: outside of the runtime.
        let cashier = Rc::new(Cashier::open()?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let outcome =
            LocalSet::new().block_on(&runtime, self.play(folder.path(), &cashier, &mut progress));
        outcome.map_err(|error| {
            let kept = folder.keep();
            error.context(format!(
                "seed {}, the store is kept in {}",
                self.seed,
                kept.display()
            ))
        })
    }

    async fn play(
        &self,
        data: &Path,
        cashier: &Rc<Cashier>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Report> {
        let random = Random::stream(self.seed, u64::MAX);
        let players: Vec<_> = (0..self.players)
            .map(|index| Player::new(self.seed, index))
            .collect();
        let mut report = Report::default();
        let mut server = Server::start(&self.program, data, self.without)?;
        join(&players, &server).await?;
        for round in 1..=self.rounds {
            let gentle = random.below(GENTLE) == 0;
            let begun = Instant::now();
            let span = Duration::from_millis(200 + random.below(self.play_ms.max(1)));
            self.play_once(&players, cashier, &server.address, &random, span)
                .await;
            let before = if gentle {
                Some(rest(&players, cashier, &server.address).await?)
            } else {
                None
            };
            players.iter().for_each(|player| player.leave());
            if gentle {
                server.terminate()?;
                report.stops += 1;
            } else {
                server.kill()?;
                report.kills += 1;
            }
            server = Server::start(&self.program, data, self.without)
                .with_context(|| format!("round {round}: the game does not start again"))?;
            let start_ms = u64::try_from(server.started_in.as_millis()).unwrap_or(u64::MAX);
            report.start_ms_max = report.start_ms_max.max(start_ms);
            join(&players, &server)
                .await
                .with_context(|| format!("round {round}"))?;
            if let Some(before) = before {
                let after = holdings(&players).await?;
                if before != after {
                    bail!("round {round}: SIGTERM lost something: {before:?} became {after:?}");
                }
            }
            rest(&players, cashier, &server.address)
                .await
                .with_context(|| {
                    format!(
                        "round {round}, after {}",
                        if gentle { "SIGTERM" } else { "kill -9" }
                    )
                })?;
            progress(&format!(
                "round {round} of {}: {} after {span:?}, in order after {:?}",
                self.rounds,
                if gentle { "SIGTERM" } else { "kill -9" },
                begun.elapsed()
            ));
        }
        players.iter().for_each(|player| player.leave());
        server.terminate()?;
        report.acknowledged = players.iter().map(|player| player.acknowledged.get()).sum();
        report.battles = players.iter().map(|player| player.fought.get()).sum();
        report.payments = players
            .iter()
            .map(|player| player.book.borrow().payments.len() as u64)
            .sum();
        Ok(report)
    }

    /// Everybody plays for a while, and is cut off in the middle of it.
    async fn play_once(
        &self,
        players: &[Rc<Player>],
        cashier: &Rc<Cashier>,
        address: &str,
        random: &Random,
        span: Duration,
    ) {
        let all: Rc<[_]> = players.into();
        let mut playing: Vec<_> = players
            .iter()
            .map(|player| {
                let (player, all) = (Rc::clone(player), Rc::clone(&all));
                spawn_local(async move { player.play(&all).await })
            })
            .collect();
        playing.extend(ask_for_payments(
            players,
            cashier,
            address,
            random,
            self.play_ms,
        ));
        tokio::time::sleep(span).await;
        for task in playing {
            task.abort();
            // Whatever it was doing has ended before the game is killed, or was cut off.
            let _ = task.await;
        }
    }
}

/// Payments that are asked for at some time of a round.
pub(crate) fn ask_for_payments(
    players: &[Rc<Player>],
    cashier: &Rc<Cashier>,
    address: &str,
    random: &Random,
    within_ms: u64,
) -> Vec<JoinHandle<()>> {
    let asked = (0..PAYMENTS).map(|_| {
        let player = Rc::clone(&players[random.below(players.len() as u64) as usize]);
        let id = [random.u64(), random.u64()].map(u64::to_le_bytes);
        let mut payment = [0; 16];
        payment.copy_from_slice(id.as_flattened());
        let gold = 1 + random.below(100);
        let later = Duration::from_millis(random.below(within_ms.max(1)));
        let (cashier, address) = (Rc::clone(cashier), address.to_owned());
        spawn_local(async move {
            tokio::time::sleep(later).await;
            let unpaid = Payment {
                gold,
                acknowledged: false,
            };
            player
                .book
                .borrow_mut()
                .payments
                .insert(Uuid(payment), unpaid);
            pay(&cashier, &address, &player, Uuid(payment), gold).await;
        })
    });
    asked.collect()
}

async fn pay(cashier: &Cashier, address: &str, player: &Player, payment: Uuid, gold: u64) {
    if cashier
        .pay(address, player.account(), payment.0, gold)
        .await
        && let Some(paid) = player.book.borrow_mut().payments.get_mut(&payment)
    {
        paid.acknowledged = true;
    }
}

/// Asks for what is not acknowledged, has all letters claimed, and checks that everything is in order.
pub(crate) async fn rest(
    players: &[Rc<Player>],
    cashier: &Cashier,
    address: &str,
) -> Result<Vec<crate::player::Holdings>> {
    for player in players {
        let open: Vec<_> = {
            let book = player.book.borrow();
            let open = book
                .payments
                .iter()
                .filter(|(_, payment)| !payment.acknowledged);
            open.map(|(id, payment)| (*id, payment.gold)).collect()
        };
        for (payment, gold) in open {
            pay(cashier, address, player, payment, gold).await;
        }
        let book = player.book.borrow();
        if book.payments.values().any(|payment| !payment.acknowledged) {
            bail!(
                "a payment for player {} is never acknowledged",
                player.index
            );
        }
    }
    audit(players).await?;
    holdings(players).await
}

async fn join(players: &[Rc<Player>], server: &Server) -> Result<()> {
    let joining: Vec<_> = players
        .iter()
        .map(|player| {
            let (player, address) = (Rc::clone(player), server.address.clone());
            spawn_local(async move {
                let joined = player.join(&address).await;
                joined.with_context(|| format!("player {} can't join", player.index))
            })
        })
        .collect();
    for joined in joining {
        joined.await??;
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills, {} stops, {} acknowledged calls, {} payments, {} battles seen to their end, started within {} ms: no violation",
            self.kills,
            self.stops,
            self.acknowledged,
            self.payments,
            self.battles,
            self.start_ms_max
        )
    }
}
