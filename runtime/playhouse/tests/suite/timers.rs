//! Timers of an entity, driven through the wheel as the host drives them.

use std::time::Duration;

use playhouse::timer::{Firing, Moment, Plan, TimerError, TimerHandle, TimerOwner, Timers, Wheel};
use playhouse::{Failure, FailureKind, Timestamp};

const MS: u64 = 1_000;
const OWN: TimerOwner = TimerOwner {
    local: None,
    slot: 0,
};
const BAG: TimerOwner = TimerOwner {
    local: None,
    slot: 2,
};

/// An entity with its timers, on a shard with nothing else on it.
struct Entity {
    wheel: Wheel<TimerHandle>,
    timers: Timers<&'static str>,
    now: Moment,
    /// What the wheel handed out and the entity had no time for yet.
    queue: Vec<TimerHandle>,
    fired: Vec<(u64, &'static str, u64)>,
}

impl Entity {
    fn new() -> Self {
        Self {
            wheel: Wheel::new(0),
            timers: Timers::new(),
            // Midnight, 2024-03-01.
            now: Moment {
                us: 0,
                utc: Timestamp(1_709_251_200_000_000),
            },
            queue: Vec::new(),
            fired: Vec::new(),
        }
    }

    fn try_set(
        &mut self,
        owner: TimerOwner,
        plan: Plan,
        action: &'static str,
    ) -> Result<TimerHandle, TimerError> {
        self.timers
            .set(&mut self.wheel, self.now, owner, plan, action, |handle| {
                handle
            })
    }

    fn set(&mut self, owner: TimerOwner, plan: Plan, action: &'static str) -> TimerHandle {
        self.try_set(owner, plan, action).unwrap()
    }

    fn cancel(&mut self, handle: TimerHandle) -> bool {
        self.timers.cancel(&mut self.wheel, handle).is_some()
    }

    fn cancel_key(&mut self, owner: TimerOwner, key: &str) -> usize {
        let cancelled = self.timers.cancel_key(&mut self.wheel, owner, key.into());
        cancelled.len()
    }

    /// Time goes by while the entity is busy.
    fn pass(&mut self, us: u64) {
        self.now = Moment {
            us: self.now.us + us,
            utc: Timestamp(self.now.utc.0 + us as i64),
        };
        let queue = &mut self.queue;
        self.wheel
            .advance(self.now.us, &mut |handle| queue.push(handle));
    }

    fn begin(&mut self, handle: TimerHandle) -> Option<Firing<&'static str>> {
        self.timers
            .begin(&mut self.wheel, self.now, handle, |handle| handle)
    }

    /// The entity is free: what waits is run, and `then` is what each firing does.
    fn serve(&mut self, mut then: impl FnMut(&mut Self, &'static str)) {
        for handle in std::mem::take(&mut self.queue) {
            if let Some(firing) = self.begin(handle) {
                self.fired
                    .push((self.now.us / MS, firing.action, firing.missed));
                then(self, firing.action);
            }
        }
    }

    /// `ms` milliseconds, one by one, of an entity that is free.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.pass(MS);
            self.serve(|_, _| ());
        }
    }
}

fn after(ms: u64) -> Plan {
    plan(|plan| plan.after = Some(Duration::from_millis(ms)))
}

fn every(ms: u64) -> Plan {
    plan(|plan| plan.every = Some(Duration::from_millis(ms)))
}

fn plan(change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = Plan::default();
    change(&mut plan);
    plan
}

fn keyed(key: &str, mut plan: Plan) -> Plan {
    plan.key = Some(key.into());
    plan
}

fn times(times: u32, mut plan: Plan) -> Plan {
    plan.times = Some(times);
    plan
}

