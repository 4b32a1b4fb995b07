//! Arena's avatars on two nodes: how fast they begin, and what callers notice when one of the nodes drains.
//!
//! `playhouse-drain [COUNT [FOLDER]]`: of twice so many avatars about one half lives on the node that drains, 10,000 by
//! default. Two game nodes, and a node of the role `db` with an embedded store in a new folder in FOLDER, all in this process.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arena::app::{Arena, Rules, node};
use arena_schema::common::AccountId;
use arena_schema::world::Avatar;
use hdrhistogram::Histogram;
use playhouse::cluster::Embedded as Registry;
use playhouse::db::Remote;
use playhouse::log::{Logging, Terminal};
use playhouse::node::{NodeBuilder, Running};
use playhouse::store::Embedded;

/// Callers at a time, on the node that stays.
const CALLERS: u64 = 64;
/// Pause of a caller between two calls.
const PAUSE: Duration = Duration::from_millis(5);
/// Longer calls count as this long, in microseconds.
const LONGEST_US: u64 = 120_000_000;

/// What the callers have seen.
struct Seen {
    over: AtomicBool,
    failed: AtomicU64,
    /// How long each call took.
    us: Mutex<Histogram<u64>>,
}

impl Seen {
    fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            over: AtomicBool::new(false),
            failed: AtomicU64::new(0),
            us: Mutex::new(Histogram::new_with_max(LONGEST_US, 3)?),
        }))
    }

    fn us(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.us.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what was seen since this was said last.
    fn say(&self, when: &str) {
        let mut us = self.us();
        let ms = |us: u64| us as f64 / 1000.0;
        let _nobody_reads = writeln!(
            std::io::stdout(),
            "           {when}: {} calls, {} failed; p50 {:.2} ms, p99 {:.2} ms, the longest {:.2} ms",
            us.len(),
            self.failed.swap(0, Ordering::Relaxed),
            ms(us.value_at_quantile(0.5)),
            ms(us.value_at_quantile(0.99)),
            ms(us.max()),
        );
        us.reset();
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let count: u64 = args.next().map_or(Ok(10_000), |it| it.parse())?;
    let folder = match args.next() {
        Some(within) => tempfile::tempdir_in(within)?,
        None => tempfile::tempdir()?,
    };
    let log = Logging::builder()
        .levels("warn")
        .terminal(Terminal::stderr());
    let _guard = log.install()?;
    let db = start(
        node(Arena::new(Rules::default()))
            .name("db")
            .roles(["db"])
            .store(Embedded::at(folder.path()))
            .shards(1),
    )?;
    let db_at = db.addresses().remove(0);
    let (stays, leaves) = two(&db_at)?;
    say_memory("two nodes")?;
    call_each(&stays, 2 * count, "avatars made on two nodes")?;
    say_memory("with their avatars")?;

    let seen = Seen::new()?;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let seen = Arc::clone(&seen);
            stays.spawn(move || load(caller, 2 * count, seen))
        })
        .collect();
    std::thread::sleep(Duration::from_secs(12));
    seen.say("before");
    say_memory("and all of them saved once")?;
    let begun = Instant::now();
    leaves.stop();
    leaves.wait().context("the node does not stop well")?;
    say("the node drained and stopped", begun.elapsed(), count);
    seen.say("meanwhile");
    say_memory("all on one node")?;
    std::thread::sleep(Duration::from_secs(2));
    seen.over.store(true, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.wait().is_ok(), "a caller was cut off");
    }
    seen.say("afterwards");
    call_each(&stays, 2 * count, "each called once more, all on one node")?;

    let begun = Instant::now();
    stop(stays)?;
    say("all of them given back", begun.elapsed(), 2 * count);
    let (stays, leaves) = two(&db_at)?;
    call_each(&stays, 2 * count, "loaded on two nodes")?;
    for node in [leaves, stays, db] {
        stop(node)?;
    }
    Ok(())
}

/// Two game nodes, the first of which keeps the registry.
fn two(db: &str) -> Result<(Running, Running)> {
    let stays = start(game("stays", db).cluster(Registry::hosting()))?;
    let registry = stays.addresses().remove(0);
    let leaves = start(game("leaves", db).cluster(Registry::at(&*registry)))?;
    std::thread::sleep(Duration::from_secs(1));
    Ok((stays, leaves))
}

fn stop(node: Running) -> Result<()> {
    node.stop();
    node.wait().context("a node does not stop well")
}

fn game(name: &str, db: &str) -> NodeBuilder {
    node(Arena::new(Rules::default()))
        .name(name)
        .store(Remote::at(db))
        .stop_timeout(Duration::from_secs(60))
        .shards(1)
}

fn start(node: NodeBuilder) -> Result<Running> {
    let node = node.listen("127.0.0.1:0").build()?;
    node.start().context("a node does not start")
}

async fn call(account: u64, seen: &Seen) {
    let begun = Instant::now();
    let statement = Avatar::of(AccountId(account)).wallet().statement().await;
    if let Err(failure) = statement
        && seen.failed.fetch_add(1, Ordering::Relaxed) < 5
    {
        let _nobody_reads = writeln!(std::io::stdout(), "           {failure}");
    }
    let us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    seen.us().saturating_record(us);
}

async fn load(caller: u64, count: u64, seen: Arc<Seen>) {
    // A step that visits all, from another place for each.
    let mut account = caller * (count / CALLERS) + 1;
    while !seen.over.load(Ordering::Relaxed) {
        call(account, &seen).await;
        account = (account + 7_919) % count + 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Calls each avatar once, and says how that went. No call may fail.
fn call_each(from: &Running, count: u64, what: &str) -> Result<()> {
    let seen = Seen::new()?;
    let begun = Instant::now();
    let lanes: Vec<_> = (0..CALLERS)
        .map(|lane| {
            let seen = Arc::clone(&seen);
            from.spawn(move || async move {
                let mut account = lane + 1;
                while account <= count {
                    call(account, &seen).await;
                    account += CALLERS;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.wait()?;
    }
    say(what, begun.elapsed(), count);
    let failed = seen.failed.load(Ordering::Relaxed);
    seen.say("calls");
    assert_eq!(failed, 0, "calls that failed");
    Ok(())
}

/// What the process has in memory now, and had at most.
fn say_memory(when: &str) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mib = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024)
    };
    let (now, most) = (mib("VmRSS:"), mib("VmHWM:"));
    let (now, most) = now.zip(most).context("there is no such count here")?;
    let _nobody_reads = writeln!(
        std::io::stdout(),
        "           {when}: {now} MiB in memory, {most} MiB at most"
    );
    Ok(())
}

fn say(what: &str, time: Duration, count: u64) {
    let each = count as f64 / time.as_secs_f64();
    let _nobody_reads = writeln!(
        std::io::stdout(),
        "{:>10.2?} {what}, {each:.0} a second",
        time
    );
}
