//! The game over real sockets: the node on its own threads, all bots on one, the view on this one.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use arena::app::{Arena, Rules};
use arena_bots::crowd::{self, CrowdOptions};
use arena_bots::meter::Meter;
use playhouse::store::Embedded;
use tokio::task::LocalSet;

use crate::arguments::Arguments;
use crate::served::Served;
use crate::summary::Summary;
use crate::view::View;

/// How often the view looks at the counters.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// Plays, and says whether every bot got what it expected.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let mut view = View::new(arguments);
    let served = Served::default();
    let temporary = tempfile::tempdir().context("there is no folder for the players")?;
    let data = arguments.data.as_deref().unwrap_or(temporary.path());
    let node = arena::app::node(Arena::new(rules()))
        .store(Embedded::at(data))
        .listen("127.0.0.1:0")
        .listen("kcp://127.0.0.1:0")
        .interceptor(served.clone())
        .build()
        .context("the game can't be set up")?;
    let running = node.start().context("the game can't start")?;
    let addresses = running.addresses();
    view.begin(addresses.first().context("the game listens nowhere")?);

    let meter = Arc::new(Meter::default());
    let begun = Instant::now();
    let playing = spawn_bots(arguments, addresses, &meter)?;
    while !playing.is_finished() {
        view.show(begun.elapsed(), &meter.read(), served.count());
        thread::sleep(LOOKS_EVERY);
    }
    playing
        .join()
        .map_err(|_| anyhow!("the bots' thread panicked"))??;
    let lasted = begun.elapsed();
    view.end();

    let summary = Summary::new(lasted, &meter, served.count());
    running.stop();
    running
        .wait()
        .context("the game did not stop as it should")?;
    summary.print(arguments, None);
    Ok(summary.is_good())
}

/// Short battles, so that whoever looks sees many.
pub(crate) fn rules() -> Rules {
    Rules {
        battle_time: playhouse::Duration::from_seconds(10),
        ..Rules::default()
    }
}

/// All bots on a thread of their own, until the time is up or Ctrl-C is pressed.
pub(crate) fn spawn_bots(
    arguments: &Arguments,
    addresses: Vec<String>,
    meter: &Arc<Meter>,
) -> Result<JoinHandle<Result<()>>> {
    let (meter, arguments) = (Arc::clone(meter), arguments.clone());
    let play = move || play(&arguments, addresses, meter);
    Ok(thread::Builder::new().name("bots".to_owned()).spawn(play)?)
}

fn play(arguments: &Arguments, addresses: Vec<String>, meter: Arc<Meter>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = CrowdOptions {
        bots: arguments.bots,
        seed: arguments.seed,
        addresses,
        network: None,
        chaos: arguments.chaos,
    };
    let seconds = arguments.seconds;
    let stop = async move {
        let time_is_up = async {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {}
            () = time_is_up => {}
        }
    };
    LocalSet::new().block_on(&runtime, crowd::play(options, meter, stop));
    Ok(())
}
