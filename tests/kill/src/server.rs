//! The game as the process that is killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use arena::app::{self, Arena, node};
use playhouse::log::{Logging, Terminal};
use playhouse::store::Embedded;
use playhouse::store::durable::{Rule, Rules};

/// How long it may take until the game says where it listens, or has stopped.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the process is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// The folder of its store
    #[arg(long)]
    data: PathBuf,
    /// How often it saves, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    save_ms: u64,
    /// A rule of the durable protocol that is not kept: the checker must notice
    #[arg(long, value_parser = rule)]
    without: Option<Rule>,
}

/// Serves the game until it is killed, or told to stop. Says on its output where it listens.
///
/// # Errors
///
/// If the game can't start or does not stop as it should.
pub fn serve(serve: &Serve) -> Result<()> {
    let seconds = playhouse::Duration::from_seconds;
    let rules = app::Rules {
        battle_time: seconds(1),
        gather_time: seconds(1),
        ..app::Rules::default()
    };
    let game = node(Arena::new(rules))
        .store(Embedded::at(&serve.data))
        .save_every(Duration::from_millis(serve.save_ms))
        .rules(serve.without.map_or_else(Rules::default, Rules::without))
        .shards(2)
        .listen("127.0.0.1:0")
        .build()?;
    // Whatever a violation is due to may have been said before it.
    let log = Logging::builder()
        .levels("error")
        .terminal(Terminal::stderr());
    let _guard = log.install()?;
    let running = game.start()?;
    let addresses = running.addresses();
    let address = addresses.first().context("the game listens nowhere")?;
    writeln!(std::io::stdout(), "{address}")?;
    running.run_until_signal()?;
    Ok(())
}

/// A rule by its name.
///
/// # Errors
///
/// The names that there are.
pub fn rule(name: &str) -> Result<Rule, String> {
    let found = Rule::ALL
        .into_iter()
        .find(|rule| format!("{rule:?}") == name);
    found.ok_or_else(|| format!("there are the rules {:?}", Rule::ALL))
}

/// The process, as its killer sees it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// How long it took until it listened.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts `program serve` on the store in `data`.
    pub(crate) fn start(program: &Path, data: &Path, without: Option<Rule>) -> Result<Self> {
        let begun = Instant::now();
        let without = without.map(|rule| format!("--without={rule:?}"));
        let mut child = Command::new(program)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(without)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be run", program.display()))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().to_owned();
        if address.is_empty() {
            let status = child.wait()?;
            bail!("the game did not start: {status}; its log is above");
        }
        Ok(Self {
            child,
            address,
            started_in: begun.elapsed(),
        })
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits until it has ended.
    pub(crate) fn terminate(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status()?;
        if !sent.success() {
            bail!("SIGTERM can't be sent: {sent}");
        }
        let status = self.wait()?;
        if !status.success() {
            bail!("the game did not stop well after SIGTERM: {status}; its log is above");
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the game did not end within {PATIENCE:?} after SIGTERM")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What has ended already can't be killed, which is all right.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
