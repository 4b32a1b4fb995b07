//! The same game on a simulated network and in virtual time, decided by a seed.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use arena::app::Arena;
use arena_bots::crowd::{self, CrowdOptions};
use arena_bots::meter::Meter;
use playhouse::login::TokenKeys;
use playhouse::sim::Sim;
use playhouse_client::Scheme;

use crate::arguments::Arguments;
use crate::live::rules;
use crate::served::Served;
use crate::summary::{Simulated, Summary};

/// Where the game is on the simulated network.
const HOST: &str = "arena";
const PORT: u16 = 7000;
/// Virtual time that bots may take to finish what they do.
const FINISH: Duration = Duration::from_secs(120);
/// Virtual time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Plays one seed and prints what it came to.
pub(crate) fn one(arguments: &Arguments) -> Result<bool> {
    let (summary, simulated) = simulate(arguments, arguments.seed, true)?;
    summary.print(arguments, Some(simulated));
    Ok(summary.is_good())
}

/// Plays many seeds and prints a line for each that fails.
pub(crate) fn many(arguments: &Arguments, seeds: Range<u64>) -> Result<bool> {
    let begun = Instant::now();
    let (mut failed, all) = (0, seeds.end - seeds.start);
    for seed in seeds {
        let why = match simulate(arguments, seed, false) {
            Ok((summary, _)) if summary.is_good() => continue,
            Ok((summary, _)) => summary.failures().first().cloned().unwrap_or_default(),
            Err(error) => format!("{error:#}"),
        };
        failed += 1;
        let again = format!("cargo demo --sim --seed {seed} --bots {}", arguments.bots);
        let _closed = writeln!(
            std::io::stdout().lock(),
            "seed {seed} failed: {why} ({again} --seconds {})",
            arguments.simulated_time().as_secs()
        );
    }
    note(&format!(
        "{all} seeds, {failed} failed, in {:.1?}",
        begun.elapsed()
    ));
    Ok(failed == 0)
}

fn simulate(arguments: &Arguments, seed: u64, shows: bool) -> Result<(Summary, Simulated)> {
    let begun = Instant::now();
    let sim = Sim::new(seed);
    // What the game keeps, it keeps as in production: on a store that takes its time.
    let _store = sim.store();
    let served = Served::default();
    let counter = served.clone();
    let keys = TokenKeys::new([[7; 32]])?;
    sim.node(HOST, move || {
        let arena = Arena {
            // One that a replay has too: secrets are none here.
            keys: keys.clone(),
            rules: rules(),
        };
        arena::app::node(arena)
            .listen(format!("{HOST}:{PORT}"))
            .interceptor(counter.clone())
    });

    let meter = Arc::new(Meter::default());
    let (bots, chaos, time) = (arguments.bots, arguments.chaos, arguments.simulated_time());
    let crowd_meter = Arc::clone(&meter);
    let played = sim.client("bots", async move |client| {
        let options = CrowdOptions {
            bots,
            seed,
            addresses: vec![format!("{HOST}:{PORT}")],
            networks: vec![(Scheme::Tcp, client.network())],
            kcp: None,
            server_key: None,
            login_http: None,
            chaos,
        };
        crowd::play(options, Arc::clone(&crowd_meter), tokio::time::sleep(time)).await;
    });
    let end = time + FINISH;
    while !played.is_there() && sim.now() < end {
        sim.run_for(PROGRESS_EVERY.min(Duration::from_secs(1)));
        if shows && sim.now().as_secs().is_multiple_of(PROGRESS_EVERY.as_secs()) {
            progress(&sim, &meter);
        }
    }
    meter.expect(played.take().is_some(), || {
        format!(
            "expected all bots to finish, came: still playing after {:?}",
            sim.now()
        )
    });
    let reading = format!("{:?}", meter.read());
    sim.mix(reading.as_bytes());
    let lasted = sim.now();
    let ended = sim.end().map_err(|error| anyhow!("{error}"))?;
    let simulated = Simulated {
        seed,
        hash: ended.hash,
        events: ended.events,
        took: begun.elapsed(),
    };
    Ok((Summary::new(lasted, &meter, served.count()), simulated))
}

fn progress(sim: &Sim, meter: &Meter) {
    let reading = meter.read();
    note(&format!(
        "{} virtual seconds: {} players, {} fighting, {} battles, {} expectations, {} failed",
        sim.now().as_secs(),
        reading.online,
        reading.fighting,
        reading.battles,
        reading.expectations,
        reading.failed,
    ));
}

/// A line of progress, on standard error so that standard output has results alone.
fn note(what: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{what}");
}
