//! `playhouse-placed`: what it costs that an entity is on another node.
//!
//! `playhouse-placed [--json] [ROUNDS [SECONDS]]`. Two nodes of one cluster in this process, of two shards each: one calls, the
//! other runs the entities. The ways of calling take turns; what counts is the median of all rounds, and the median of
//! the ratios to the echo of the same round. Then what a call costs whose entity the caller has not looked for yet.
//! Processor time is that of both sides.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use playhouse::host::{Shard, TraceContext};
use playhouse::log::Logging;
use playhouse::node::Running;
use playhouse::{Address, Bytes, Cx, Failure, Ref, service};
use playhouse_bench::figures::{Table, median, processor_seconds};
use playhouse_bench::generated::bench::{Echo, EchoProxy, Message, Mob, TallyProxy};
use playhouse_bench::mobs::MobLogic;
use playhouse_bench::town::Town;

/// Shards of each node.
const SHARDS: usize = 2;
/// Groups of callers; for the echo, links.
const LANES: u8 = 8;
/// Calls that each group has underway.
const INFLIGHT: u64 = 64;
/// Entities that are called.
const MOBS: u64 = 1_000;
/// Of so many calls one is traced where few are.
const FEW: u64 = 1_000;
/// Entities that are looked for in a round, and those that are one by one.
const LOOKED_FOR: u64 = 10_000;
const ONE_BY_ONE: u64 = 1_000;
/// The longest latency that is told apart from longer ones: a minute.
const LATENCY_MAX_NS: u64 = 60_000_000_000;
const WARM_UP: Duration = Duration::from_millis(200);

struct EchoLogic;

#[service(Echo)]
impl EchoLogic {
    #[rpc]
    async fn echo(&self, _: &mut Cx, message: Message) -> Message {
        message
    }
}

/// Whom callers call, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A service, by its address.
    Echo,
    /// Entities, by the address of their node.
    AtAddress,
    /// Entities, wherever they are.
    Placed,
    /// Those alone whose calls this node gathers on the shard that calls.
    OnHomeShard,
    /// As `Placed`, inside of a trace that is not sampled.
    Unsampled,
    /// As `Placed`, and one of so many calls is sampled.
    Sampled(u64),
}

const WAYS: &[(Way, &str)] = &[
    (Way::Echo, "echo of a service, by address"),
    (Way::AtAddress, "entity, by address"),
    (Way::Placed, "entity on another node"),
    (Way::OnHomeShard, "the same, all from its home shard"),
    (Way::Unsampled, "the same as the third, in a trace"),
    (Way::Sampled(FEW), "of which 1 in 1,000 is sampled"),
    (Way::Sampled(1), "of which each is sampled"),
];

/// What came of one way in one round.
#[derive(Clone, Copy)]
struct Seen {
    /// Calls in a second.
    rate: f64,
    /// Microseconds of processor time for each call, of both sides.
    cpu_us: f64,
}

fn main() -> Result<()> {
    let mut numbers = Vec::new();
    let mut json = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => json = true,
            number => numbers.push(
                number
                    .parse::<f64>()
                    .context("use: playhouse-placed [--json] [ROUNDS [SECONDS]]")?,
            ),
        }
    }
    let rounds = numbers.first().map_or(5, |rounds| *rounds as usize).max(1);
    let time = Duration::from_secs_f64(numbers.get(1).copied().unwrap_or(1.5));
    // Spans of sampled calls are made for a log that is on, as in any game.
    let logs = tempfile::tempdir()?;
    let files = playhouse::log::Files::in_folder(logs.path()).name("bench");
    let _log = Logging::builder().files(files).install()?;
    let town = Town::start(|db| db)?;
    let at = town.address();
    let caller = Town::neighbour(&at, "caller").shards(SHARDS);
    let caller = caller.build()?.start()?;
    let owner = start_owner(&at, "owner")?;
    let address = owner.addresses().remove(0);
    // They are nobody else's to run yet.
    each(&owner, 0..MOBS, async |mob| add(mob).await)?;

    let table = rates(&caller, &address, rounds, time)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    let table = one_at_a_time(&caller, &address, rounds)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    let table = misses(&caller, &owner, rounds)?;
    writeln!(std::io::stdout(), "{}", table.text(json))?;
    for node in [caller, owner] {
        node.stop();
        node.wait().context("a node does not stop well")?;
    }
    Ok(())
}

