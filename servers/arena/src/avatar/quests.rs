//! Whether a quest is done: goals may hold goals.

use arena_schema::common::{BattleResult, ItemId, Mode, Outcome};
use arena_schema::world::{Goal, Quest};

/// What a goal is measured against.
#[derive(Debug)]
pub struct Achieved<'a, Owns: Fn(ItemId) -> bool> {
    /// The avatar's level.
    pub level: u16,
    /// Whether the avatar has one of an item.
    pub owns: &'a Owns,
}

/// The counters that a goal needs, all at nothing.
#[must_use]
pub fn counters(goal: &Goal) -> Vec<u16> {
    vec![0; counted(goal)]
}

/// Counts a battle for every goal that it serves.
pub fn count_battle(quest: &mut Quest, result: &BattleResult) {
    let Quest { goal, counts, .. } = quest;
    let mut counts = counts.iter_mut();
    each_counted(goal, &mut |mode| {
        let Some(count) = counts.next() else {
            return;
        };
        if *mode == result.mode && result.outcome == Outcome::Won {
            *count = count.saturating_add(1);
        }
    });
}

/// How many of a quest's parts are missing; nothing when it is done.
#[must_use]
pub fn missing<Owns: Fn(ItemId) -> bool>(quest: &Quest, achieved: &Achieved<'_, Owns>) -> u16 {
    let mut counts = quest.counts.iter().copied();
    lacking(&quest.goal, &mut counts, achieved)
}

fn lacking<Owns: Fn(ItemId) -> bool>(
    goal: &Goal,
    counts: &mut dyn Iterator<Item = u16>,
    achieved: &Achieved<'_, Owns>,
) -> u16 {
    match goal {
        Goal::Win { times, .. } => times.saturating_sub(counts.next().unwrap_or_default()),
        Goal::Own(item) => u16::from(!(achieved.owns)(*item)),
        Goal::ReachLevel(level) => level.saturating_sub(achieved.level),
        Goal::AllOf(goals) => goals
            .iter()
            .map(|goal| lacking(goal, counts, achieved))
            .fold(0, u16::saturating_add),
        // Every part takes its counters, whichever of them is nearest.
        Goal::AnyOf(goals) => goals
            .iter()
            .map(|goal| lacking(goal, counts, achieved))
            .fold(u16::MAX, u16::min),
        Goal::Unknown(_) => 1,
    }
}

fn counted(goal: &Goal) -> usize {
    let mut count = 0;
    each_counted(goal, &mut |_| count += 1);
    count
}

fn each_counted(goal: &Goal, found: &mut dyn FnMut(&Mode)) {
    match goal {
        Goal::Win { mode, .. } => found(mode),
        Goal::AllOf(goals) | Goal::AnyOf(goals) => {
            for goal in goals {
                each_counted(goal, found);
            }
        }
        Goal::Own(_) | Goal::ReachLevel(_) | Goal::Unknown(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use arena_schema::common::{BattleId, Rating, Reward, Tally, TextKey};
    use playhouse::{Timestamp, Uuid};

    use super::*;

    const SWORD: ItemId = ItemId(3);

    fn quest(goal: Goal) -> Quest {
        Quest {
            title: TextKey(String::new()),
            counts: counters(&goal),
            goal,
            reward: Reward::Nothing,
            ends_at: None,
        }
    }

    fn win(mode: Mode, times: u16) -> Goal {
        Goal::Win { mode, times }
    }

    fn battle(mode: Mode, outcome: Outcome) -> BattleResult {
        BattleResult {
            battle: BattleId(Uuid([0; 16])),
            mode,
            outcome,
            tally: Tally::default(),
            rewards: vec![],
            rating: Rating::default(),
            ended_at: Timestamp::from_micros(0),
        }
    }

    fn missing_at(quest: &Quest, level: u16, sword: bool) -> u16 {
        let owns = |item| sword && item == SWORD;
        missing(quest, &Achieved { level, owns: &owns })
    }

    #[test]
    fn only_wins_of_the_mode_count() {
        let mut quest = quest(win(Mode::Duel, 2));
        for (mode, outcome) in [
            (Mode::Duel, Outcome::Lost),
            (Mode::Pairs, Outcome::Won),
            (Mode::Duel, Outcome::Won),
        ] {
            count_battle(&mut quest, &battle(mode, outcome));
        }
        assert_eq!(missing_at(&quest, 1, false), 1);
    }

    #[test]
    fn all_of_the_goals_or_any_of_them() {
        let goals = || vec![Goal::Own(SWORD), Goal::ReachLevel(3)];
        let all = quest(Goal::AllOf(goals()));
        assert_eq!(missing_at(&all, 1, false), 3);
        assert_eq!(missing_at(&all, 3, true), 0);
        let any = quest(Goal::AnyOf(goals()));
        assert_eq!(missing_at(&any, 1, false), 1);
        assert_eq!(missing_at(&any, 3, false), 0);
    }

    #[test]
    fn each_goal_has_its_own_counter() {
        let mut quest = quest(Goal::AllOf(vec![
            Goal::AnyOf(vec![win(Mode::Duel, 1), Goal::Own(SWORD)]),
            win(Mode::Pairs, 1),
        ]));
        assert_eq!(quest.counts, [0, 0]);
        count_battle(&mut quest, &battle(Mode::Pairs, Outcome::Won));
        assert_eq!(quest.counts, [0, 1]);
        assert_eq!(missing_at(&quest, 1, true), 0);
    }
}
