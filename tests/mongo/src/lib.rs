//! A server that speaks MongoDB's protocol, for tests: SecantusDB, a process of its own.
//!
//! It is beta, has one node and does some 340 updates a second, so fail-over and speed can't be shown with it. What a lost
//! majority or a lost answer does is shown by making it answer so, with the fail points that MongoDB has for its drivers' tests.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);
/// Runs the server for as long as its own input is open, so that no server outlives its test, however that ends. Signals by
/// name come as lines.
const WRAPPER: &str = r#""$@" </dev/null & pid=$!; while read -r line; do kill -"$line" $pid; done; kill -9 $pid; wait $pid"#;
/// How long a server may take to end that was told to.
const STOP_MAX: Duration = Duration::from_secs(30);
/// How long it may take connections after it was told, until it is told again: on a busy machine a signal is now and then seen by
/// none but a thread that does not handle it.
const TELL_EVERY: Duration = Duration::from_secs(3);

/// A server on a free port, with a folder of its own.
#[derive(Debug)]
pub struct Server {
    port: u16,
    /// Bound to the port and never listening: the system gives the port to nobody else, also while the server is away.
    _held: TcpSocket,
    folder: TempDir,
    options: Vec<String>,
    running: Option<Child>,
}

impl Server {
    /// Starts one with these options of the server's.
    ///
    /// # Errors
    ///
    /// If it is not installed, which says how it is, or does not come up.
    pub fn start(options: &[&str]) -> Result<Self> {
        let mut server = Self::absent(options)?;
        server.resume()?;
        Ok(server)
    }

    /// One that is not running yet: its port is free.
    ///
    /// # Errors
    ///
    /// If there is no free port or no folder.
    pub fn absent(options: &[&str]) -> Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self {
            port: held.local_addr()?.port(),
            _held: held,
            folder: tempfile::tempdir()?,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            running: None,
        })
    }

    /// Starts it again, on the same port and folder.
    ///
    /// # Errors
    ///
    /// If it is not installed, or does not come up.
    pub fn resume(&mut self) -> Result<()> {
        let program = program();
        if !program.exists() {
            bail!(
                "{} is missing: get it with `cargo verify --install --only requirements`",
                program.display()
            );
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let mut command = Command::new("sh");
        command
            .args(["-c", WRAPPER, "sh"])
            .arg(program)
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--log-level", "WARNING", "--cache-size", "64M"])
            .arg("--storage-path")
            .arg(self.folder.path().join("data"))
            .args(&self.options)
            // It would read a configuration from the folder that it is started in.
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.running = Some(command.spawn().context("the server can't be started")?);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if start.elapsed() > START_MAX {
                let log = std::fs::read_to_string(self.folder.path().join("log"));
                bail!("the server does not come up: {}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends it as a crash does, and waits until it is gone.
    pub fn kill(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        drop(running.stdin.take());
        // The wrapper ends after the server, and cannot be waited for twice.
        let _ = running.wait();
    }

    /// Tells it to end, waits until it takes no connections any more, and ends what is left of it.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub fn stop(&mut self) -> Result<()> {
        let start = Instant::now();
        let mut told = None;
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            if start.elapsed() > STOP_MAX {
                bail!("the server does not end within {STOP_MAX:?} after SIGTERM");
            }
            if told.is_none_or(|at: Instant| at.elapsed() > TELL_EVERY) {
                told = Some(Instant::now());
                if let Some(input) = self.running.as_mut().and_then(|it| it.stdin.as_mut()) {
                    input.write_all(b"TERM\n")?;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
        Ok(())
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// With these options from its next start on.
    #[must_use]
    pub fn with(mut self, options: &[&str]) -> Self {
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self
    }

    /// The address without credentials.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/", self.port)
    }

    /// The address with options of the driver's or with credentials.
    #[must_use]
    pub fn uri_with(&self, credentials: &str, options: &str) -> String {
        format!("mongodb://{credentials}@127.0.0.1:{}/?{options}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One server that all tests of a process share; each takes a database of its own.
///
/// # Panics
///
/// If it can't be started.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match Server::start(&[]) {
        Ok(server) => server,
        Err(error) => panic!("{error:#}"),
    })
}

/// Where `cargo verify --install` puts it.
fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/secantus/bin/secantusd-py")
}
