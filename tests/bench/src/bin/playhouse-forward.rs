//! `playhouse-forward`: what a gate between a client and its session's home costs.
//!
//! `playhouse-forward [--json] [ROUNDS [SECONDS]]`. Clients call the avatars that they are bound to: with their links at the home
//! itself, and at a gate of another node that passes everything on; plainly, and with all links encrypted. All of it is in this
//! process, each node of two shards, the clients on two threads. The ways take turns; what counts is the median of all rounds, and
//! the median of the ratios to the direct way of the same round. Processor time is counted by thread.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use playhouse_bench::client::bench::{AvatarProxy, Message};
use playhouse_bench::figures::{Table, median};
use playhouse_bench::lobby::{Lobby, Secrets};
use playhouse_bench::players::{Trusted, builder, enter};
use playhouse_client::{Bytes, Client};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

/// Shards of each node.
const SHARDS: usize = 2;
/// Threads of clients.
const THREADS: u64 = 2;
/// Clients, and calls that each has underway.
const CLIENTS: u64 = 8;
const INFLIGHT: u64 = 64;
/// Calls of a client that are timed one after another.
const TIMED: u64 = 500;
/// The longest latency that is told apart from longer ones: a minute.
const LATENCY_MAX_NS: u64 = 60_000_000_000;
const WARM_UP: Duration = Duration::from_millis(300);

/// By which way clients come.
struct Way {
    name: String,
    address: String,
    trusted: Trusted,
    /// Bytes that go to and fro.
    bytes: usize,
    /// The place of the way that it is compared with: direct, as well encrypted, with as many bytes.
    direct: usize,
}

/// What came of one way in one round.
#[derive(Clone)]
struct Seen {
    /// Calls in a second.
    rate: f64,
    /// Microseconds of processor time for each call: of clients, of the gate, of the home.
    cpu_us: [f64; 3],
    /// Microseconds of one call among no others, at the median.
    alone_us: f64,
}

fn main() -> Result<()> {
    let mut numbers = Vec::new();
    let mut json = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => json = true,
            number => numbers.push(
                number
                    .parse::<f64>()
                    .context("use: playhouse-forward [--json] [ROUNDS [SECONDS]]")?,
            ),
        }
    }
    let rounds = numbers.first().map_or(5, |rounds| *rounds as usize).max(1);
    let time = Duration::from_secs_f64(numbers.get(1).copied().unwrap_or(2.0));
    let secrets = Secrets::make()?;
    let plain = Lobby::start(None, SHARDS)?;
    let sealed = Lobby::start(Some(&secrets), SHARDS)?;
    let trusted = Trusted {
        key: Some(secrets.public),
        chain: None,
    };
    let ways = ways(&plain, &sealed, &trusted);
    let mut seen = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (seen, way) in seen.iter_mut().zip(&ways) {
            seen.push(round(way, time).with_context(|| way.name.clone())?);
        }
    }
    let table = table(&ways, &seen);
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    plain.stop()?;
    sealed.stop()
}

fn ways(plain: &Lobby, sealed: &Lobby, trusted: &Trusted) -> Vec<Way> {
    let mut ways = Vec::new();
    for bytes in [16, 256] {
        for (lobby, trusted, how) in [
            (plain, &Trusted::default(), "plain"),
            (sealed, trusted, "encrypted"),
        ] {
            let direct = ways.len();
            for (node, by) in [(&lobby.home, "direct"), (&lobby.gate, "by a gate")] {
                ways.push(Way {
                    name: format!("{bytes} bytes, {how}, {by}"),
                    address: format!("tcp://{}", node.addresses().remove(0)),
                    trusted: trusted.clone(),
                    bytes,
                    direct,
                });
            }
        }
    }
    ways
}

fn table(ways: &[Way], seen: &[Vec<Seen>]) -> Table {
    let columns = [
        "k/s",
        "x direct",
        "us of the clients",
        "of the gate",
        "of the home",
        "of all, x direct",
        "us one at a time",
        "us more than direct",
    ];
    let mut table = Table::new("8 x 64 calls underway", &columns);
    for (way, rounds) in ways.iter().zip(seen) {
        let direct = &seen[way.direct];
        let of = |f: &dyn Fn(&Seen, &Seen) -> f64| {
            median(
                rounds
                    .iter()
                    .zip(direct)
                    .map(|(seen, direct)| f(seen, direct)),
            )
        };
        table.row(
            &way.name,
            &[
                of(&|seen, _| seen.rate / 1_000.0),
                of(&|seen, direct| seen.rate / direct.rate),
                of(&|seen, _| seen.cpu_us[0]),
                of(&|seen, _| seen.cpu_us[1]),
                of(&|seen, _| seen.cpu_us[2]),
                of(&|seen, direct| {
                    seen.cpu_us.iter().sum::<f64>() / direct.cpu_us.iter().sum::<f64>()
                }),
                of(&|seen, _| seen.alone_us),
                of(&|seen, direct| seen.alone_us - direct.alone_us),
            ],
        );
    }
    table
}