fn start_owner(at: &str, name: &str) -> Result<Running> {
    let node = Town::neighbour(at, name)
        .shards(SHARDS)
        .service(|| EchoLogic)
        .entity::<MobLogic>();
    node.build()?.start().context("a node does not start")
}

fn rates(caller: &Running, address: &str, rounds: usize, time: Duration) -> Result<Table> {
    let mut seen = vec![Vec::new(); WAYS.len()];
    for _ in 0..rounds {
        for (seen, (way, _)) in seen.iter_mut().zip(WAYS) {
            seen.push(rate(caller, *way, address, time)?);
        }
    }
    let echo = seen.first().cloned().unwrap_or_default();
    let columns = ["k/s", "x echo", "us of processor", "x echo's"];
    let mut table = Table::new("8 x 64 calls underway", &columns);
    for (seen, (_, name)) in seen.iter().zip(WAYS) {
        let of = |f: &dyn Fn(&Seen, &Seen) -> f64| {
            median(seen.iter().zip(&echo).map(|(seen, echo)| f(seen, echo)))
        };
        table.row(
            name,
            &[
                of(&|seen, _| seen.rate / 1_000.0),
                of(&|seen, echo| seen.rate / echo.rate),
                of(&|seen, _| seen.cpu_us),
                of(&|seen, echo| seen.cpu_us / echo.cpu_us),
            ],
        );
    }
    Ok(table)
}

/// Keeps `LANES x INFLIGHT` calls underway for a while.
fn rate(caller: &Running, way: Way, address: &str, time: Duration) -> Result<Seen> {
    let counts = Arc::new(AtomicBool::new(false));
    let over = Arc::new(AtomicBool::new(false));
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| {
            let address = Address::from(address).lane(lane);
            let (counts, over) = (Arc::clone(&counts), Arc::clone(&over));
            caller.spawn_on(usize::from(lane), move || async move {
                let count = Rc::new(Cell::new(0_u64));
                let mobs = mobs(way);
                let callers: Vec<_> = (0..INFLIGHT)
                    .map(|number| {
                        let at = usize::from(lane) * INFLIGHT as usize + number as usize;
                        let mob = mobs[at % mobs.len()];
                        let target = Target::new(way, &address, mob);
                        let (counts, over) = (Arc::clone(&counts), Arc::clone(&over));
                        let count = Rc::clone(&count);
                        in_trace(way, call(way, target, counts, over, count))
                    })
                    .collect();
                for caller in callers {
                    caller.await.map_err(|_| "a caller was cut off")??;
                }
                Ok::<_, &'static str>(count.get())
            })
        })
        .collect();
    std::thread::sleep(WARM_UP);
    counts.store(true, Ordering::Relaxed);
    let (begun, used) = (Instant::now(), processor_seconds()?);
    std::thread::sleep(time);
    counts.store(false, Ordering::Relaxed);
    let (took, used) = (begun.elapsed(), processor_seconds()? - used);
    over.store(true, Ordering::Relaxed);
    let mut calls = 0;
    for lane in lanes {
        let outcome = lane.wait()?;
        calls += outcome.map_err(|problem| anyhow::anyhow!("{way:?}: {problem}"))?;
    }
    ensure!(calls > 0, "{way:?}: no call came through");
    Ok(Seen {
        rate: calls as f64 / took.as_secs_f64(),
        cpu_us: used * 1_000_000.0 / calls as f64,
    })
}

/// Which entities a shard calls.
fn mobs(way: Way) -> Vec<u64> {
    let shard = Shard::current().expect("callers are on a shard");
    let is_called = |mob: &u64| match way {
        Way::OnHomeShard => {
            let mob = Ref::<Mob>::to_entity([(*mob).into()]);
            shard.is_home(mob.address())
        }
        _ => true,
    };
    (0..MOBS).filter(is_called).collect()
}

