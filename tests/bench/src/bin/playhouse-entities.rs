//! Calls between entities of one process, through generated proxies, with everything on that a user gets.
//!
//! `playhouse-entities [PART...]`: `same`, `costs`, `idle`, `cross`; all of them if none is named. Rates of one thread
//! are by its own processor time, so that what else runs on the machine counts little.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use anyhow::{Context, Result};
use playhouse::host::{CallInfo, CallOutcome, Env, Interceptor, Setup, Shard, TraceContext};
use playhouse::{Failure, Ref, Timestamp};
use playhouse_bench::generated::bench::calls::Mob;
use playhouse_bench::mobs::{MobLogic, PlaceLogic, TallyLogic};
use tokio::time::Instant;

/// The same entity type with hooks, in a module of its own since a type has one impl.
mod hooked {
    use playhouse::{Cx, entity};

    use playhouse_bench::generated::bench::calls::Tally;

    use super::{Mob, PlaceLogic, TallyLogic};

    #[entity(Mob { tally: TallyLogic, place: PlaceLogic })]
    #[derive(Default)]
    pub(super) struct HookedLogic {
        props: Mob,
        seen: u32,
    }

    #[entity(Mob)]
    impl HookedLogic {
        #[hook]
        async fn created(&mut self, _cx: &mut Cx) {
            self.seen += 1;
        }

        #[hook]
        async fn loaded(&mut self, cx: &mut Cx) {
            self.seen += 1;
            cx.with(|tally: &mut Tally| tally.set_total(1));
        }
    }
}

struct Machine {
    state: Cell<u64>,
    spins: bool,
}

impl Env for Machine {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn random(&self) -> u64 {
        scramble(self.state.replace(self.state.get().wrapping_add(1)))
    }

    fn spins(&self) -> bool {
        self.spins
    }
}

/// SplitMix64's finish: a number that looks random for each of a row.
const fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// An interceptor that counts, as one that measures would.
struct Counting(std::sync::atomic::AtomicU64);

impl Interceptor for Counting {
    fn before(&self, _call: &CallInfo<'_>) -> Result<(), Failure> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    fn after(&self, _call: &CallInfo<'_>, outcome: &CallOutcome) {
        black_box(outcome);
    }
}

fn setup() -> Setup {
    Setup::new("bench").entity::<MobLogic>()
}

/// Runs `work` on one shard of `count`, whose others run elsewhere.
fn on_shard<F: Future<Output = ()> + 'static>(
    setup: &Setup,
    (index, count): (u32, u32),
    trace: Option<TraceContext>,
    work: impl FnOnce(Rc<Shard>) -> F,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    let env = Machine {
        state: Cell::new(1),
        spins: count > 1,
    };
    tasks.block_on(&runtime, async {
        let shard = Shard::new(setup, index, count, Rc::new(env));
        let _entered = shard.enter();
        tokio::task::spawn_local(Rc::clone(&shard).pump());
        let (done, waits) = tokio::sync::oneshot::channel();
        let work = work(Rc::clone(&shard));
        let work = async move {
            work.await;
            let _ = done.send(());
        };
        match trace {
            Some(trace) => shard.spawn_traced(trace, work),
            None => shard.spawn(work),
        }
        waits.await.context("the work was dropped")
    })
}

/// Processor time of this thread, in nanoseconds.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ')
        .next()
        .and_then(|ns| ns.parse().ok())
        .unwrap_or(0)
}

fn resident() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = stat
        .split(' ')
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

fn report(what: &str, count: u64, ns: u64) {
    let each = ns as f64 / count as f64;
    println!("{what:<58} {each:>8.1} ns {:>8.2} M/s", 1000.0 / each);
}

/// The best of three rounds.
async fn measure<F: Future<Output = ()>>(what: &str, count: u64, work: impl Fn(u64) -> F) {
    let mut best = u64::MAX;
    for _ in 0..3 {
        let begin = cpu_ns();
        for index in 0..count {
            work(index).await;
        }
        best = best.min(cpu_ns() - begin);
    }
    report(what, count, best);
}

