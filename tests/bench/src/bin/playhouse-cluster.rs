//! `playhouse-cluster`: how soon the nodes of a cluster hear of one another, and what a cluster costs that does nothing.
//!
//! `playhouse-cluster [--json] [ROUNDS [NODES [SECONDS]]]`: 5 rounds, 50 nodes and 60 seconds if nothing is said. The registry is
//! embedded, the store too, on a node of its own. Nodes that are killed or stopped are processes: this program starts
//! itself for them, as `playhouse-cluster node NAME ADDRESS`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use playhouse::Failure;
use playhouse::cluster::{Cluster, View};
use playhouse::node::{NodeBuilder, Running};
use playhouse_bench::figures::{Table, median, processor_seconds};
use playhouse_bench::generated::bench::Boss;
use playhouse_bench::mobs::BossLogic;
use playhouse_bench::town::{Town, cluster_of};

/// How often something is looked for that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long nodes may get used to one another before what they cost is counted.
const SETTLING: Duration = Duration::from_secs(5);
const USAGE: &str = "use: playhouse-cluster [--json] [ROUNDS [NODES [SECONDS]]]";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name, address] = arguments.as_slice()
        && word == "node"
    {
        return run(name, address);
    }
    let mut numbers = Vec::new();
    let json = arguments.iter().any(|argument| argument == "--json");
    for argument in arguments.iter().filter(|argument| *argument != "--json") {
        numbers.push(argument.parse::<usize>().context(USAGE)?);
    }
    let number = |at: usize, default: usize| numbers.get(at).copied().unwrap_or(default);
    let town = Town::start(|db| db.metrics("127.0.0.1:0"))?;
    let table = times(&town, number(0, 5).max(1))?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    let time = Duration::from_secs(number(2, 60) as u64);
    let table = idle(&town, number(1, 50).max(1), time)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    Ok(())
}

/// The process of one node, until it is ended.
fn run(name: &str, address: &str) -> Result<()> {
    let node = with_boss(address, name).build()?.start()?;
    writeln!(std::io::stdout(), "up")?;
    std::io::stdout().flush()?;
    Ok(node.run_until_signal()?)
}

fn with_boss(address: &str, name: &str) -> NodeBuilder {
    Town::neighbour(address, name)
        .shards(1)
        .entity::<BossLogic>()
}

/// A node in a process of its own.
struct Process {
    name: String,
    child: Child,
}

