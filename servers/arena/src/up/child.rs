//! One node as a process of this machine.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::LISTENS;

/// Bytes of what a node wrote last that are looked at when it has failed.
const TAIL_BYTES: u64 = 4096;

/// A process that runs a node.
#[derive(Debug)]
pub(super) struct NodeProcess {
    child: Child,
    output: PathBuf,
    listens: Arc<OnceLock<Vec<String>>>,
    pub(super) began: Instant,
}

impl NodeProcess {
    /// Runs `program`; what it says goes to the end of the file `output`.
    pub(super) fn spawn(
        program: &Path,
        arguments: impl IntoIterator<Item = OsString>,
        output: PathBuf,
    ) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&output);
        let file = file.with_context(|| format!("{} can't be written", output.display()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(file))
            // A group of its own: Ctrl-C is for whoever stops the nodes in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{} can't be run", program.display()))?;
        let listens = Arc::new(OnceLock::new());
        let said = child.stdout.take().context("its output is piped")?;
        let told = Arc::clone(&listens);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                for line in BufReader::new(said).lines().map_while(Result::ok) {
                    if let Some(addresses) = line.strip_prefix(LISTENS) {
                        let _once = told.set(addresses.split(' ').map(str::to_owned).collect());
                    }
                }
            })?;
        Ok(Self {
            child,
            output,
            listens,
            began: Instant::now(),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens, once it does.
    pub(super) fn listens(&self) -> Option<&[String]> {
        self.listens.get().map(Vec::as_slice)
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Sends it a signal; one that has ended takes none.
    pub(super) fn signal(&self, signal: Signal) {
        let _ended = kill_process(Pid::from_child(&self.child), signal);
    }

    /// The last line that it wrote.
    pub(super) fn last_words(&self) -> Option<String> {
        let mut text = tail(&self.output).ok()?;
        text.truncate(text.trim_end().len());
        Some(text.lines().next_back()?.to_owned())
    }

    /// Seconds of processor time that it has used and bytes of memory that it has, where the system tells.
    pub(super) fn usage(&self) -> Option<(f64, u64)> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        // The name before it may have spaces.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        let cpu = (ticks(11)? + ticks(12)?) / rustix::param::clock_ticks_per_second() as f64;
        let pages: u64 = fields.get(21)?.parse().ok()?;
        Some((cpu, pages * rustix::param::page_size() as u64))
    }
}

fn tail(file: &Path) -> std::io::Result<String> {
    use std::io::{Read, Seek, SeekFrom};

    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        // What has ended already can't be killed, which is all right.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
