//! `playhouse-resume`: how soon a client goes on whose link broke, and how soon all do whose gate died.
//!
//! `playhouse-resume [--json] [SESSIONS [STORM]]`. A home and a gate of another node, of two shards each, with all links encrypted. Each of
//! 1,000 sessions has its TCP connection cut, one after another, while all are there: the time is from the cut to the answer of a
//! call that is made then. With the client's usual pause before it dials, and with none. Then the gate, a process of its own, is killed
//! while 2,000 sessions are there by it, and starts again at the same address: the time is from when it listens.

use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use playhouse_bench::client::bench::AvatarProxy;
use playhouse_bench::figures::Table;
use playhouse_bench::lobby::{Lobby, Secrets, gate};
use playhouse_bench::part::{Part, until_told};
use playhouse_bench::players::{Cutting, Trusted, builder, enter};
use playhouse_client::{Backoff, Client, FailureKind};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

const USAGE: &str = "use: playhouse-resume [--json] [SESSIONS [STORM]]";
const SHARDS: usize = 2;
const SESSIONS: u64 = 1_000;
const STORM: u64 = 2_000;
/// Clients that come at once.
const AT_ONCE: u64 = 32;
/// The longest time that is told apart from longer ones: ten minutes.
const MOST_US: u64 = 600_000_000;
/// A client without a pause before it dials.
const NO_PAUSE: Backoff = Backoff {
    least: Duration::ZERO,
    most: Duration::ZERO,
};
/// How long the gate is away.
const AWAY: Duration = Duration::from_secs(1);

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["gate", town, address, server, cluster] = words[..] {
        return serve(town, address, server, cluster);
    }
    let mut numbers = Vec::new();
    for word in words.iter().filter(|word| **word != "--json") {
        numbers.push(word.parse::<u64>().context(USAGE)?);
    }
    let json = words.contains(&"--json");
    let sessions = numbers.first().copied().unwrap_or(SESSIONS);
    let storm = numbers.get(1).copied().unwrap_or(STORM);
    let secrets = Secrets::make()?;
    let lobby = Lobby::start(Some(&secrets), SHARDS)?;
    let table = cuts(&lobby, &secrets, sessions)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    let table = killed(&lobby, &secrets, storm)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    lobby.stop()
}

fn row(times: &Histogram<u64>) -> [f64; 4] {
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|part| times.value_at_quantile(part));
    [p50, p90, p99, times.max()].map(|us| us as f64 / 1_000.0)
}

const COLUMNS: [&str; 4] = ["p50 ms", "p90", "p99", "the last"];

fn times() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, MOST_US, 3)?)
}

fn note(times: &mut Histogram<u64>, took: Duration) {
    times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(MOST_US));
}

/// A client that is there.
struct Player {
    cutting: Cutting,
    avatar: AvatarProxy,
    _client: Client,
}

async fn come(
    address: &str,
    trusted: &Trusted,
    backoff: Option<Backoff>,
    count: u64,
) -> Result<Vec<Player>> {
    let mut players = Vec::new();
    while (players.len() as u64) < count {
        let from = players.len() as u64;
        let coming: Vec<_> = (from..count.min(from + AT_ONCE))
            .map(|number| {
                let (trusted, address) = (trusted.clone(), address.to_owned());
                spawn_local(async move {
                    let cutting = Cutting::default();
                    let mut builder = builder(&trusted)?.network(Rc::new(cutting.clone()));
                    if let Some(backoff) = backoff {
                        builder = builder.backoff(backoff);
                    }
                    let (client, avatar) = enter(builder, &address, number).await?;
                    avatar.echo(Default::default()).await?;
                    Ok::<_, anyhow::Error>(Player {
                        cutting,
                        avatar,
                        _client: client,
                    })
                })
            })
            .collect();
        for player in coming {
            players.push(player.await??);
        }
    }
    Ok(players)
}

fn cuts(lobby: &Lobby, secrets: &Secrets, sessions: u64) -> Result<Table> {
    let address = format!("tcp://{}", lobby.gate.addresses().remove(0));
    let mut table = Table::new("from a cut to an answer", &COLUMNS);
    let pauses = [
        ("no pause", Some(NO_PAUSE)),
        ("a pause of 0.1 to 0.2 s", None),
    ];
    for (name, backoff) in pauses {
        let trusted = trusted(secrets);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let times = LocalSet::new().block_on(&runtime, async {
            let players = come(&address, &trusted, backoff, sessions).await?;
            let mut times = times()?;
            for player in &players {
                let begun = Instant::now();
                player.cutting.cut();
                player.avatar.echo(Default::default()).await?;
                note(&mut times, begun.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        })?;
        table.row(name, &row(&times));
    }
    Ok(table)
}

fn trusted(secrets: &Secrets) -> Trusted {
    Trusted {
        key: Some(secrets.public),
        chain: None,
    }
}

fn killed(lobby: &Lobby, secrets: &Secrets, count: u64) -> Result<Table> {
    let (server, cluster) = secrets.reveal();
    let town = lobby.town.address();
    let start = |address: &str| Part::start(&["gate", &town, address, server, cluster]);
    let mut gate = start("127.0.0.1:0")?;
    let address = gate.line()?;
    let trusted = trusted(secrets);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let at = format!("tcp://{address}");
    let players = local.block_on(&runtime, come(&at, &trusted, None, count))?;
    drop(gate);
    let calls: Vec<_> = players
        .iter()
        .map(|player| {
            let avatar = player.avatar.clone();
            local.spawn_local(async move {
                loop {
                    match avatar.echo(Default::default()).await {
                        // Not for long enough did it have a link.
                        Err(failure) if failure.kind() == FailureKind::Timeout => {}
                        answer => return answer.map(|_| Instant::now()),
                    }
                }
            })
        })
        .collect();
    let restarting = std::thread::spawn({
        let (town, address) = (town.clone(), address.clone());
        let (server, cluster) = (server.to_owned(), cluster.to_owned());
        move || {
            std::thread::sleep(AWAY);
            let mut gate = Part::start(&["gate", &town, &address, &server, &cluster])?;
            gate.line()?;
            Ok::<_, anyhow::Error>((gate, Instant::now()))
        }
    });
    let back = local.block_on(&runtime, async {
        let mut back = Vec::new();
        for call in calls {
            back.push(call.await??);
        }
        Ok::<_, anyhow::Error>(back)
    })?;
    let restarted = restarting.join();
    let (_gate, listens) = restarted.map_err(|_| anyhow::anyhow!("a thread has panicked"))??;
    let mut times = times()?;
    for at in back {
        note(&mut times, at.saturating_duration_since(listens));
    }
    let mut table = Table::new("from a gate's restart to an answer", &COLUMNS);
    table.row(&format!("{count} sessions at once"), &row(&times));
    Ok(table)
}

/// A gate, until nobody listens any more.
fn serve(town: &str, address: &str, server: &str, cluster: &str) -> Result<()> {
    let node = gate(town, "gate-of-its-own").shards(SHARDS).listen(address);
    let node = node
        .server_key(server.parse()?)
        .cluster_key(cluster.parse()?);
    let node = node.build()?.start()?;
    let mut out = std::io::stdout();
    let addresses = node.addresses();
    writeln!(out, "{}", addresses.last().context("it listens")?)?;
    out.flush()?;
    until_told()?;
    node.stop();
    node.wait().context("the gate does not stop well")
}