enum Target {
    Service(EchoProxy),
    Entity(TallyProxy),
}

impl Target {
    fn new(way: Way, address: &Address, mob: u64) -> Self {
        match way {
            Way::Echo => Self::Service(Echo::at(address.clone())),
            Way::AtAddress => Self::Entity(Mob::of(mob).at(address.clone()).tally()),
            _ => Self::Entity(Mob::of(mob).tally()),
        }
    }

    async fn echo(&self, message: Message) -> Result<Message, Failure> {
        match self {
            Self::Service(proxy) => proxy.echo(message).await,
            Self::Entity(proxy) => proxy.echo(message).await,
        }
    }
}

const fn trace(sampled: bool) -> TraceContext {
    TraceContext {
        id: 0x1234_5678_9abc_def0_1234_5678_9abc_def0,
        span: 7,
        sampled,
    }
}

type Outcome = Result<(), &'static str>;

/// Runs a caller's future, in a trace where the way wants one.
fn in_trace(
    way: Way,
    future: impl Future<Output = Outcome> + 'static,
) -> tokio::sync::oneshot::Receiver<Outcome> {
    let (give, take) = tokio::sync::oneshot::channel();
    let future = async move {
        // Whoever waits is there.
        let _ = give.send(future.await);
    };
    match way {
        Way::Unsampled | Way::Sampled(FEW) => {
            let shard = Shard::current().expect("callers are on a shard");
            shard.spawn_traced(trace(false), future);
        }
        Way::Sampled(_) => {
            let shard = Shard::current().expect("callers are on a shard");
            shard.spawn_traced(trace(true), future);
        }
        _ => drop(tokio::task::spawn_local(future)),
    }
    take
}

/// One caller: a call after another.
async fn call(
    way: Way,
    target: Target,
    counts: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    count: Rc<Cell<u64>>,
) -> Outcome {
    let target = Rc::new(target);
    let name = "player-000000001".to_owned();
    let data: Bytes = vec![7; 16].into();
    let mut id = 0;
    while !over.load(Ordering::Relaxed) {
        id += 1;
        let message = Message {
            id,
            name: name.clone(),
            data: data.clone(),
        };
        let back = match way {
            Way::Sampled(FEW) if id.is_multiple_of(FEW) => {
                let (give, take) = tokio::sync::oneshot::channel();
                let target = Rc::clone(&target);
                let sampled = async move {
                    // Whoever waits is there.
                    let _ = give.send(target.echo(message).await);
                };
                let shard = Shard::current().expect("callers are on a shard");
                shard.spawn_traced(trace(true), sampled);
                take.await.map_err(|_| "a caller was cut off")?
            }
            _ => target.echo(message).await,
        };
        match back {
            Ok(back) if back.id == id && back.name == name && back.data == data => {}
            _ => return Err("a call failed, or came back wrong"),
        }
        if counts.load(Ordering::Relaxed) {
            count.set(count.get() + 1);
        }
    }
    Ok(())
}

/// One call after another, of one caller.
fn one_at_a_time(caller: &Running, address: &str, rounds: usize) -> Result<Table> {
    let ways = WAYS.get(..4).context("there are four")?;
    let mut seen = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (seen, (way, _)) in seen.iter_mut().zip(ways) {
            let (way, address) = (*way, Address::from(address));
            let times = caller.spawn_on(0, move || async move {
                let mobs = mobs(way);
                let mut times = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_NS, 3)
                    .expect("the bounds are right");
                for id in 0..2_000 {
                    let mob = mobs[id as usize % 100];
                    let target = Target::new(way, &address, mob);
                    let message = Message {
                        id,
                        ..Message::default()
                    };
                    let begun = Instant::now();
                    target.echo(message).await?;
                    times.saturating_record(begun.elapsed().as_nanos() as u64);
                }
                Ok::<_, Failure>(times.value_at_quantile(0.5) as f64 / 1_000.0)
            });
            seen.push(times.wait()??);
        }
    }
    let echo = seen.first().cloned().unwrap_or_default();
    let mut table = Table::new("one call at a time", &["us at the median", "x echo"]);
    for (seen, (_, name)) in seen.iter().zip(ways) {
        let ratio = median(seen.iter().zip(&echo).map(|(seen, echo)| seen / echo));
        table.row(name, &[median(seen.iter().copied()), ratio]);
    }
    Ok(table)
}

