//! Choosing by load, without a herd.

use std::collections::HashMap;
use std::sync::Arc;

use crate::member::Member;

/// What a fresh pick adds to a member's score.
const PENALTY: f32 = 50.0;
/// Picks are counted in steps of so many microseconds.
const STEP_US: i64 = 250_000;
/// So many steps a pick is felt: 5 seconds.
const STEPS: usize = 20;

/// Picks the member of the lowest load. Each pick makes its member look busier for a while, since its report will not say so
/// before the next: by 50 for a second, then by 50/t after t seconds, until 5 seconds are over.
///
/// So picks that come slowly go by load, and many at once go round. It reads no clock: times are handed in, in microseconds.
#[derive(Debug, Default)]
pub struct Picker {
    fresh: HashMap<Arc<str>, Fresh>,
    step: i64,
}

/// The picks of one member.
#[derive(Debug, Default)]
struct Fresh {
    /// By the step in which they were, as a ring.
    picks: [u32; STEPS],
    penalty: f32,
}

impl Picker {
    /// One that has picked nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The candidate of the lowest load, which is a fresh pick from now on. Of equals it is the first.
    pub fn pick<'a>(
        &mut self,
        candidates: &'a [Arc<Member>],
        now_us: i64,
    ) -> Option<&'a Arc<Member>> {
        self.advance(now_us.div_euclid(STEP_US));
        let score = |member: &Arc<Member>| {
            let penalty = self.fresh.get(&member.name).map_or(0.0, |it| it.penalty);
            member.load.score + penalty
        };
        let scored = candidates.iter().map(|member| (score(member), member));
        let (_, best) = scored.min_by(|left, right| left.0.total_cmp(&right.0))?;
        let place = slot(self.step);
        if !self.fresh.contains_key(&best.name) {
            self.fresh.insert(Arc::clone(&best.name), Fresh::default());
        }
        if let Some(fresh) = self.fresh.get_mut(&best.name) {
            if let Some(count) = fresh.picks.get_mut(place) {
                *count = count.saturating_add(1);
            }
            fresh.penalty += PENALTY;
        }
        Some(best)
    }

    /// Forgets picks of long ago, and members without any: what is kept is bounded by who was picked in 5 seconds.
    fn advance(&mut self, step: i64) {
        let passed = step.saturating_sub(self.step);
        if passed <= 0 {
            return;
        }
        let steps = i64::try_from(STEPS).unwrap_or(i64::MAX);
        let first = self.step + 1;
        self.step = step;
        if passed >= steps {
            self.fresh.clear();
            return;
        }
        self.fresh.retain(|_, fresh| {
            for old in first..=step {
                if let Some(count) = fresh.picks.get_mut(slot(old)) {
                    *count = 0;
                }
            }
            fresh.penalty = fresh.penalty_at(step);
            fresh.penalty > 0.0
        });
    }
}

impl Fresh {
    #[expect(clippy::cast_precision_loss, reason = "a penalty needs no more")]
    fn penalty_at(&self, step: i64) -> f32 {
        let per_second = 1_000_000.0 / STEP_US as f32;
        let ages = 0_u16..;
        let penalties = ages.take(STEPS).map(|age| {
            let count = self
                .picks
                .get(slot(step - i64::from(age)))
                .copied()
                .unwrap_or(0);
            let seconds = f32::from(age) / per_second;
            count as f32 * PENALTY / seconds.max(1.0)
        });
        penalties.sum()
    }
}

fn slot(step: i64) -> usize {
    let steps = i64::try_from(STEPS).unwrap_or(i64::MAX);
    usize::try_from(step.rem_euclid(steps)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn members(scores: &[f32]) -> Vec<Arc<Member>> {
        let member = |(index, score): (usize, &f32)| {
            let mut member = Member::new(format!("node-{index}"), 1, "x");
            member.load.score = *score;
            Arc::new(member)
        };
        scores.iter().enumerate().map(member).collect()
    }

    fn picked(picker: &mut Picker, members: &[Arc<Member>], now_us: i64) -> String {
        picker.pick(members, now_us).unwrap().name.to_string()
    }

    #[test]
    fn nobody_is_picked_of_nobody() {
        assert_eq!(Picker::new().pick(&[], 0), None);
    }

    #[test]
    fn many_picks_at_once_do_not_herd() {
        let members = members(&[10.0, 20.0, 30.0]);
        let mut picker = Picker::new();
        let mut counts = [0; 3];
        for _ in 0..300 {
            let name = picked(&mut picker, &members, SECOND);
            let index: usize = name.strip_prefix("node-").unwrap().parse().unwrap();
            counts[index] += 1;
        }
        assert!(
            counts.iter().all(|count| (99..=101).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn slow_picks_go_by_load() {
        let members = members(&[10.0, 20.0]);
        let mut picker = Picker::new();
        for round in 0..10 {
            assert_eq!(picked(&mut picker, &members, round * 6 * SECOND), "node-0");
        }
    }

    #[test]
    fn a_pick_is_felt_in_full_for_a_second_and_less_until_five() {
        // Who was picked at 0 is picked again once its penalty is below the other's lead.
        let again = |lead: f32, at: i64| {
            let members = members(&[0.0, lead]);
            let mut picker = Picker::new();
            assert_eq!(picked(&mut picker, &members, 0), "node-0");
            picked(&mut picker, &members, at) == "node-0"
        };
        assert!(!again(49.0, SECOND - 1));
        assert!(again(51.0, SECOND - 1));
        assert!(again(26.0, 2 * SECOND));
        assert!(!again(24.0, 2 * SECOND));
        assert!(!again(10.0, 4 * SECOND + SECOND / 2));
        assert!(again(0.5, 5 * SECOND));
    }

    #[test]
    fn members_that_went_are_forgotten() {
        let mut picker = Picker::new();
        for round in 0..1_000 {
            let gone = [Arc::new(Member::new(format!("node-{round}"), 1, "x"))];
            picker.pick(&gone, round * SECOND);
        }
        assert!(picker.fresh.len() <= 6, "{}", picker.fresh.len());
    }
}