impl Process {
    fn start(address: &str, name: String) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["node", &name, address])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("it has an output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line == "up\n", "the process of {name} does not start");
        Ok(Self { name, child })
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let process = self.child.id().to_string();
        let done = Command::new("kill").args([signal, &process]).status()?;
        ensure!(done.success(), "`kill {signal}` fails");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Times in seconds, one of each round.
#[derive(Default)]
struct Times {
    found: Vec<f64>,
    left: Vec<f64>,
    gone: Vec<f64>,
    taken_over: Vec<f64>,
    closed: Vec<f64>,
    silent: Vec<f64>,
}

fn times(town: &Town, rounds: usize) -> Result<Table> {
    let address = town.address();
    let watcher = Town::neighbour(&address, "watcher").shards(1);
    let watcher = watcher.build()?.start()?;
    let cluster = cluster_of(&watcher)?;
    let mut times = Times::default();
    for round in 0..rounds {
        let begun = Instant::now();
        let starting = Town::neighbour(&address, &format!("new-{round}")).shards(1);
        let new = std::thread::spawn(move || starting.build().map(|node| node.start()));
        let name = format!("new-{round}");
        until(&cluster, |view| view.get(&name).is_some())?;
        times.found.push(begun.elapsed().as_secs_f64());
        let new = new
            .join()
            .map_err(|_| anyhow::anyhow!("a start panics"))???;
        let begun = Instant::now();
        new.stop();
        until(&cluster, |view| view.get(&name).is_none())?;
        times.left.push(begun.elapsed().as_secs_f64());
        new.wait()?;
        kill(&watcher, &cluster, &address, round, &mut times)?;
        silence(&watcher, &cluster, &address, round, &mut times)?;
    }
    watcher.stop();
    watcher.wait()?;
    let mut table = Table::new("seconds", &["median", "at most"]);
    for (name, seen) in [
        ("a node that starts is seen by another", times.found),
        ("one that stops is gone", times.left),
        ("a killed one is gone", times.gone),
        ("a singleton of it answers elsewhere", times.taken_over),
        ("a call to a killed one ends", times.closed),
        ("a call to a stopped process ends", times.silent),
    ] {
        let most = seen.iter().copied().fold(0.0, f64::max);
        table.row(name, &[median(seen), most]);
    }
    Ok(table)
}

/// Kills the node that has the singleton.
fn kill(
    watcher: &Running,
    cluster: &Cluster,
    address: &str,
    round: usize,
    times: &mut Times,
) -> Result<()> {
    let mut nodes = pair(cluster, address, "dead", round)?;
    let home = boss_of(watcher, &nodes)?;
    let node = nodes.remove(home);
    let called = watcher.spawn(|| async { Boss::only().rest(80_000).await });
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    node.signal("-KILL")?;
    let ended = called.wait()?;
    times.closed.push(begun.elapsed().as_secs_f64());
    ensure!(ended.is_err(), "a call to a killed node came through");
    let name = node.name.clone();
    // Both are waited for at once.
    let gone = std::thread::scope(|scope| -> Result<f64> {
        let gone = scope.spawn(|| {
            until(cluster, |view| view.get(&name).is_none())?;
            anyhow::Ok(begun.elapsed().as_secs_f64())
        });
        while boss_home(watcher).ok().is_none_or(|home| home == name) {
            ensure!(
                begun.elapsed() < PATIENCE,
                "nobody takes the singleton over"
            );
        }
        times.taken_over.push(begun.elapsed().as_secs_f64());
        gone.join().map_err(|_| anyhow::anyhow!("a wait panics"))?
    })?;
    times.gone.push(gone);
    leave(cluster, nodes)
}

/// Stops the process that has the singleton, as a machine that hangs.
fn silence(
    watcher: &Running,
    cluster: &Cluster,
    address: &str,
    round: usize,
    times: &mut Times,
) -> Result<()> {
    let nodes = pair(cluster, address, "still", round)?;
    let home = boss_of(watcher, &nodes)?;
    let node = nodes.get(home).context("it is one of them")?;
    let called = watcher.spawn(|| async { Boss::only().rest(80_000).await });
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    node.signal("-STOP")?;
    let ended = called.wait()?;
    times.silent.push(begun.elapsed().as_secs_f64());
    ensure!(ended.is_err(), "a call to a stopped process came through");
    leave(cluster, nodes)
}

/// Two nodes that may have the singleton, seen by the cluster.
fn pair(cluster: &Cluster, address: &str, of: &str, round: usize) -> Result<Vec<Process>> {
    let nodes = ["a", "b"].map(|name| Process::start(address, format!("{of}-{round}-{name}")));
    let nodes = nodes.into_iter().collect::<Result<Vec<_>>>()?;
    until(cluster, |view| {
        nodes.iter().all(|node| view.get(&node.name).is_some())
    })?;
    Ok(nodes)
}

/// Ends processes, and waits until the cluster has forgotten them.
fn leave(cluster: &Cluster, nodes: Vec<Process>) -> Result<()> {
    let names: Vec<_> = nodes.iter().map(|node| node.name.clone()).collect();
    drop(nodes);
    until(cluster, |view| {
        names.iter().all(|name| view.get(name).is_none())
    })
}

/// Which of these nodes has the singleton, once it answers.
fn boss_of(watcher: &Running, nodes: &[Process]) -> Result<usize> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let home = boss_home(watcher).unwrap_or_default();
        if let Some(at) = nodes.iter().position(|node| node.name == home) {
            return Ok(at);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    bail!("neither node has the singleton");
}

/// The node of the singleton.
fn boss_home(watcher: &Running) -> Result<String, Failure> {
    let home = watcher.spawn(|| async {
        let boss = Boss::only().deadline(Duration::from_millis(500));
        boss.home().await
    });
    home.wait()?
}

/// Waits until the view is so.
fn until(cluster: &Cluster, shows: impl Fn(&View) -> bool) -> Result<()> {
    let begun = Instant::now();
    while !shows(&cluster.view()) {
        if begun.elapsed() > PATIENCE {
            bail!("what the cluster is to show does not come");
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// What a while costs in which nobody calls anything.
fn idle(town: &Town, count: usize, time: Duration) -> Result<Table> {
    let address = town.address();
    let mut table = Table::new(
        &format!("{count} nodes, for each node and minute"),
        &[
            "calls to the registry",
            "calls to the store",
            "KiB to disk",
            "% of a processor",
        ],
    );
    let nodes = (0..count).map(|number| {
        let node = with_boss(&address, &format!("idle-{number}"));
        anyhow::Ok(node.build()?.start()?)
    });
    let nodes = nodes.collect::<Result<Vec<_>>>()?;
    let cluster = cluster_of(nodes.first().context("there is a node")?)?;
    until(&cluster, |view| view.members.len() > count)?;
    std::thread::sleep(SETTLING);
    let (calls, used, written) = (calls(town)?, processor_seconds()?, written_bytes()?);
    std::thread::sleep(time);
    let after = self::calls(town)?;
    let each = 60.0 / time.as_secs_f64() / count as f64;
    let called = |of: &str| {
        let sum = |calls: &BTreeMap<String, f64>| -> f64 {
            let of = calls.iter().filter(|(owner, _)| owner.contains(of));
            of.map(|(_, count)| count).sum()
        };
        (sum(&after) - sum(&calls)) * each
    };
    let used = (processor_seconds()? - used) / time.as_secs_f64() / count as f64 * 100.0;
    let written = (written_bytes()? - written) as f64 * each / 1024.0;
    table.row(
        "all of them idle",
        &[called("Registry"), called("Documents"), written, used],
    );
    for node in &nodes {
        node.stop();
    }
    for node in nodes {
        node.wait()?;
    }
    Ok(table)
}

/// How many calls the db node has served, by the service.
fn calls(town: &Town) -> Result<BTreeMap<String, f64>> {
    let address = town.db.metrics_address().context("it shows metrics")?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    let mut calls = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("playhouse_calls_total{")
            && let Some((labels, number)) = rest.rsplit_once(' ')
        {
            *calls.entry(labels.to_owned()).or_default() += number.parse::<f64>()?;
        }
    }
    Ok(calls)
}

/// What this process has caused to be written to disks.
fn written_bytes() -> Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.context("the system counts bytes")?.parse()?)
}
