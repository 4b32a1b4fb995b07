//! `playhouse-bench`: the echo of the peers' benchmark, through a generated service and its proxy.
//!
//! `echo-server ADDR` listens until it is killed. `echo-client ADDR CONNS INFLIGHT SECONDS PAYLOAD` warms up for half
//! a second, keeps `CONNS x INFLIGHT` calls outstanding, checks every answer, and prints one line of JSON.
//! `entity-client` does the same with a component of a thousand entities of the server. Both sides are plain nodes with
//! everything on that a user gets: bounds, deadlines, trace context, heartbeats.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line")]

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use playhouse::node::{Node, Running, Spawned};
use playhouse::{Address, Bytes, Cx, Failure, service};
use playhouse_bench::figures::processor_seconds;
use playhouse_bench::generated::SCHEMA;
use playhouse_bench::generated::bench::{Echo, EchoProxy, Message, Mob, TallyProxy};
use playhouse_bench::mobs::MobLogic;

const USAGE: &str = "use: playhouse-bench echo-server ADDR
     playhouse-bench echo-client ADDR CONNS INFLIGHT SECONDS PAYLOAD
     playhouse-bench entity-client ADDR CONNS INFLIGHT SECONDS PAYLOAD";
const WARM_UP: Duration = Duration::from_millis(500);
/// Threads of each side, as the peers have.
const SHARDS: usize = 2;
/// Entities that are called.
const MOBS: u64 = 1_000;

struct EchoLogic;

