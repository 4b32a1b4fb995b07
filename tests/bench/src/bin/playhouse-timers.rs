//! What timers cost with a million of them pending: `playhouse-timers [PENDING]`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use playhouse::Timestamp;
use playhouse::timer::{Moment, Plan, TimerHandle, TimerId, TimerOwner, Timers, Wheel};

const ROUNDS: u64 = 3_000_000;
/// Spans of timers: up to ten minutes.
const SPAN_US: u64 = 600_000_000;

fn main() {
    let pending = std::env::args().nth(1);
    let pending = pending
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    show(&format!("{pending} timers pending, up to 10 minutes ahead"));
    wheel(pending);
    entities(pending);
}

/// A shard's wheel alone: what the deadline of a call costs.
fn wheel(pending: u64) {
    let mut numbers = Numbers(88_172_645_463_325_252);
    let mut wheel = Wheel::<u64>::new(0);
    let mut set: Vec<TimerId> = (0..pending)
        .map(|number| wheel.insert(numbers.below(SPAN_US), number))
        .collect();
    measure("set + cancel, at once", ROUNDS, |number| {
        let timer = wheel.insert(5_000_000 + number % SPAN_US, number);
        black_box(wheel.cancel(timer));
    });
    measure(
        "cancel one of all at random + set another",
        ROUNDS,
        |number| {
            let nth = numbers.below(pending) as usize;
            black_box(wheel.cancel(set[nth]));
            set[nth] = wheel.insert(1_000_000 + numbers.below(SPAN_US), number);
        },
    );
    let began = Instant::now();
    let mut fired = 0;
    while let Some(next) = wheel.next_expiry() {
        fired += wheel.advance(next, &mut |number| {
            black_box(number);
        });
    }
    tell("fire", began.elapsed(), fired as u64);
}

/// Timers of entities, ten each, which share the wheel: what `cx.timer` and `cx.cancel_timer` cost below the host.
fn entities(pending: u64) {
    const EACH: u64 = 10;
    let mut numbers = Numbers(88_172_645_463_325_252);
    let mut wheel = Wheel::<(u32, TimerHandle)>::new(0);
    let owner = TimerOwner::default();
    let now = Moment {
        us: 0,
        utc: Timestamp::from_micros(0),
    };
    let plan = |span_us: u64| {
        let mut plan = Plan::default();
        plan.after = Some(Duration::from_micros(span_us));
        plan
    };
    let mut entities: Vec<(Timers<u64>, Vec<TimerHandle>)> = Vec::new();
    for number in 0..pending / EACH {
        let mut timers = Timers::new();
        let set = |_| {
            let wake = |handle| (number as u32, handle);
            let plan = plan(numbers.below(SPAN_US));
            timers.set(&mut wheel, now, owner, plan, 0, wake).ok()
        };
        let handles = (0..EACH).filter_map(set).collect();
        entities.push((timers, handles));
    }
    measure(
        "an entity at random: cancel a timer + set another",
        ROUNDS,
        |number| {
            let nth = numbers.below(entities.len() as u64) as usize;
            let (timers, handles) = &mut entities[nth];
            let handle = &mut handles[number as usize % EACH as usize];
            black_box(timers.cancel(&mut wheel, *handle));
            let plan = plan(1_000 + numbers.below(SPAN_US));
            let wake = |handle| (nth as u32, handle);
            if let Ok(new) = timers.set(&mut wheel, now, owner, plan, number, wake) {
                *handle = new;
            }
        },
    );
}

fn measure(what: &str, rounds: u64, mut round: impl FnMut(u64)) {
    let began = Instant::now();
    for number in 0..rounds {
        round(number);
    }
    tell(what, began.elapsed(), rounds);
}

fn tell(what: &str, took: Duration, rounds: u64) {
    let nanoseconds = took.as_nanos() as f64 / rounds.max(1) as f64;
    show(&format!("{nanoseconds:8.1} ns  {what}"));
}

#[expect(clippy::print_stdout, reason = "a program whose output is read")]
fn show(line: &str) {
    println!("{line}");
}

/// Numbers by chance (xorshift), the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}
