//! When a load is worth a write: etcd takes some thousand writes a second from all nodes together, and keeps each for a while.

use crate::member::Load;

/// A score that moved by so much is told: a tenth of what a fresh pick adds for its first second.
const SCORE_STEP: f32 = 5.0;
/// Processors that moved by so many percent are told.
const CPU_STEP: f32 = 10.0;
/// A count that moved by so much is told, and by at least a tenth of itself.
const COUNT_STEP: u32 = 8;

/// Whether others ought to hear of the new load.
pub(super) fn is_news(told: &Load, now: &Load) -> bool {
    let count = |told: u32, now: u32| now.abs_diff(told) >= COUNT_STEP.max(told / 10);
    let moved = |told: f32, now: f32, step: f32| (now - told).abs() >= step;
    moved(told.score, now.score, SCORE_STEP)
        || moved(told.cpu, now.cpu, CPU_STEP)
        || count(told.entities, now.entities)
        || count(told.links, now.links)
        || count(told.sessions, now.sessions)
        || count(told.clients, now.clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(told: Load, now: Load, expected: bool) {
        assert_eq!(is_news(&told, &now), expected, "{told:?} {now:?}");
    }

    #[test]
    fn a_score_is_told_at_its_step() {
        let score = |score| Load {
            score,
            ..Load::default()
        };
        check(score(10.0), score(14.9), false);
        check(score(10.0), score(15.0), true);
        check(score(10.0), score(5.0), true);
    }

    #[test]
    fn counts_are_told_by_the_step_or_the_tenth() {
        let entities = |entities| Load {
            entities,
            ..Load::default()
        };
        check(entities(0), entities(7), false);
        check(entities(0), entities(8), true);
        check(entities(1000), entities(1099), false);
        check(entities(1000), entities(1100), true);
        check(entities(1000), entities(900), true);
        check(entities(u32::MAX), entities(0), true);
        let clients = |clients| Load {
            clients,
            ..Load::default()
        };
        check(clients(0), clients(7), false);
        check(clients(0), clients(8), true);
    }

    #[test]
    fn processors_are_told_at_their_step() {
        let cpu = |cpu| Load {
            cpu,
            ..Load::default()
        };
        check(cpu(0.0), cpu(9.9), false);
        check(cpu(0.0), cpu(10.0), true);
    }
}
