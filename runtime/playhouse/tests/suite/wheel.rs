//! The timing wheel against a sorted map.

use std::collections::BTreeMap;

use playhouse::timer::{TimerId, Wheel};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Insert { after_us: u64 },
    Cancel { nth: usize },
    Advance { by_us: u64 },
    PollOne { by_us: u64 },
}

/// Spans of every size: most of them short, some across several levels of the wheel.
fn span() -> impl Strategy<Value = u64> {
    (0..44_u32, any::<u64>()).prop_map(|(bits, value)| value >> (63 - bits))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => span().prop_map(|after_us| Step::Insert { after_us }),
        2 => any::<usize>().prop_map(|nth| Step::Cancel { nth }),
        2 => span().prop_map(|by_us| Step::Advance { by_us }),
        1 => span().prop_map(|by_us| Step::PollOne { by_us }),
    ]
}

/// What a wheel promises, done slowly: timers by tick, then by the order in which they were set.
#[derive(Default)]
struct Model {
    pending: BTreeMap<(u64, u32), ()>,
    present: u64,
}

impl Model {
    fn insert(&mut self, at_us: u64, number: u32) -> (u64, u32) {
        let key = (at_us.div_ceil(1_000).max(self.present + 1), number);
        self.pending.insert(key, ());
        key
    }

    fn poll(&mut self, now_us: u64) -> Option<u32> {
        let now = now_us / 1_000;
        match self.pending.first_key_value() {
            Some((&(tick, number), ())) if tick <= now => {
                self.pending.remove(&(tick, number));
                self.present = tick;
                Some(number)
            }
            _ => {
                self.present = self.present.max(now);
                None
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_wheel_does_what_a_sorted_map_does(
        origin in span(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut wheel = Wheel::new(origin);
        let mut model = Model { present: origin / 1_000, ..Model::default() };
        let mut now = origin;
        let mut set: Vec<(TimerId, (u64, u32))> = Vec::new();
        for step in steps {
            match step {
                Step::Insert { after_us } => {
                    let number = set.len() as u32;
                    let key = model.insert(now + after_us, number);
                    set.push((wheel.insert(now + after_us, number), key));
                }
                Step::Cancel { nth } => {
                    if let Some((id, key)) = set.get(nth % set.len().max(1)) {
                        let expected = model.pending.remove(key).map(|()| key.1);
                        prop_assert_eq!(wheel.cancel(*id), expected);
                    }
                }
                Step::Advance { by_us } => {
                    now += by_us;
                    let mut fired = Vec::new();
                    let count = wheel.advance(now, &mut |number| fired.push(number));
                    prop_assert_eq!(count, fired.len());
                    let expected: Vec<u32> = std::iter::from_fn(|| model.poll(now)).collect();
                    prop_assert_eq!(fired, expected);
                }
                Step::PollOne { by_us } => {
                    now += by_us;
                    prop_assert_eq!(wheel.poll(now), model.poll(now));
                }
            }
            prop_assert_eq!(wheel.len(), model.pending.len());
            match (wheel.next_expiry(), model.pending.first_key_value()) {
                (None, None) => {}
                (Some(next), Some(((tick, _), ()))) => prop_assert!(next <= tick * 1_000),
                (next, first) => prop_assert!(false, "{next:?} against {first:?}"),
            }
        }
    }
}

#[test]
fn going_from_expiry_to_expiry_reaches_every_timer() {
    let mut wheel = Wheel::new(0);
    let times = [1, 63, 64, 65, 4_095, 4_096, 262_144, 90_000_000].map(|ms| ms * 1_000);
    for at_us in times {
        wheel.insert(at_us, at_us);
    }
    let mut fired = Vec::new();
    let mut rounds = 0;
    while let Some(next) = wheel.next_expiry() {
        wheel.advance(next, &mut |at_us| {
            assert_eq!(at_us, next);
            fired.push(at_us);
        });
        rounds += 1;
    }
    assert_eq!(fired, times);
    assert!(rounds <= times.len() * 6, "{rounds} wake-ups");
}
