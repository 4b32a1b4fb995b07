//! etcd and MongoDB beneath the cluster: those that run already, or ones that are started and stopped with it.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use arena::up::Ports;

use crate::arguments::Arguments;

/// How long a server may take until it takes connections.
const START_TIMEOUT: Duration = Duration::from_secs(30);

const ETCD: &str = "etcd";
const MONGODB: &str = "mongod";

const ETCD_MISSING: &str = "there is no program `etcd`: install it (Debian, Ubuntu: `apt-get install etcd-server`), or name one that runs: \
     `--etcd http://127.0.0.1:2379`";

const MONGODB_MISSING: &str = "there is no program `mongod`: install MongoDB (https://www.mongodb.com/docs/manual/installation), or name one \
     that runs: `--mongodb mongodb://127.0.0.1:27017`";

/// What the cluster stands on besides its own nodes.
#[derive(Debug, Default)]
pub(super) struct Backing {
    etcd: Option<Vec<String>>,
    mongodb: Option<String>,
    started: Vec<Started>,
}

/// A server that ends with this.
#[derive(Debug)]
struct Started(Child);

/// Whether all is there that is to be started.
pub(crate) fn check_programs(arguments: &Arguments) -> Result<()> {
    if matches!(arguments.etcd, Some(None)) && !is_installed(ETCD) {
        bail!("{ETCD_MISSING}");
    }
    if matches!(arguments.mongodb, Some(None)) && !is_installed(MONGODB) {
        bail!("{MONGODB_MISSING}");
    }
    Ok(())
}

/// Whether there is a program of this name.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

impl Backing {
    /// Starts what is asked for and not named; their data goes into `folder`.
    pub(super) fn begin(arguments: &Arguments, folder: &Path, ports: &mut Ports) -> Result<Self> {
        check_programs(arguments)?;
        let mut backing = Self::default();
        if let Some(endpoints) = &arguments.etcd {
            let endpoints = match endpoints.as_deref() {
                Some(named) => named.split(',').map(str::to_owned).collect(),
                None => vec![backing.start_etcd(folder, ports)?],
            };
            backing.etcd = Some(endpoints);
        }
        if let Some(uri) = &arguments.mongodb {
            backing.mongodb = Some(match uri {
                Some(uri) => uri.clone(),
                None => backing.start_mongodb(folder, ports)?,
            });
        }
        Ok(backing)
    }

    /// Where etcd is; none if it is not wanted.
    pub(super) fn etcd(&self) -> Option<&[String]> {
        self.etcd.as_deref()
    }

    /// Where MongoDB is; none if it is not wanted.
    pub(super) fn mongodb(&self) -> Option<&str> {
        self.mongodb.as_deref()
    }

    fn start_etcd(&mut self, folder: &Path, ports: &mut Ports) -> Result<String> {
        let (port, peers) = (ports.next_free()?, ports.next_free()?);
        let client = format!("http://127.0.0.1:{port}");
        let peers = format!("http://127.0.0.1:{peers}");
        let mut command = Command::new(ETCD);
        command
            .args(["--data-dir".as_ref(), folder.join("etcd").as_os_str()])
            .args(["--listen-client-urls", &client])
            .args(["--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peers])
            .args(["--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}")]);
        self.start(command, port)?;
        Ok(client)
    }

    fn start_mongodb(&mut self, folder: &Path, ports: &mut Ports) -> Result<String> {
        let port = ports.next_free()?;
        let data = folder.join("mongodb");
        std::fs::create_dir_all(&data)?;
        let mut command = Command::new(MONGODB);
        command.args(["--dbpath".as_ref(), data.as_os_str()]).args([
            "--port",
            &port.to_string(),
            "--bind_ip",
            "127.0.0.1",
        ]);
        self.start(command, port)?;
        Ok(format!("mongodb://127.0.0.1:{port}"))
    }

    /// Runs a server, and waits until its port takes connections.
    fn start(&mut self, mut command: Command, port: u16) -> Result<()> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut server = Started(command.spawn().context("a server can't be run")?);
        let until = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.0.try_wait()? {
                bail!("{command:?} has ended with {status}: run it by hand to see why");
            }
            if Instant::now() >= until {
                bail!("{command:?} takes no connections after {START_TIMEOUT:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.started.push(server);
        Ok(())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Its data is the demo's own, and goes with it or is crash-safe.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}
