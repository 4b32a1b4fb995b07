//! Starts the processes of a cluster in order, starts again what ends by itself, and stops all in order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use playhouse::node::RESTART_STATUS;
use rustix::process::Signal;

use super::child::NodeProcess;
use super::plan::Planned;
use crate::process::attached;

/// The pause before a node is started again that ended by itself; it doubles each time, up to [`PAUSE_MAX`].
pub const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause before a node is started again.
pub const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How long a node runs before its next end counts as its first.
const STEADY_AFTER: Duration = Duration::from_secs(60);

/// What runs the nodes, and from which file.
#[derive(Debug, Clone)]
pub struct Program {
    /// What is run.
    pub path: PathBuf,
    /// What it is told before the arguments of `arena run`.
    pub arguments: Vec<String>,
    /// The configuration.
    pub config: PathBuf,
    /// What is said otherwise than there: `nodes.dev.shards=4`.
    pub set: Vec<String>,
    /// Where the output of each node goes.
    pub logs: PathBuf,
}

/// How a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is not to run.
    Stopped,
    /// It does not listen yet.
    Starting,
    /// It listens.
    Running,
    /// It was told to stop.
    Stopping,
    /// It ended by itself, and is started again soon.
    Failed,
}

/// The processes of a cluster.
#[derive(Debug)]
pub struct Supervisor {
    program: Program,
    nodes: Vec<Node>,
    again: bool,
}

#[derive(Debug)]
struct Node {
    planned: Planned,
    /// What is said of it alone.
    set: Vec<String>,
    process: Option<NodeProcess>,
    state: State,
    restarts: u32,
    pause: Duration,
    again_at: Option<Instant>,
    /// Why it ended.
    ended: Option<String>,
    /// When its processor time was looked at, and what it was.
    used: Option<(Instant, f64)>,
    cpu: f64,
    memory: u64,
}

/// What is to be said of a node.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its roles; all if none are named.
    pub roles: Vec<String>,
    /// Where it listens, once it does.
    pub listens: Vec<String>,
    /// Its process.
    pub process: Option<u32>,
    /// How it is.
    pub state: State,
    /// Since when its process runs.
    pub uptime: Duration,
    /// Processor time, 1.0 being one full core.
    pub cpu: f64,
    /// Bytes of memory.
    pub memory: u64,
    /// How often it was started again.
    pub restarts: u32,
    /// Why it ended last.
    pub ended: Option<String>,
}

impl Supervisor {
    /// Nothing runs yet. `again` says whether nodes that end by themselves are started again.
    #[must_use]
    pub fn new(program: Program, plan: Vec<Planned>, again: bool) -> Self {
        let nodes = plan.into_iter().map(Node::new).collect();
        Self {
            program,
            nodes,
            again,
        }
    }