#[service(Echo)]
impl EchoLogic {
    #[rpc]
    async fn echo(&self, _: &mut Cx, message: Message) -> Message {
        message
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["echo-server", address] => serve(address),
        ["echo-client", address, numbers @ ..] => {
            Load::parse(Peer::Service, address, numbers).and_then(|load| load.run())
        }
        ["entity-client", address, numbers @ ..] => {
            Load::parse(Peer::Entities, address, numbers).and_then(|load| load.run())
        }
        _ => Err(anyhow!(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn serve(address: &str) -> Result<()> {
    let node = Node::builder()
        .schema(&SCHEMA)
        .name("echo-server")
        .roles(["bench_node"])
        .shards(SHARDS)
        .service(|| EchoLogic)
        .entity::<MobLogic>()
        .listen(address)
        .build()?;
    Ok(node.run()?)
}

/// Whom a client calls.
#[derive(Clone, Copy)]
enum Peer {
    Service,
    Entities,
}

/// A caller's proxy.
enum Target {
    Service(EchoProxy),
    Entity(TallyProxy),
}

impl Target {
    async fn echo(&self, message: Message) -> Result<Message, Failure> {
        match self {
            Self::Service(proxy) => proxy.echo(message).await,
            Self::Entity(proxy) => proxy.echo(message).await,
        }
    }
}

/// What a client does.
struct Load {
    peer: Peer,
    address: String,
    conns: u8,
    inflight: usize,
    seconds: f64,
    payload: usize,
}

/// Which part of the run it is.
#[repr(u8)]
enum Phase {
    WarmUp,
    Measure,
    Stop,
}

/// What the calls of a connection came to.
struct Tally {
    latencies_ns: Histogram<u64>,
    total: u64,
    errors: u64,
    first_error: Option<String>,
}

impl Load {
    fn parse(peer: Peer, address: &str, numbers: &[&str]) -> Result<Self> {
        let [conns, inflight, seconds, payload] = numbers else {
            return Err(anyhow!(USAGE));
        };
        let load = Self {
            peer,
            address: address.to_owned(),
            conns: conns.parse().context("CONNS is a number of at most 255")?,
            inflight: inflight.parse().context("INFLIGHT is a number")?,
            seconds: seconds.parse().context("SECONDS is a number")?,
            payload: payload.parse().context("PAYLOAD is a number of bytes")?,
        };
        ensure!(load.conns > 0 && load.inflight > 0, USAGE);
        Ok(load)
    }

    fn run(&self) -> Result<()> {
        let node = Node::builder()
            .schema(&SCHEMA)
            .name("echo-client")
            .roles(["bench_node"])
            .shards(SHARDS)
            .build()?;
        let running = node.start()?;
        let phase = Arc::new(AtomicU8::new(Phase::WarmUp as u8));
        let lanes: Vec<_> = (0..self.conns)
            .map(|lane| self.begin(&running, lane, &phase))
            .collect();
        std::thread::sleep(WARM_UP);
        let start = Instant::now();
        phase.store(Phase::Measure as u8, Ordering::Relaxed);
        std::thread::sleep(Duration::from_secs_f64(self.seconds));
        phase.store(Phase::Stop as u8, Ordering::Relaxed);
        let seconds = start.elapsed().as_secs_f64();
        let mut tally = Tally::new()?;
        for lane in lanes {
            tally.merge(&lane.wait()?)?;
        }
        self.report(&tally, seconds)?;
        running.stop();
        Ok(running.wait()?)
    }

    /// The callers of one connection, on the shard that has it.
    fn begin(&self, running: &Running, lane: u8, phase: &Arc<AtomicU8>) -> Spawned<Tally> {
        let address = Address::from(self.address.as_str()).lane(lane);
        let (peer, inflight, payload) = (self.peer, self.inflight, self.payload);
        let phase = Arc::clone(phase);
        running.spawn_on(usize::from(lane) % SHARDS, move || async move {
            let tally = Rc::new(RefCell::new(Tally::new().expect("the bounds are right")));
            let callers: Vec<_> = (0..inflight)
                .map(|caller| {
                    let first = (u64::from(lane) << 48) | ((caller as u64) << 32);
                    let target = match peer {
                        Peer::Service => Target::Service(Echo::at(address.clone())),
                        Peer::Entities => {
                            let mob = (u64::from(lane) * inflight as u64 + caller as u64) % MOBS;
                            Target::Entity(Mob::of(mob).at(address.clone()).tally())
                        }
                    };
                    let (phase, tally) = (Arc::clone(&phase), Rc::clone(&tally));
                    tokio::task::spawn_local(call(target, first, payload, phase, tally))
                })
                .collect();
            for caller in callers {
                caller.await.expect("callers do not panic");
            }
            Rc::into_inner(tally)
                .expect("no caller is left")
                .into_inner()
        })
    }

    fn report(&self, tally: &Tally, seconds: f64) -> Result<()> {
        if let Some(error) = &tally.first_error {
            eprintln!("{} errors, first: {error}", tally.errors);
        }
        let (conns, inflight, payload) = (self.conns, self.inflight, self.payload);
        let requests = tally.latencies_ns.len();
        let quantile = |q| tally.latencies_ns.value_at_quantile(q) as f64 / 1_000.0;
        println!(
            "{{\"peer\":\"playhouse\",\"conns\":{conns},\"inflight\":{inflight},\"payload\":{payload},\
             \"seconds\":{seconds:.4},\"requests\":{requests},\"rps\":{:.1},\"p50_us\":{:.2},\"p99_us\":{:.2},\
             \"total_requests\":{},\"errors\":{},\"client_cpu_s\":{:.4}}}",
            requests as f64 / seconds,
            quantile(0.5),
            quantile(0.99),
            tally.total,
            tally.errors,
            processor_seconds()?
        );
        Ok(())
    }
}

/// One caller: a call after another.
async fn call(
    target: Target,
    first: u64,
    payload: usize,
    phase: Arc<AtomicU8>,
    tally: Rc<RefCell<Tally>>,
) {
    let is = |wanted: Phase| phase.load(Ordering::Relaxed) == wanted as u8;
    let name = "player-000000001".to_owned();
    let data: Bytes = (0..payload)
        .map(|at| (at * 31 + 7) as u8)
        .collect::<Vec<_>>()
        .into();
    let mut id = first;
    while !is(Phase::Stop) {
        id += 1;
        let measured = is(Phase::Measure);
        let message = Message {
            id,
            name: name.clone(),
            data: data.clone(),
        };
        let start = Instant::now();
        let answer = target.echo(message).await;
        let mut tally = tally.borrow_mut();
        match answer {
            Ok(back) if back.id == id && back.name == name && back.data == data => {
                tally.total += 1;
                if measured && is(Phase::Measure) {
                    let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    tally.latencies_ns.saturating_record(nanoseconds);
                }
            }
            Ok(back) => tally.error(format!("wrong echo: id {} for {id}", back.id)),
            Err(failure) => tally.error(failure.to_string()),
        }
        if tally.errors > 100 {
            return;
        }
    }
}

impl Tally {
    fn new() -> Result<Self> {
        Ok(Self {
            latencies_ns: Histogram::new_with_bounds(1, 60_000_000_000, 3)?,
            total: 0,
            errors: 0,
            first_error: None,
        })
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.latencies_ns.add(&other.latencies_ns)?;
        self.total += other.total;
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
        Ok(())
    }

    fn error(&mut self, error: String) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }
}