#[test]
fn setting_a_key_again_adds_and_cancelling_it_cancels_all() {
    let mut entity = Entity::new();
    for ms in [5, 10, 20] {
        entity.set(BAG, keyed("spoil", after(ms)), "spoil");
    }
    entity.set(OWN, keyed("spoil", after(20)), "own");
    entity.set(BAG, keyed("other", after(20)), "other");
    entity.set(BAG, after(20), "no key");
    entity.run(6);
    assert_eq!(entity.cancel_key(BAG, "spoil"), 2);
    assert_eq!(entity.cancel_key(BAG, "spoil"), 0);
    entity.run(30);
    assert_eq!(
        entity.fired,
        [
            (5, "spoil", 0),
            (20, "own", 0),
            (20, "other", 0),
            (20, "no key", 0)
        ]
    );
    assert!(entity.timers.is_empty() && entity.wheel.is_empty());
}

#[test]
fn a_handle_cancels_one() {
    let mut entity = Entity::new();
    let first = entity.set(OWN, keyed("k", after(5)), "first");
    entity.set(OWN, keyed("k", after(5)), "second");
    assert!(entity.cancel(first));
    let third = entity.set(OWN, after(5), "third");
    assert_ne!(first, third);
    assert!(!entity.cancel(first));
    assert_eq!(entity.cancel_key(OWN, "k"), 1);
    entity.run(6);
    assert_eq!(entity.fired, [(5, "third", 0)]);
    assert!(!entity.cancel(third));
}

#[test]
fn three_times_means_three_firings() {
    let mut entity = Entity::new();
    entity.set(OWN, times(3, every(10)), "a");
    entity.set(OWN, times(1, every(10)), "b");
    entity.set(OWN, times(1, after(10)), "c");
    entity.run(100);
    assert_eq!(
        entity.fired,
        [
            (10, "a", 0),
            (10, "b", 0),
            (10, "c", 0),
            (20, "a", 0),
            (30, "a", 0)
        ]
    );
    assert!(entity.timers.is_empty());
}

#[test]
fn missed_firings_are_counted_and_cost_no_repetition() {
    let mut entity = Entity::new();
    entity.set(OWN, times(2, every(10)), "a");
    entity.pass(95 * MS);
    entity.serve(|_, _| ());
    entity.run(20);
    assert_eq!(entity.fired, [(95, "a", 8), (100, "a", 0)]);
}

#[test]
fn a_period_keeps_its_phase() {
    let mut entity = Entity::new();
    let mut uneven = plan(|plan| plan.every = Some(Duration::from_micros(16_667)));
    uneven.after = Some(Duration::from_millis(3));
    entity.set(OWN, uneven, "a");
    entity.run(1_004);
    assert_eq!(entity.fired.len(), 61);
    assert_eq!(entity.fired.last(), Some(&(1_004, "a", 0)));
}

#[test]
fn a_timer_cancelled_while_it_waits_for_the_entity_does_not_fire() {
    let mut entity = Entity::new();
    let first = entity.set(OWN, after(5), "first");
    entity.set(OWN, keyed("k", every(5)), "second");
    entity.pass(5 * MS);
    assert_eq!(entity.queue.len(), 2);
    assert!(entity.cancel(first));
    assert_eq!(entity.cancel_key(OWN, "k"), 1);
    entity.serve(|_, _| ());
    assert_eq!(entity.fired, []);
    assert!(entity.timers.is_empty() && entity.wheel.is_empty());
}

#[test]
fn a_callback_cancels_itself_and_others_and_sets_more() {
    let mut entity = Entity::new();
    let own = entity.set(OWN, every(5), "own");
    entity.set(OWN, keyed("k", every(5)), "cancelled in the same instant");
    entity.pass(5 * MS);
    entity.serve(|entity, action| {
        assert_eq!(action, "own");
        assert!(entity.cancel(own));
        assert_eq!(entity.cancel_key(OWN, "k"), 1);
        entity.set(OWN, keyed("k", after(5)), "new");
    });
    entity.run(20);
    assert_eq!(entity.fired, [(5, "own", 0), (10, "new", 0)]);
}

#[test]
fn a_callback_cancels_everything() {
    let mut entity = Entity::new();
    entity.set(OWN, every(5), "own");
    entity.set(BAG, keyed("k", after(50)), "other");
    entity.pass(5 * MS);
    entity.serve(|entity, _| assert_eq!(entity.timers.clear(&mut entity.wheel, None).len(), 2));
    assert!(entity.timers.is_empty() && entity.wheel.is_empty());
}

