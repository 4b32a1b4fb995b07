//! `playhouse-fan`: how soon very many clients have one event.
//!
//! `playhouse-fan [--json] [CLIENTS [EVENTS [BYTES]]]`. A home runs a channel and the avatars of 5,000 clients, whose links are all at a gate
//! of another node. Both nodes are in this process, of two shards each, and the clients in another one, on two threads; all links
//! are TCP, plain. Each of 100 events of 64 bytes is sent when all clients have had and acknowledged the one before: the time is from the
//! channel's handler to the handler of the last client. What is written for an event, and what the home sends for it (mostly to the
//! gate), are the home's own counts.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use playhouse::node::Running;
use playhouse::{Bytes, Cx, entity};
use playhouse_bench::client::bench::HallToldArgs;
use playhouse_bench::figures::Table;
use playhouse_bench::generated::bench::{Avatar, Hall};
use playhouse_bench::lobby::{gate, home};
use playhouse_bench::part::{Part, until_told};
use playhouse_bench::players::{Trusted, builder, enter};
use playhouse_bench::town::Town;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

const USAGE: &str = "use: playhouse-fan [--json] [CLIENTS [EVENTS [BYTES]]]";
const SHARDS: usize = 2;
const CLIENTS: u64 = 5_000;
const EVENTS: u64 = 100;
const BYTES: u64 = 64;
/// Threads of clients.
const THREADS: u64 = 2;
/// Clients of a thread that come at once.
const AT_ONCE: usize = 32;
/// Events that are not timed, since everything is new to them.
const WARM_UP: u64 = 10;
/// Between two events: by then all clients have acknowledged the one before.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest time that is told apart from longer ones: a minute.
const MOST_US: u64 = 60_000_000;

#[derive(Default)]
#[entity(Hall)]
struct HallLogic {
    props: Hall,
}

#[entity(Hall)]
impl HallLogic {
    #[rpc]
    async fn admit(&mut self, cx: &mut Cx, first: u64, count: u32) -> u32 {
        let all = first..first + u64::from(count);
        let room = all.take_while(|number| {
            let avatar = Avatar::reference(*number);
            cx.observe(avatar.address(), "member").is_ok()
        });
        room.count() as u32
    }

    #[rpc]
    async fn tell(&mut self, cx: &mut Cx, number: u32, line: Bytes) {
        Hall::told(cx, number, now_us(), line);
    }
}

fn now_us() -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["hear", address, count] = words[..] {
        return hear(address, count.parse()?);
    }
    let mut numbers = Vec::new();
    for word in words.iter().filter(|word| **word != "--json") {
        numbers.push(word.parse::<u64>().context(USAGE)?);
    }
    let number = |place: usize, standard| numbers.get(place).copied().unwrap_or(standard);
    let table = measure(number(0, CLIENTS), number(1, EVENTS), number(2, BYTES))?;
    writeln!(
        std::io::stdout(),
        "{}",
        table.text(words.contains(&"--json"))
    )?;
    Ok(())
}

fn measure(clients: u64, events: u64, bytes: u64) -> Result<Table> {
    let town = Town::start(|node| node)?;
    let home = home(&town.address()).shards(SHARDS).entity::<HallLogic>();
    let home = home.metrics("127.0.0.1:0").build()?.start()?;
    let gate = gate(&town.address(), "gate").shards(SHARDS);
    let gate = gate.build()?.start()?;
    let address = format!("tcp://{}", gate.addresses().remove(0));
    let mut ears = Part::start(&["hear", &address, &clients.to_string()])?;
    ensure!(ears.line()? == "there", "the clients did not come");
    let members = u32::try_from(clients)?;
    let admitted = home.spawn(move || Hall::of(1).admit(0, members)).wait()??;
    ensure!(admitted == members, "only {admitted} were admitted");
    let mut times = Histogram::<u64>::new_with_bounds(1, MOST_US, 3)?;
    let mut before = Counts::default();
    for event in 0..WARM_UP + events {
        if event == WARM_UP {
            before = Counts::of(&home)?;
        }
        let line = Bytes(vec![7; usize::try_from(bytes)?]);
        let number = u32::try_from(event)?;
        home.spawn(move || Hall::of(1).tell(number, line))
            .wait()??;
        let took_us = ears.line()?.parse()?;
        if event >= WARM_UP {
            times.saturating_record(took_us);
        }
        std::thread::sleep(PAUSE);
    }
    let after = Counts::of(&home)?;
    let each = |count: fn(&Counts) -> f64| (count(&after) - count(&before)) / events as f64;
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|part| times.value_at_quantile(part));
    let [p50, p90, p99, last] = [p50, p90, p99, times.max()].map(|us| us as f64 / 1_000.0);
    let columns = [
        "p50 ms",
        "p90",
        "p99",
        "the longest",
        "written an event",
        "sent to",
        "bytes from the home",
    ];
    let mut table = Table::new("one event", &columns);
    let row = [
        p50,
        p90,
        p99,
        last,
        each(|it| it.events),
        each(|it| it.sent),
        each(|it| it.bytes),
    ];
    table.row(&format!("{clients} clients, {bytes} bytes"), &row);
    drop(ears);
    for node in [gate, home] {
        node.stop();
        node.wait().context("a node does not stop well")?;
    }
    Ok(table)
}

