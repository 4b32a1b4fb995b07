//! Arena's avatars on the embedded store: made, stopped, loaded again, and changed by one property each.
//!
//! `playhouse-avatars [COUNT]`, 10,000 by default; the store is in a temporary folder.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arena::app::{Arena, Rules, node};
use arena_schema::common::AccountId;
use arena_schema::world::{Avatar, Settings};
use playhouse::node::Running;
use playhouse::store::Embedded;

/// Calls that are on their way at a time on each shard.
const AT_ONCE: u64 = 256;
/// Shards of the node.
const SHARDS: u64 = 2;

fn main() -> Result<()> {
    let count = std::env::args()
        .nth(1)
        .map_or(Ok(10_000), |it| it.parse())?;
    let folder = tempfile::tempdir()?;

    let running = start(folder.path())?;
    say(
        "avatars made and asked once",
        timed(|| each(&running, count, ask)),
        count,
    );
    let begun = Instant::now();
    stop(running)?;
    say(
        "all of them saved and given back, and the node stopped",
        begun.elapsed(),
        count,
    );

    let begun = Instant::now();
    let running = start(folder.path())?;
    say("the node started again", begun.elapsed(), 0);
    say(
        "all of them loaded and asked once",
        timed(|| each(&running, count, ask)),
        count,
    );
    say(
        "asked once more",
        timed(|| each(&running, count, ask)),
        count,
    );

    let before = written()?;
    say(
        "one property of each changed",
        timed(|| each(&running, count, configure)),
        count,
    );
    let begun = Instant::now();
    stop(running)?;
    say("saved, and the node stopped", begun.elapsed(), count);
    let bytes = (written()? - before) / count.max(1);
    writeln!(std::io::stdout(), "{bytes:>10} bytes written for each")?;
    Ok(())
}

fn start(folder: &Path) -> Result<Running> {
    let game = node(Arena::new(Rules::default()))
        .store(Embedded::at(folder))
        .save_every(Duration::from_secs(3_600))
        .stop_timeout(Duration::from_secs(60))
        .shards(SHARDS as usize);
    game.build()?.start().context("the node does not start")
}

fn stop(running: Running) -> Result<()> {
    running.stop();
    running.wait().context("the node does not stop well")
}

async fn ask(account: AccountId) {
    let statement = Avatar::of(account).wallet().statement().await;
    assert!(statement.is_ok(), "{statement:?}");
}

async fn configure(account: AccountId) {
    let settings = Settings {
        volume: 3,
        ..Settings::default()
    };
    let sent = Avatar::of(account).configure(settings);
    assert!(sent.is_ok(), "{sent:?}");
    // The call is through once a later one is answered.
    ask(account).await;
}

/// Makes a call of each avatar, from both shards.
fn each<F: Future<Output = ()> + 'static>(
    running: &Running,
    count: u64,
    call: impl Fn(AccountId) -> F + Copy + Send + 'static,
) {
    let lanes = (0..SHARDS * AT_ONCE).map(|lane| {
        running.spawn_on(lane as usize, move || async move {
            let mut account = lane + 1;
            while account <= count {
                call(AccountId(account)).await;
                account += SHARDS * AT_ONCE;
            }
        })
    });
    let lanes: Vec<_> = lanes.collect();
    for lane in lanes {
        assert!(lane.wait().is_ok(), "a lane was cut off");
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// Bytes that this process has written, as the system counts them.
fn written() -> Result<u64> {
    let counts = std::fs::read_to_string("/proc/self/io")?;
    let line = counts.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.context("there is no such count here")?.parse()?)
}

fn say(what: &str, time: Duration, count: u64) {
    let each = match count {
        0 => String::new(),
        count => format!(", {:.0} a second", count as f64 / time.as_secs_f64()),
    };
    let _nobody_reads = writeln!(std::io::stdout(), "{:>10.2?} {what}{each}", time);
}