async fn same() {
    const COUNT: u64 = 2_000_000;
    let add = |spread: u64| {
        move |index: u64| async move {
            let call = Mob::of(1 + scramble(index) % spread).tally().add(1);
            black_box(call.await.unwrap_or_default());
        }
    };
    measure("ready handler, 1 entity", COUNT, add(1)).await;
    measure("ready handler, 1,000 entities", COUNT, add(1_000)).await;
    let look = |spread: u64| {
        move |index: u64| async move {
            let call = Mob::of(1 + scramble(index) % spread).place().look();
            black_box(call.await.unwrap_or_default());
        }
    };
    measure(
        "handler with an await that is ready, 1,000 entities",
        COUNT,
        look(1_000),
    )
    .await;
    measure(
        "ready handler, 100,000 entities at random",
        COUNT,
        add(100_000),
    )
    .await;
    measure(
        "handler with an await, 100,000 entities at random",
        COUNT,
        look(100_000),
    )
    .await;
    measure(
        "handler that pends once, 1,000 entities",
        COUNT / 4,
        |index| async move {
            let call = Mob::of(1 + scramble(index) % 1_000).tally().add_later(1);
            black_box(call.await.unwrap_or_default());
        },
    )
    .await;
    measure(
        "relay: a handler that calls another (both)",
        COUNT / 2,
        |index| async move {
            let tally = Ref::<Mob>::to_entity([(1_001 + index % 1_000).into()]).in_slot(1);
            let call = Mob::of(1 + scramble(index) % 1_000)
                .tally()
                .hand_on(tally, 1);
            black_box(call.await.unwrap_or_default());
        },
    )
    .await;
    measure("oneway, 1,000 entities", COUNT, |index| async move {
        black_box(Mob::of(1 + scramble(index) % 1_000).tally().note(1).is_ok());
        // A sender that never waits keeps the shard for itself; this one gives it back as calls do.
        if index % 128 == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// What each thing that goes with a call costs, on 1,000 entities.
fn costs() -> Result<()> {
    const COUNT: u64 = 2_000_000;
    let add = |index: u64| async move {
        let call = Mob::of(1 + scramble(index) % 1_000).tally().add(1);
        black_box(call.await.unwrap_or_default());
    };
    let unsampled = TraceContext {
        id: 7,
        span: 7,
        sampled: false,
    };
    on_shard(&setup(), (0, 1), None, async move |_shard| {
        measure("plain: deadline of the schema, no chain", COUNT, add).await;
        measure("with a deadline of its own", COUNT, |index| async move {
            let mob = Mob::of(1 + scramble(index) % 1_000);
            let call = mob.tally().deadline(Duration::from_secs(1)).add(1);
            black_box(call.await.unwrap_or_default());
        })
        .await;
    })?;
    on_shard(&setup(), (0, 1), Some(unsampled), async move |_shard| {
        measure(
            "with caller in the chain and its trace, unsampled",
            COUNT,
            add,
        )
        .await;
    })?;
    let counted = setup().interceptor(Counting(0.into()));
    on_shard(&counted, (0, 1), None, async move |_shard| {
        measure("with an interceptor (out and in)", COUNT, add).await;
    })?;
    on_shard(&counted, (0, 1), Some(unsampled), async move |_shard| {
        measure("with all of it", COUNT, add).await;
    })
}

fn idle() -> Result<()> {
    const COUNT: u64 = 1_000_000;
    let own = size_of::<TallyLogic>() + size_of::<PlaceLogic>() + size_of::<MobLogic>();
    let live = |what: &'static str, setup: Setup| {
        on_shard(&setup, (0, 1), None, async move |shard| {
            let id = (
                <Mob as playhouse::Numbered>::PACKAGE,
                <Mob as playhouse::Numbered>::NUMBER,
            );
            shard.reserve(id.0, id.1, COUNT as usize);
            let (memory, begin) = (resident(), cpu_ns());
            for index in 0..COUNT {
                // The first use makes it.
                black_box(Mob::of(index).tally().note(1).is_ok());
                if index % 1_000 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            report(what, COUNT, cpu_ns() - begin);
            let each = (resident() - memory) / COUNT;
            println!(
                "{:<58} {each:>8} bytes, of which {own} its own",
                "  memory of each"
            );
        })
    };
    live("a million entities with two components", setup())?;
    live(
        "the same, with hooks `created` and `loaded`",
        Setup::new("bench").entity::<hooked::HookedLogic>(),
    )
}

thread_local! {
    static LATENCIES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Calls from shard 0 to entities of shard 1.
fn cross() -> Result<()> {
    let setup = setup();
    let (ready, end) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let other = {
        let (setup, ready, end) = (setup.clone(), Arc::clone(&ready), Arc::clone(&end));
        std::thread::spawn(move || {
            on_shard(&setup, (1, 2), None, async move |_shard| {
                ready.wait();
                // Serves until the other one is through.
                while Arc::strong_count(&end) > 1 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
    };
    ready.wait();
    on_shard(&setup, (0, 2), None, async move |shard| {
        let away = |id: &u64| !shard.is_home(Ref::<Mob>::to_entity([(*id).into()]).address());
        let far: Vec<u64> = (0..20_000).filter(away).collect();
        let far: Rc<[u64]> = far.into();
        for in_flight in [1u64, 16, 256, 1024] {
            let each = if in_flight == 1 {
                50_000
            } else {
                2_000_000 / in_flight
            };
            for round in 0..2 {
                let begin = Instant::now();
                let callers: Vec<_> = (0..in_flight)
                    .map(|caller| {
                        let far = Rc::clone(&far);
                        tokio::task::spawn_local(async move {
                            for index in 0..each {
                                let at = scramble(index + caller * 7) as usize % far.len();
                                let began = Instant::now();
                                let call = Mob::of(far[at]).tally().add(1);
                                black_box(call.await.unwrap_or_default());
                                if in_flight == 1 {
                                    let took = began.elapsed().as_nanos() as u64;
                                    LATENCIES.with_borrow_mut(|all| all.push(took));
                                }
                            }
                        })
                    })
                    .collect();
                for caller in callers {
                    let _ = caller.await;
                }
                if round == 1 {
                    let what = format!("another shard, {in_flight} in flight (by the clock)");
                    report(&what, in_flight * each, begin.elapsed().as_nanos() as u64);
                }
            }
            if in_flight == 1 {
                LATENCIES.with_borrow_mut(|all| {
                    all.sort_unstable();
                    let at = |part: usize| all.get(all.len() * part / 100).copied().unwrap_or(0);
                    println!("  one at a time: p50 {} ns, p99 {} ns", at(50), at(99));
                });
            }
        }
        drop(end);
    })?;
    other
        .join()
        .map_err(|_| anyhow::anyhow!("the other shard panicked"))?
}

fn main() -> Result<()> {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|name| name == part);
    if wanted("same") {
        on_shard(&setup(), (0, 1), None, async |_shard| same().await)?;
    }
    if wanted("costs") {
        costs()?;
    }
    if wanted("idle") {
        idle()?;
    }
    if wanted("cross") {
        cross()?;
    }
    Ok(())
}