/// What a node has counted.
#[derive(Debug, Default)]
struct Counts {
    events: f64,
    sent: f64,
    bytes: f64,
}

impl Counts {
    fn of(node: &Running) -> Result<Self> {
        let address = node.metrics_address().context("it has metrics")?;
        let mut stream = TcpStream::connect(&address)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let count = |name: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(name));
            let count = line.with_context(|| format!("no {name} on the page"))?;
            Ok::<f64, anyhow::Error>(count.trim().parse()?)
        };
        Ok(Self {
            events: count("playhouse_events_total ")?,
            sent: count("playhouse_events_sent_total ")?,
            bytes: count("playhouse_link_bytes_total{direction=\"out\"} ")?,
        })
    }
}

/// How many clients have heard the event that is told now.
struct Heard {
    count: AtomicU64,
    all: u64,
}

impl Heard {
    /// One more has: the last one says how long it took.
    fn note(&self, at_us: u64) {
        let heard = self.count.fetch_add(1, Ordering::AcqRel) + 1;
        if heard == self.all {
            self.count.store(0, Ordering::Release);
            say(now_us().saturating_sub(at_us));
        }
    }
}

fn say(what: impl fmt::Display) {
    let mut out = std::io::stdout();
    // Whoever does not read it is gone, and so is this soon.
    let _gone = writeln!(out, "{what}").and_then(|()| out.flush());
}

/// The clients: they come, and say of each event how long the last of them waited.
fn hear(address: &str, count: u64) -> Result<()> {
    let heard = Arc::new(Heard {
        count: AtomicU64::new(0),
        all: count,
    });
    let (tell, told) = std::sync::mpsc::channel();
    for thread in 0..THREADS {
        let numbers: Vec<u64> = (0..count).filter(|it| it % THREADS == thread).collect();
        let (heard, address, tell) = (Arc::clone(&heard), address.to_owned(), tell.clone());
        std::thread::spawn(move || {
            // Nobody waits for it if the others have failed.
            let _gone = tell.send(listen(&address, &numbers, &heard, || {
                let _gone = tell.send(Ok(()));
            }));
        });
    }
    for _ in 0..THREADS {
        told.recv()??;
    }
    say("there");
    until_told()?;
    Ok(())
}

/// Clients of one thread, for as long as the process runs.
fn listen(address: &str, numbers: &[u64], heard: &Arc<Heard>, there: impl FnOnce()) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut seated = Vec::new();
    LocalSet::new().block_on(&runtime, async {
        for some in numbers.chunks(AT_ONCE) {
            let coming = some.iter().map(|number| {
                let (number, address, heard) = (*number, address.to_owned(), Arc::clone(heard));
                spawn_local(async move {
                    let entered = enter(builder(&Trusted::default())?, &address, number).await?;
                    entered
                        .0
                        .on(move |event: HallToldArgs| heard.note(event.at_us));
                    Ok::<_, anyhow::Error>(entered)
                })
            });
            for client in coming.collect::<Vec<_>>() {
                seated.push(client.await??);
            }
        }
        there();
        std::future::pending().await
    })
}
