//! What a battle was worth: rating, gold and experience.

use arena_schema::common::{BattleResult, Outcome, Rating, Reward, Side, Tally};

use crate::tables;

/// How much one battle can move a rating.
const STAKE: f64 = 32.0;
/// How far ratings are apart when one is expected to win ten times as often.
const TENFOLD: f64 = 400.0;

/// How it ended for one side.
#[must_use]
pub const fn outcome(winner: Option<Side>, side: Side) -> Outcome {
    match (winner, side) {
        (None, _) => Outcome::Drawn,
        (Some(Side::Dawn), Side::Dawn) | (Some(Side::Dusk), Side::Dusk) => Outcome::Won,
        _ => Outcome::Lost,
    }
}

/// The rating after a battle against others of this average (Elo's rule).
#[must_use]
pub fn rating(before: Rating, others: f64, outcome: Outcome) -> Rating {
    let expected = 1.0 / (1.0 + 10_f64.powf((others - f64::from(before.score)) / TENFOLD));
    let reached = match outcome {
        Outcome::Won => 1.0,
        Outcome::Drawn => 0.5,
        _ => 0.0,
    };
    let change = (STAKE * (reached - expected)).round();
    Rating {
        score: (before.score + change as i32).clamp(-10_000, 10_000),
        deviation: (before.deviation * 0.95).max(30.0),
        battles: before.battles.saturating_add(1),
    }
}

/// What a fighter is given: gold for taking part, for winning, and what was earned in the battle.
#[must_use]
pub fn rewards(outcome: Outcome, earned: u64) -> Vec<Reward> {
    let base = match outcome {
        Outcome::Won => 30,
        Outcome::Drawn => 20,
        Outcome::Aborted => 0,
        _ => 10,
    };
    match base + earned {
        0 => vec![Reward::Nothing],
        amount => vec![Reward::Coins(tables::gold(amount))],
    }
}

/// The experience that a battle is worth.
#[must_use]
pub fn experience(result: &BattleResult) -> u64 {
    let Tally {
        kills,
        assists,
        damage,
        ..
    } = result.tally;
    let base = match result.outcome {
        Outcome::Won => 100,
        Outcome::Drawn => 70,
        Outcome::Aborted => return 0,
        _ => 50,
    };
    base + 10 * u64::from(kills) + 5 * u64::from(assists) + damage / 20
}

/// The level that so much experience is: each takes a hundred more than the one before.
#[must_use]
pub fn level(experience: u64) -> u16 {
    let mut level = 1_u16;
    let mut needed = 100;
    let mut left = experience;
    while level < 100 && left >= needed {
        left -= needed;
        needed += 100;
        level += 1;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_win_and_lose_half_the_stake() {
        let before = Rating::default();
        assert_eq!(rating(before, 1500.0, Outcome::Won).score, 1516);
        assert_eq!(rating(before, 1500.0, Outcome::Lost).score, 1484);
        assert_eq!(rating(before, 1500.0, Outcome::Drawn).score, 1500);
    }

    #[test]
    fn ratings_stay_in_their_bounds() {
        let mut low = Rating {
            score: -10_000,
            deviation: 0.0,
            battles: u32::MAX,
        };
        low = rating(low, -10_000.0, Outcome::Lost);
        assert_eq!((low.score, low.battles), (-10_000, u32::MAX));
    }

    #[test]
    fn levels_take_more_and_more_and_end_at_a_hundred() {
        assert_eq!(level(0), 1);
        assert_eq!(level(99), 1);
        assert_eq!(level(100), 2);
        assert_eq!(level(299), 2);
        assert_eq!(level(300), 3);
        assert_eq!(level(u64::MAX), 100);
    }

    #[test]
    fn only_an_aborted_battle_is_worth_nothing() {
        assert_eq!(rewards(Outcome::Aborted, 0), [Reward::Nothing]);
        for outcome in [Outcome::Won, Outcome::Lost, Outcome::Drawn] {
            assert!(matches!(rewards(outcome, 0)[..], [Reward::Coins(_)]));
        }
    }
}
