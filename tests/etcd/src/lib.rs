//! etcd for tests: the real server, one or three, a relay in front of it that can be cut, and certificates.
//!
//! Read [`Server`] first. Everything stays on loopback, in a folder of its own that is removed behind it.

mod certificates;
mod port;
mod relay;

pub use certificates::Certificates;
pub use port::Port;
pub use relay::Relay;

use std::fs::File;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};
use tempfile::TempDir;

/// How long a server may take to start on a busy machine.
const START_MAX: Duration = Duration::from_secs(60);
/// Runs the server for as long as its own input is open, so that no server outlives its test, however that ends. Signals by
/// name come as lines.
const WRAPPER: &str = r#""$@" </dev/null & pid=$!; while read -r line; do kill -"$line" $pid; done; kill -9 $pid; wait $pid"#;

/// A server on a free port, with a folder of its own.
#[derive(Debug)]
pub struct Server {
    port: Port,
    peer_port: Port,
    folder: TempDir,
    name: String,
    /// All servers of its cluster by name and address, as etcd wants them.
    cluster: String,
    certificates: Option<Certificates>,
    running: Option<Child>,
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// If it is not installed, which says how it is, or does not come up.
    pub fn start() -> Result<Self> {
        Self::started(None)
    }

    /// Starts one that takes none but TLS, and only from those who show a certificate of the same authority.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_tls(certificates: Certificates) -> Result<Self> {
        Self::started(Some(certificates))
    }

    fn started(certificates: Option<Certificates>) -> Result<Self> {
        let mut server = Self::absent()?;
        server.certificates = certificates;
        server.resume()?;
        Ok(server)
    }

    /// Starts three that are one etcd, of which one may be away.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_three() -> Result<[Self; 3]> {
        let mut servers = [Self::absent()?, Self::absent()?, Self::absent()?];
        let mut cluster = Vec::new();
        for (number, server) in servers.iter_mut().enumerate() {
            server.name = format!("server-{number}");
            cluster.push(format!(
                "{}=http://127.0.0.1:{}",
                server.name,
                server.peer_port.number()
            ));
        }
        for server in &mut servers {
            server.cluster = cluster.join(",");
            server.spawn()?;
        }
        for server in &mut servers {
            server.wait_until_up()?;
        }
        Ok(servers)
    }

    /// One that is not running yet: its port is free.
    ///
    /// # Errors
    ///
    /// If there is no free port or no folder.
    pub fn absent() -> Result<Self> {
        let peer_port = Port::take()?;
        Ok(Self {
            port: Port::take()?,
            folder: tempfile::tempdir()?,
            name: "alone".to_owned(),
            cluster: format!("alone=http://127.0.0.1:{}", peer_port.number()),
            peer_port,
            certificates: None,
            running: None,
        })
    }

    /// Starts it again, on the same port and folder.
    ///
    /// # Errors
    ///
    /// If it is not installed, or does not come up.
    pub fn resume(&mut self) -> Result<()> {
        self.spawn()?;
        self.wait_until_up()
    }

    fn spawn(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let peer = format!("http://127.0.0.1:{}", self.peer_port.number());
        let endpoint = self.endpoint();
        let mut command = Command::new("sh");
        command
            .args(["-c", WRAPPER, "sh", "etcd", "--name", &self.name])
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .args(["--listen-client-urls", &endpoint])
            .args(["--advertise-client-urls", &endpoint])
            .args(["--listen-peer-urls", &peer])
            .args(["--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &self.cluster])
            // Tests don't wait for disks, and its folder goes with it.
            .args(["--bcrypt-cost", "4"])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(certificates) = &self.certificates {
            let folder = self.folder.path();
            std::fs::write(folder.join("ca.pem"), &certificates.authority)?;
            std::fs::write(folder.join("server.pem"), &certificates.server.0)?;
            std::fs::write(folder.join("server.key"), &certificates.server.1)?;
            command
                .args(["--cert-file", "server.pem", "--key-file", "server.key"])
                .args(["--client-cert-auth", "--trusted-ca-file", "ca.pem"]);
        }
        self.running = Some(command.spawn().context("the server can't be started")?);
        Ok(())
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            // The port is open before the server has its leader.
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let run = log.rsplit("etcd Version").next().unwrap_or_default();
            if run.contains("ready to serve client requests")
                && TcpStream::connect(("127.0.0.1", self.port.number())).is_ok()
            {
                return Ok(());
            }
            if log.contains("etcd: not found") {
                bail!("etcd is missing: get it with `cargo verify --install --only requirements`");
            }
            if start.elapsed() > START_MAX || run.contains("address already in use") {
                self.kill();
                bail!("the server does not come up: {log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
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

    /// Forgets everything it was told, as one whose disk was lost. It must not be running.
    ///
    /// # Errors
    ///
    /// If its folder can't be removed.
    pub fn forget(&mut self) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.folder.path().join("data"))?)
    }

    /// The address that nodes connect to.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let scheme = if self.certificates.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://127.0.0.1:{}", self.port.number())
    }

    /// Whether it leads the others.
    ///
    /// # Errors
    ///
    /// If it can't be asked.
    pub async fn is_leader(&self) -> Result<bool> {
        let status = self.client(None).await?.status().await?;
        let me = status.header().context("it says who it is")?.member_id();
        Ok(status.leader() == me)
    }

    /// The port alone.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The processor time that it has used since it started.
    ///
    /// # Errors
    ///
    /// If it is not running.
    pub fn processor_time(&self) -> Result<Duration> {
        let wrapper = self.running.as_ref().context("it is not running")?.id();
        let children = format!("/proc/{wrapper}/task/{wrapper}/children");
        let children = std::fs::read_to_string(children)?;
        let child = children.split_whitespace().next();
        processor_time(child.context("it is not running")?.parse()?)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A client beside the node's own; with a user and password, if the server asks for them.
    ///
    /// # Errors
    ///
    /// If it can't connect.
    pub async fn client(&self, user: Option<(&str, &str)>) -> Result<Client> {
        let mut options = ConnectOptions::new();
        if let Some((name, password)) = user {
            options = options.with_user(name, password);
        }
        if let Some(certificates) = &self.certificates {
            let (certificate, key) = &certificates.client;
            options = options.with_tls(
                TlsOptions::new()
                    .ca_certificate(Certificate::from_pem(&certificates.authority))
                    .identity(Identity::from_pem(certificate, key)),
            );
        }
        Ok(Client::connect([self.endpoint()], Some(options)).await?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processor time that a process has used, as Linux counts it.
///
/// # Errors
///
/// If there is no such process.
pub fn processor_time(process: u32) -> Result<Duration> {
    /// Ticks per second, the same on every Linux of today.
    const TICKS: u64 = 100;
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may hold anything: the 14th and 15th field of all.
    let (_, fields) = text.rsplit_once(')').context("no such line")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks =
        |index: usize| -> Result<u64> { Ok(fields.get(index).context("no such field")?.parse()?) };
    Ok(Duration::from_millis(
        (ticks(11)? + ticks(12)?) * 1000 / TICKS,
    ))
}

/// One server that all tests of a process share; each takes a prefix of its own.
///
/// # Panics
///
/// If it can't be started.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match Server::start() {
        Ok(server) => server,
        Err(error) => panic!("{error:#}"),
    })
}