    /// Says something otherwise than the configuration does, for one node alone, from its next start on.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn set(&mut self, name: &str, set: impl IntoIterator<Item = String>) -> Result<()> {
        self.find(name)?.set = set.into_iter().collect();
        Ok(())
    }

    /// Names of the nodes, in the order in which they are started.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.planned.name.as_str())
    }

    /// Starts the process of a node that does not run.
    ///
    /// # Errors
    ///
    /// If there is no such node, or it can't be run.
    pub fn start(&mut self, name: &str) -> Result<()> {
        let program = self.program.clone();
        std::fs::create_dir_all(&program.logs)
            .with_context(|| format!("{} can't be made", program.logs.display()))?;
        let node = self.find(name)?;
        if node.process.is_none() {
            let output = program.logs.join(format!("{name}.out"));
            let set: Vec<_> = program.set.iter().chain(&node.set).cloned().collect();
            let own = attached(&program.config, name, &set);
            let arguments = program.arguments.into_iter().map(Into::into).chain(own);
            node.process = Some(NodeProcess::spawn(&program.path, arguments, output)?);
            node.state = State::Starting;
            node.again_at = None;
            node.used = None;
        }
        Ok(())
    }

    /// Looks at all processes: what has begun to listen, what has ended, and what is to be started again.
    ///
    /// # Errors
    ///
    /// If the system says nothing about a process.
    pub fn look(&mut self) -> Result<()> {
        let mut due = Vec::new();
        for node in &mut self.nodes {
            node.look(self.again)?;
            if node.again_at.is_some_and(|at| Instant::now() >= at) {
                node.restarts += u32::from(node.state == State::Failed);
                due.push(node.planned.name.clone());
            }
        }
        due.iter().try_for_each(|name| self.start(name))
    }

    /// Whether a node listens.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn is_running(&mut self, name: &str) -> Result<bool> {
        Ok(self.find(name)?.state == State::Running)
    }

    /// Whether nothing runs, nor is to be started again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.all(|node| node.process.is_none() && node.again_at.is_none())
    }

    /// Sends a node's process a signal, if it has one.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn signal(&mut self, name: &str, signal: Signal) -> Result<()> {
        let node = self.find(name)?;
        if let Some(process) = &node.process {
            process.signal(signal);
        }
        Ok(())
    }

    /// Tells a node to stop, and not to be started again.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn stop(&mut self, name: &str) -> Result<()> {
        let node = self.find(name)?;
        node.again_at = None;
        match &node.process {
            Some(process) => {
                process.signal(Signal::TERM);
                node.state = State::Stopping;
            }
            None => node.state = State::Stopped,
        }
        Ok(())
    }

    /// Ends a node's process at once, as a power cut would, and does not start it again by itself.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        let node = self.find(name)?;
        node.again_at = None;
        node.state = State::Stopped;
        // Dropping it kills it, and waits until it has ended.
        node.process = None;
        Ok(())
    }

    /// Where a node listens, if it does.
    ///
    /// # Errors
    ///
    /// If there is no such node.
    pub fn listens(&mut self, name: &str) -> Result<Vec<String>> {
        let node = self.find(name)?;
        let listens = node.process.as_ref().and_then(NodeProcess::listens);
        Ok(listens.unwrap_or_default().to_vec())
    }

    /// What is to be said of each node, in the order in which they are started.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.nodes.iter().map(Node::row).collect()
    }

    /// The groups of nodes, each of which is started when the one before it listens, and stopped the other way round.
    #[must_use]
    pub fn ranks(&self) -> Vec<Vec<String>> {
        let mut ranks = BTreeMap::<u8, Vec<String>>::new();
        for node in &self.nodes {
            let rank = ranks.entry(node.planned.rank).or_default();
            rank.push(node.planned.name.clone());
        }
        ranks.into_values().collect()
    }

    /// How long these nodes may take to stop before they are killed.
    #[must_use]
    pub fn stops_within(&self, names: &[String]) -> Duration {
        let named = |node: &&Node| names.contains(&node.planned.name);
        let times = self.nodes.iter().filter(named);
        let times = times.map(|node| node.planned.stops_within);
        times.max().unwrap_or_default()
    }

    fn find(&mut self, name: &str) -> Result<&mut Node> {
        let known = self.names().collect::<Vec<_>>().join(", ");
        match self.nodes.iter_mut().find(|node| node.planned.name == name) {
            Some(node) => Ok(node),
            None => bail!("there is no node `{name}`: take one of {known}"),
        }
    }
}

impl Node {
    const fn new(planned: Planned) -> Self {
        Self {
            planned,
            set: Vec::new(),
            process: None,
            state: State::Stopped,
            restarts: 0,
            pause: PAUSE_MIN,
            again_at: None,
            ended: None,
            used: None,
            cpu: 0.0,
            memory: 0,
        }
    }

    fn look(&mut self, again: bool) -> Result<()> {
        let Some(process) = &mut self.process else {
            return Ok(());
        };
        if let Some(status) = process.ended()? {
            let steady = process.began.elapsed() >= STEADY_AFTER;
            let words = process.last_words().unwrap_or_default();
            self.process = None;
            if self.state == State::Stopping {
                self.state = State::Stopped;
                self.ended = (!status.success()).then(|| format!("{status}: {words}"));
                return Ok(());
            }
            if status.code() == Some(RESTART_STATUS.into()) {
                // An operator asked for it.
                self.state = State::Stopped;
                self.again_at = Some(Instant::now());
                return Ok(());
            }
            self.ended = Some(format!("{status}: {words}"));
            self.pause = match steady {
                true => PAUSE_MIN,
                false => self.pause,
            };
            self.state = State::Failed;
            if again {
                self.again_at = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(PAUSE_MAX);
            }
            return Ok(());
        }
        if self.state == State::Starting && process.listens().is_some() {
            self.state = State::Running;
        }
        if let Some((used, memory)) = process.usage() {
            let now = Instant::now();
            if let Some((at, before)) = self.used {
                let passed = now.saturating_duration_since(at).as_secs_f64();
                if passed < 0.5 {
                    return Ok(());
                }
                self.cpu = (used - before).max(0.0) / passed;
            }
            self.used = Some((now, used));
            self.memory = memory;
        }
        Ok(())
    }

    fn row(&self) -> Row {
        let process = self.process.as_ref();
        Row {
            name: self.planned.name.clone(),
            roles: self.planned.roles.clone(),
            listens: process
                .and_then(NodeProcess::listens)
                .unwrap_or_default()
                .to_vec(),
            process: process.map(NodeProcess::id),
            state: self.state.clone(),
            uptime: process.map_or(Duration::ZERO, |process| process.began.elapsed()),
            cpu: process.map_or(0.0, |_| self.cpu),
            memory: process.map_or(0, |_| self.memory),
            restarts: self.restarts,
            ended: self.ended.clone(),
        }
    }
}
