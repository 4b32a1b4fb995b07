//! What is measured while bots play: calls, how long they took, and what bots expected and didn't get.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use playhouse_client::{Transport, Uuid};

use crate::common::BattleId;

/// Failed expectations that are kept word for word; all are counted.
pub const FAILURES_KEPT: usize = 100;

/// Counters that all bots share and that anybody may read at any time.
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU64,
    events: AtomicU64,
    expectations: AtomicU64,
    failed: AtomicU64,
    online: AtomicU64,
    fighting: AtomicU64,
    battles: Mutex<BTreeSet<Uuid>>,
    trades: AtomicU64,
    lines: AtomicU64,
    resumes: AtomicU64,
    drops: AtomicU64,
    moves: AtomicU64,
    sealed: AtomicU64,
    plain: AtomicU64,
    lost: AtomicU64,
    doubled: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    live: Mutex<BTreeMap<Transport, u64>>,
    times: Histogram,
    resume_times: Histogram,
    failures: Mutex<VecDeque<String>>,
}

/// What the counters say at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reading {
    pub calls: u64,
    pub events: u64,
    pub expectations: u64,
    pub failed: u64,
    pub online: u64,
    pub fighting: u64,
    /// Battles of which a bot saw the end.
    pub battles: u64,
    pub trades: u64,
    pub lines: u64,
    /// Sessions that went on over another link.
    pub resumes: u64,
    /// Sessions that lost their link.
    pub drops: u64,
    /// Sessions that moved to another link while they had one.
    pub moves: u64,
    /// Links of sessions that were encrypted.
    pub sealed: u64,
    /// Links of sessions that weren't.
    pub plain: u64,
    /// Lines that were said and not heard.
    pub lost: u64,
    /// Lines that were heard again, or before an earlier one.
    pub doubled: u64,
    /// Bytes of all links, from the server and to it.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Sessions that have a link, by what carries it.
    pub live: BTreeMap<Transport, u64>,
    pub p50: Duration,
    pub p99: Duration,
    /// How long sessions that lost their link had none.
    pub resume_p50: Duration,
    pub resume_p99: Duration,
}

/// What goes up and down.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Gauge {
    Online,
    Fighting,
}

/// What only goes up.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Count {
    Trade,
    Line,
    Event,
    Oneway,
    Resume,
    Drop,
    Move,
    Sealed,
    Plain,
}

/// What may become of a message that is to come once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Fault {
    Lost,
    Doubled,
}