/// Calls that look for their entity first, and those that know where it is.
fn misses(caller: &Running, owner: &Running, rounds: usize) -> Result<Table> {
    let mut seen = vec![Vec::new(); 2];
    let mut latency = vec![Vec::new(); 2];
    for round in 1..=rounds as u64 {
        let first = round * 10 * LOOKED_FOR;
        let mobs = first..first + LOOKED_FOR;
        each(owner, mobs.clone(), async |mob| add(mob).await)?;
        seen[0].push(each(caller, mobs.clone(), async |mob| add(mob).await)?);
        seen[1].push(each(caller, mobs, async |mob| add(mob).await)?);
        // The same one by one, with entities of their own.
        let mobs = first + 2 * LOOKED_FOR..first + 2 * LOOKED_FOR + ONE_BY_ONE;
        each(owner, mobs.clone(), async |mob| add(mob).await)?;
        latency[0].push(one_by_one(caller, mobs.clone())?);
        latency[1].push(one_by_one(caller, mobs)?);
    }
    let columns = ["k/s", "us at the median, one at a time"];
    let mut table = Table::new("looking for entities", &columns);
    let names = ["first call: locate, then call", "second call"];
    for ((name, seen), latency) in names.iter().zip(seen).zip(latency) {
        table.row(name, &[median(seen), median(latency)]);
    }
    Ok(table)
}

async fn add(mob: u64) -> Result<(), Failure> {
    Mob::of(mob).tally().add(1).await.map(drop)
}

/// Does something for each entity, `LANES x INFLIGHT` at a time. Gives thousands in a second.
fn each<F>(node: &Running, mobs: std::ops::Range<u64>, act: F) -> Result<f64>
where
    F: AsyncFn(u64) -> Result<(), Failure> + Copy + Send + 'static,
{
    let begun = Instant::now();
    let lanes: Vec<_> = (0..u64::from(LANES))
        .map(|lane| {
            let mobs = mobs.clone();
            node.spawn_on(lane as usize, move || async move {
                let left = Rc::new(RefCell::new(mobs.skip(lane as usize).step_by(8)));
                let callers: Vec<_> = (0..INFLIGHT)
                    .map(|_| {
                        let left = Rc::clone(&left);
                        tokio::task::spawn_local(async move {
                            loop {
                                let next = left.borrow_mut().next();
                                let Some(mob) = next else {
                                    return Ok::<_, Failure>(());
                                };
                                act(mob).await?;
                            }
                        })
                    })
                    .collect();
                for caller in callers {
                    caller.await.expect("callers don't panic")?;
                }
                Ok::<_, Failure>(())
            })
        })
        .collect();
    for lane in lanes {
        lane.wait()??;
    }
    let count = mobs.end - mobs.start;
    Ok(count as f64 / begun.elapsed().as_secs_f64() / 1_000.0)
}

/// The median of the microseconds that a call takes, one after another.
fn one_by_one(caller: &Running, mobs: std::ops::Range<u64>) -> Result<f64> {
    let times = caller.spawn_on(0, move || async move {
        let mut times =
            Histogram::<u64>::new_with_bounds(1, LATENCY_MAX_NS, 3).expect("the bounds are right");
        for mob in mobs {
            let begun = Instant::now();
            add(mob).await?;
            times.saturating_record(begun.elapsed().as_nanos() as u64);
        }
        Ok::<_, Failure>(times.value_at_quantile(0.5) as f64 / 1_000.0)
    });
    Ok(times.wait()??)
}
