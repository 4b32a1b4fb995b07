//! A node with Arena's avatars drains while they are called: how long it takes, and how many calls fail.
//!
//! `playhouse-drain [COUNT]`: of twice so many avatars about one half lives on the node that drains, 10,000 by default. Two
//! game nodes, and a node of the role `db` with an embedded store in a temporary folder, all in this process.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arena::app::{Arena, Rules, node};
use arena_schema::common::AccountId;
use arena_schema::world::Avatar;
use playhouse::cluster::Embedded as Registry;
use playhouse::db::Remote;
use playhouse::node::{NodeBuilder, Running};
use playhouse::store::Embedded;

/// Callers at a time, on the node that stays.
const CALLERS: u64 = 64;
/// Pause of a caller between two calls.
const PAUSE: Duration = Duration::from_millis(5);

/// What the callers have seen.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    calls: AtomicU64,
    failed: AtomicU64,
    longest_us: AtomicU64,
}

fn main() -> Result<()> {
    let count: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(10_000), |it| it.parse())?;
    let folder = tempfile::tempdir()?;
    let db = start(
        node(Arena::new(Rules::default()))
            .name("db")
            .roles(["db"])
            .store(Embedded::at(folder.path()))
            .shards(1),
    )?;
    let db_at = db.addresses().remove(0);
    let stays = start(game("stays", &db_at).cluster(Registry::hosting()))?;
    let registry = stays.addresses().remove(0);
    let leaves = start(game("leaves", &db_at).cluster(Registry::at(&*registry)))?;
    std::thread::sleep(Duration::from_secs(1));

    let begun = Instant::now();
    let seen = Arc::new(Seen::default());
    call_each(&stays, 2 * count, &seen)?;
    say("avatars made on two nodes", begun.elapsed(), 2 * count);
    check(&seen);

    let seen = Arc::new(Seen::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let seen = Arc::clone(&seen);
            stays.spawn(move || load(caller, 2 * count, seen))
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    say_calls("before", &seen);
    let begun = Instant::now();
    leaves.stop();
    leaves.wait().context("the node does not stop well")?;
    say("the node drained and stopped", begun.elapsed(), count);
    say_calls("meanwhile", &seen);
    std::thread::sleep(Duration::from_secs(2));
    seen.over.store(true, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.wait().is_ok(), "a caller was cut off");
    }
    say_calls("afterwards", &seen);

    let seen = Arc::new(Seen::default());
    let begun = Instant::now();
    call_each(&stays, 2 * count, &seen)?;
    say(
        "each called once more, all on one node",
        begun.elapsed(),
        2 * count,
    );
    check(&seen);
    for node in [stays, db] {
        node.stop();
        node.wait().context("a node does not stop well")?;
    }
    Ok(())
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
    seen.calls.fetch_add(1, Ordering::Relaxed);
    if let Err(failure) = statement
        && seen.failed.fetch_add(1, Ordering::Relaxed) < 5
    {
        let _nobody_reads = writeln!(std::io::stdout(), "           {failure}");
    }
    let us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    seen.longest_us.fetch_max(us, Ordering::Relaxed);
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

fn call_each(from: &Running, count: u64, seen: &Arc<Seen>) -> Result<()> {
    let lanes: Vec<_> = (0..CALLERS)
        .map(|lane| {
            let seen = Arc::clone(seen);
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
    Ok(())
}

fn check(seen: &Seen) {
    let failed = seen.failed.load(Ordering::Relaxed);
    assert_eq!(failed, 0, "calls that failed");
}

fn say_calls(when: &str, seen: &Seen) {
    let calls = seen.calls.swap(0, Ordering::Relaxed);
    let failed = seen.failed.swap(0, Ordering::Relaxed);
    let longest = Duration::from_micros(seen.longest_us.swap(0, Ordering::Relaxed));
    let _nobody_reads = writeln!(
        std::io::stdout(),
        "           {when}: {calls} calls, {failed} failed, the longest took {longest:.1?}"
    );
}

fn say(what: &str, time: Duration, count: u64) {
    let each = count as f64 / time.as_secs_f64();
    let _nobody_reads = writeln!(
        std::io::stdout(),
        "{:>10.2?} {what}, {each:.0} a second",
        time
    );
}