impl Meter {
    /// A call was answered after so long.
    pub fn answered(&self, after: Duration) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.times.note(after);
    }

    /// A session that had lost its link has another one, after so long.
    pub fn resumed(&self, after: Duration) {
        self.resume_times.note(after);
    }

    /// So many bytes came from the server.
    pub fn bytes_in(&self, count: usize) {
        self.bytes_in.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// So many bytes went to the server.
    pub fn bytes_out(&self, count: usize) {
        self.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// One more.
    pub fn count(&self, what: Count) {
        let counter = match what {
            Count::Trade => &self.trades,
            Count::Line => &self.lines,
            Count::Event => &self.events,
            Count::Oneway => &self.calls,
            Count::Resume => &self.resumes,
            Count::Drop => &self.drops,
            Count::Move => &self.moves,
            Count::Sealed => &self.sealed,
            Count::Plain => &self.plain,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A battle has ended; several bots may tell of the same one.
    pub fn battle(&self, battle: BattleId) {
        lock(&self.battles).insert(battle.0);
    }

    /// One more, until the guard is dropped.
    #[must_use]
    pub fn gauge(&self, which: Gauge) -> Gauged<'_> {
        let counter = match which {
            Gauge::Online => &self.online,
            Gauge::Fighting => &self.fighting,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Gauged(counter)
    }

    /// A session's link is carried by another transport than before, or by none.
    pub fn carried(&self, before: Option<Transport>, now: Option<Transport>) {
        let mut live = lock(&self.live);
        if let Some(before) = before
            && let Some(count) = live.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                live.remove(&before);
            }
        }
        if let Some(now) = now {
            *live.entry(now).or_default() += 1;
        }
    }

    /// Something was expected; `came` says what was there instead, if it wasn't met.
    pub fn expect(&self, met: bool, came: impl FnOnce() -> String) -> bool {
        self.expectations.fetch_add(1, Ordering::Relaxed);
        if !met {
            self.failed.fetch_add(1, Ordering::Relaxed);
            let mut failures = lock(&self.failures);
            if failures.len() < FAILURES_KEPT {
                failures.push_back(came());
            }
        }
        met
    }

    /// As [`expect`](Self::expect), of a message that is to come once; `fault` is what became of it if it didn't.
    pub fn expect_once(&self, met: bool, fault: Fault, came: impl FnOnce() -> String) -> bool {
        if !met {
            let counter = match fault {
                Fault::Lost => &self.lost,
                Fault::Doubled => &self.doubled,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.expect(met, came)
    }

    /// The first failed expectations, word for word.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failures = lock(&self.failures);
        failures.iter().cloned().collect()
    }

    /// What the counters say now.
    #[must_use]
    pub fn read(&self) -> Reading {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [p50, p99] = self.times.percentiles([0.50, 0.99]);
        let [resume_p50, resume_p99] = self.resume_times.percentiles([0.50, 0.99]);
        Reading {
            calls: read(&self.calls),
            events: read(&self.events),
            expectations: read(&self.expectations),
            failed: read(&self.failed),
            online: read(&self.online),
            fighting: read(&self.fighting),
            battles: lock(&self.battles).len() as u64,
            trades: read(&self.trades),
            lines: read(&self.lines),
            resumes: read(&self.resumes),
            drops: read(&self.drops),
            moves: read(&self.moves),
            sealed: read(&self.sealed),
            plain: read(&self.plain),
            lost: read(&self.lost),
            doubled: read(&self.doubled),
            bytes_in: read(&self.bytes_in),
            bytes_out: read(&self.bytes_out),
            live: lock(&self.live).clone(),
            p50,
            p99,
            resume_p50,
            resume_p99,
        }
    }
}

/// Counters stay true even if a bot panicked beside them.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts down when it is dropped.
#[derive(Debug)]
pub struct Gauged<'a>(&'a AtomicU64);

impl Drop for Gauged<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Buckets for each doubling of time: the error is at most an eighth.
const PARTS: u64 = 8;
const BUCKETS: usize = 40 * PARTS as usize;

/// How long calls took, in microseconds, by buckets that grow with the time.
#[derive(Debug)]
struct Histogram([AtomicU64; BUCKETS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

impl Histogram {
    fn note(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.0.get(bucket_of(micros).min(BUCKETS - 1)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn percentiles<const N: usize>(&self, shares: [f64; N]) -> [Duration; N] {
        let counts: Vec<u64> = self
            .0
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        let total: u64 = counts.iter().sum();
        shares.map(|share| {
            let wanted = (total as f64 * share).ceil() as u64;
            let mut seen = 0;
            let bucket = counts.iter().position(|count| {
                seen += count;
                seen >= wanted.max(1)
            });
            Duration::from_micros(bucket.map_or(0, end_of))
        })
    }
}

fn bucket_of(micros: u64) -> usize {
    if micros < PARTS {
        return micros as usize;
    }
    let doubling = u64::from(micros.ilog2());
    let part = (micros >> (doubling - 3)) - PARTS;
    ((doubling - 2) * PARTS + part) as usize
}

/// The longest time of a bucket.
fn end_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PARTS {
        return bucket;
    }
    let (doubling, part) = (bucket / PARTS + 2, bucket % PARTS);
    ((PARTS + part + 1) << (doubling - 3)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_in_its_bucket() {
        for micros in (0..5000).chain([1 << 20, (1 << 20) + 1, 1 << 35]) {
            let bucket = bucket_of(micros);
            assert!(micros <= end_of(bucket), "{micros}");
            assert!(bucket == 0 || micros > end_of(bucket - 1), "{micros}");
        }
    }

    #[test]
    fn percentiles_are_those_of_what_was_noted() {
        let meter = Meter::default();
        assert_eq!(meter.read().p99, Duration::ZERO);
        for millis in 1..=100 {
            meter.answered(Duration::from_millis(millis));
        }
        let near =
            |time: Duration, millis: f64| (time.as_secs_f64() * 1000.0 / millis - 1.0).abs() < 0.13;
        let Reading {
            p50, p99, calls, ..
        } = meter.read();
        assert!(near(p50, 50.0) && near(p99, 99.0), "{p50:?} {p99:?}");
        assert_eq!(calls, 100);
    }

    #[test]
    fn sessions_are_counted_by_what_carries_them_now() {
        let meter = Meter::default();
        meter.carried(None, Some(Transport::Tcp));
        meter.carried(None, Some(Transport::Tcp));
        meter.carried(Some(Transport::Tcp), Some(Transport::Kcp));
        let expected = BTreeMap::from([(Transport::Tcp, 1), (Transport::Kcp, 1)]);
        assert_eq!(meter.read().live, expected);
        meter.carried(Some(Transport::Kcp), None);
        assert_eq!(meter.read().live, BTreeMap::from([(Transport::Tcp, 1)]));
    }

    #[test]
    fn what_is_lost_and_what_is_doubled_are_failures_of_their_own() {
        let meter = Meter::default();
        assert!(meter.expect_once(true, Fault::Lost, || unreachable!()));
        assert!(!meter.expect_once(false, Fault::Lost, || "lost".to_owned()));
        assert!(!meter.expect_once(false, Fault::Doubled, || "doubled".to_owned()));
        let reading = meter.read();
        assert_eq!((reading.lost, reading.doubled, reading.failed), (1, 1, 2));
        assert_eq!(meter.failures(), ["lost", "doubled"]);
    }

    #[test]
    fn failures_are_counted_and_the_first_of_them_kept() {
        let meter = Meter::default();
        for number in 0..=FAILURES_KEPT {
            meter.expect(false, || number.to_string());
        }
        assert!(meter.expect(true, || unreachable!()));
        let reading = meter.read();
        assert_eq!(reading.failed, FAILURES_KEPT as u64 + 1);
        assert_eq!(reading.expectations, FAILURES_KEPT as u64 + 2);
        assert_eq!(meter.failures().len(), FAILURES_KEPT);
        assert_eq!(meter.failures()[0], "0");
    }
}