/// What the threads that call are told.
#[derive(Default)]
struct Signals {
    /// Calls that end are counted.
    counts: AtomicBool,
    over: AtomicBool,
}

fn round(way: &Way, time: Duration) -> Result<Seen> {
    let signals = Arc::new(Signals::default());
    let (ready, all_ready) = std::sync::mpsc::channel();
    let threads: Vec<JoinHandle<Result<u64>>> = (0..THREADS)
        .map(|thread| {
            let (address, trusted) = (way.address.clone(), way.trusted.clone());
            let (signals, ready, bytes) = (Arc::clone(&signals), ready.clone(), way.bytes);
            std::thread::Builder::new()
                .name(format!("clients-{thread}"))
                .spawn(move || {
                    let runtime = Builder::new_current_thread().enable_all().build()?;
                    let numbers = (0..CLIENTS).filter(|number| number % THREADS == thread);
                    LocalSet::new().block_on(&runtime, async {
                        let mut clients = Vec::new();
                        for number in numbers {
                            clients.push(enter(builder(&trusted)?, &address, number).await?);
                        }
                        // Whoever waits is there.
                        let _ = ready.send(());
                        call_all(&clients, &signals, bytes).await
                    })
                })
                .context("no thread")
        })
        .collect::<Result<_>>()?;
    for _ in 0..THREADS {
        all_ready.recv().context("a client found no home")?;
    }
    std::thread::sleep(WARM_UP);
    signals.counts.store(true, Ordering::Relaxed);
    let (begun, used) = (Instant::now(), by_thread()?);
    std::thread::sleep(time);
    signals.counts.store(false, Ordering::Relaxed);
    let (took, now_used) = (begun.elapsed(), by_thread()?);
    signals.over.store(true, Ordering::Relaxed);
    let mut calls = 0;
    for thread in threads {
        let called = thread.join();
        calls += called.map_err(|_| anyhow::anyhow!("a thread has panicked"))??;
    }
    ensure!(calls > 0, "no call came through");
    let cpu_us = ["clients", "gate", "home"].map(|who| {
        let of = |used: &BTreeMap<String, f64>| used.get(who).copied().unwrap_or_default();
        (of(&now_used) - of(&used)) * 1_000_000.0 / calls as f64
    });
    Ok(Seen {
        rate: calls as f64 / took.as_secs_f64(),
        cpu_us,
        alone_us: alone(way)?,
    })
}

async fn call_all(
    clients: &[(Client, AvatarProxy)],
    signals: &Arc<Signals>,
    bytes: usize,
) -> Result<u64> {
    let count = Rc::new(Cell::new(0));
    let callers: Vec<_> = clients
        .iter()
        .flat_map(|(_, avatar)| (0..INFLIGHT).map(move |_| avatar.clone()))
        .map(|avatar| {
            let (signals, count) = (Arc::clone(signals), Rc::clone(&count));
            spawn_local(async move {
                let message = message(bytes);
                while !signals.over.load(Ordering::Relaxed) {
                    call(&avatar, &message).await?;
                    if signals.counts.load(Ordering::Relaxed) {
                        count.set(count.get() + 1);
                    }
                }
                Ok::<_, anyhow::Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(count.get())
}

fn message(bytes: usize) -> Message {
    Message {
        id: 1,
        name: "player-000000001".to_owned(),
        data: Bytes(vec![7; bytes]),
    }
}

async fn call(avatar: &AvatarProxy, message: &Message) -> Result<()> {
    let back = avatar.echo(message.clone()).await?;
    ensure!(back == *message, "a call came back wrong");
    Ok(())
}

/// The median of the microseconds of a call, one after another, of clients one after another.
fn alone(way: &Way) -> Result<f64> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut times = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_NS, 3)?;
        let message = message(way.bytes);
        for number in 0..CLIENTS {
            let (_client, avatar) = enter(builder(&way.trusted)?, &way.address, number).await?;
            for _ in 0..TIMED {
                let begun = Instant::now();
                call(&avatar, &message).await?;
                times.saturating_record(begun.elapsed().as_nanos() as u64);
            }
        }
        Ok(times.value_at_quantile(0.5) as f64 / 1_000.0)
    })
}

/// Seconds of processor time of this process's threads, by what stands before the first dash of their names.
fn by_thread() -> Result<BTreeMap<String, f64>> {
    let mut used = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task").context("cannot read /proc/self/task")? {
        let folder = task?.path();
        // A thread may end meanwhile.
        let (Ok(name), Ok(stat)) = (
            fs::read_to_string(folder.join("comm")),
            fs::read_to_string(folder.join("schedstat")),
        ) else {
            continue;
        };
        let ran_ns = stat.split_whitespace().next().unwrap_or_default();
        let ran_ns: f64 = ran_ns.parse().unwrap_or_default();
        let who = name.trim().split('-').next().unwrap_or_default().to_owned();
        *used.entry(who).or_insert(0.0) += ran_ns / 1e9;
    }
    Ok(used)
}