#[test]
fn the_end_of_a_local_entity_ends_its_timers_only() {
    let mut entity = Entity::new();
    let local = |number| TimerOwner {
        local: Some(number),
        slot: 0,
    };
    entity.set(local(1), keyed("k", after(5)), "one");
    entity.set(local(2), keyed("k", after(5)), "two");
    entity.set(OWN, after(5), "own");
    assert_eq!(entity.timers.clear(&mut entity.wheel, Some(1)).len(), 1);
    entity.run(6);
    assert_eq!(entity.fired, [(5, "two", 0), (5, "own", 0)]);
}

#[test]
fn cron_fires_at_its_moments_and_counts_what_it_missed() {
    let mut entity = Entity::new();
    let cron = plan(|plan| plan.cron = Some("0 */6 * * *".to_owned()));
    entity.set(OWN, times(3, cron), "reset");
    let hour = 3_600_000 * MS;
    let mut hours = Vec::new();
    for passed in 1..=48 {
        // By the minute until noon, then in one leap of 13 hours.
        let minutes = if passed <= 12 { 60 } else { 1 };
        let span = if passed == 13 {
            13 * hour
        } else {
            hour / minutes
        };
        for _ in 0..minutes {
            entity.pass(span);
            let before = entity.fired.len();
            entity.serve(|_, _| ());
            if entity.fired.len() > before {
                hours.push((entity.now.us / hour, entity.fired[before].2));
            }
        }
    }
    assert_eq!(hours, [(6, 0), (12, 0), (25, 1)]);
    assert!(entity.timers.is_empty());
}

#[test]
fn cron_does_not_fire_twice_when_the_clock_on_the_wall_is_set_back() {
    let mut entity = Entity::new();
    let cron = plan(|plan| plan.cron = Some("1 0 * * *".to_owned()));
    entity.set(OWN, cron, "reset");
    entity.pass(59_000 * MS);
    entity.now.utc = Timestamp(entity.now.utc.0 - 5_000_000);
    entity.pass(1_000 * MS);
    entity.serve(|_, _| ());
    assert_eq!(entity.fired, []);
    entity.run(5_000);
    assert_eq!(entity.fired, [(65_000, "reset", 0)]);
}

#[test]
fn an_entity_has_a_limit_of_timers() {
    let mut entity = Entity::new();
    for _ in 0..Timers::<()>::PENDING_MAX {
        entity.set(OWN, after(5), "a");
    }
    let error = entity.try_set(OWN, after(5), "a").unwrap_err();
    assert_eq!(error, TimerError::TooMany);
    assert_eq!(Failure::from(error).kind(), FailureKind::Overloaded);
    entity.run(5);
    entity.set(OWN, after(5), "a");
}

#[test]
fn plans_without_sense_are_refused() {
    let mut entity = Entity::new();
    let mut check = |plan: Plan, expected: TimerError| {
        assert_eq!(entity.try_set(OWN, plan, "a").unwrap_err(), expected);
    };
    check(times(0, after(1)), TimerError::Times);
    check(times(2, after(1)), TimerError::Times);
    check(every(0), TimerError::Period);
    check(
        plan(|plan| plan.every = Some(Duration::from_micros(999))),
        TimerError::Period,
    );
    let mut both = after(1);
    both.cron = Some("* * * * *".to_owned());
    check(both, TimerError::Both);
    let bad = plan(|plan| plan.cron = Some("* * *".to_owned()));
    assert!(matches!(
        entity.try_set(OWN, bad, "a"),
        Err(TimerError::Cron(_))
    ));
    entity.set(OWN, every(1), "a");
}

#[test]
fn a_span_beyond_the_end_of_time_never_fires() {
    let mut entity = Entity::new();
    entity.pass(5 * MS);
    entity.set(OWN, plan(|plan| plan.every = Some(Duration::MAX)), "never");
    entity.pass(1 << 50);
    entity.serve(|_, _| ());
    assert_eq!(entity.fired, []);
}
