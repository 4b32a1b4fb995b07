//! The game over real sockets: the node on its own threads, all bots on one, the view on this one.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use arena::app::{Arena, Rules};
use arena_bots::crowd::{self, CrowdOptions};
use arena_bots::meter::Meter;
use playhouse::login::Http;
use playhouse::node::GUESTS_PER_ADDRESS;
use playhouse::store::Embedded;
use playhouse_client::kcp;
use tokio::task::LocalSet;

use crate::arguments::{Arguments, LoginBy};
use crate::doors::Doors;
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
    let players = temporary.path().join("players");
    let data = arguments.data.as_deref().unwrap_or(&players);
    let doors = Doors::new(arguments, temporary.path())?;
    let mut node = doors
        .open(arena::app::node(Arena::new(rules())))?
        .store(Embedded::at(data))
        // All bots have one address.
        .guests_per_address(arguments.bots.max(GUESTS_PER_ADDRESS))
        .interceptor(served.clone());
    if arguments.login == LoginBy::Http {
        node = node.login_http(Http::at("127.0.0.1:0"));
    }
    let node = node.build().context("the game can't be set up")?;
    let running = node.start().context("the game can't start")?;
    let ways = Ways {
        doors,
        addresses: running.addresses(),
        login_http: running.login_address(),
    };
    view.begin(&ways.addresses.join(", "));

    let meter = Arc::new(Meter::default());
    let begun = Instant::now();
    let playing = spawn_bots(arguments, ways, &meter)?;
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

/// Where bots come in.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) doors: Doors,
    pub(crate) addresses: Vec<String>,
    /// Where they log in over HTTP, if they do.
    pub(crate) login_http: Option<String>,
}

/// All bots on a thread of their own, until the time is up or Ctrl-C is pressed.
pub(crate) fn spawn_bots(
    arguments: &Arguments,
    ways: Ways,
    meter: &Arc<Meter>,
) -> Result<JoinHandle<Result<()>>> {
    let (meter, arguments) = (Arc::clone(meter), arguments.clone());
    let play = move || play(&arguments, ways, meter);
    Ok(thread::Builder::new().name("bots".to_owned()).spawn(play)?)
}

fn play(arguments: &Arguments, ways: Ways, meter: Arc<Meter>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let options = CrowdOptions {
        bots: arguments.bots,
        seed: arguments.seed,
        networks: ways.doors.networks()?,
        kcp: Some(kcp::Options::FAST),
        server_key: ways.doors.server_key(),
        addresses: ways.addresses,
        login_http: ways.login_http,
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
