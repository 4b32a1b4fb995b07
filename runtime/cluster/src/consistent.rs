//! Choosing by a key: the same member for the same key, for as long as it is there.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::member::Member;

/// A member whose load exceeds the mean of the candidates by this factor gets no new entities, ...
pub const OVERLOAD_FACTOR: f32 = 1.5;
/// ... if it exceeds it by so many points of the score too: on an idle cluster nobody is overloaded.
pub const OVERLOAD_MIN: f32 = 20.0;

/// The member for a key, by rendezvous hashing: of those that come and go none moves keys between two others.
#[must_use]
pub fn consistent<'a>(
    candidates: impl IntoIterator<Item = &'a Arc<Member>>,
    key_hash: u64,
) -> Option<&'a Arc<Member>> {
    let candidates = candidates.into_iter();
    // Two equal weights are told apart by the name, so that every node chooses the same.
    candidates.max_by_key(|member| (weight(member, key_hash), &member.name))
}

/// The member for the first activation of a key: as [`consistent`], but one that is overloaded is passed over.
///
/// A member is overloaded beyond [`OVERLOAD_FACTOR`] and [`OVERLOAD_MIN`]; the mean never is, so somebody is left.
#[must_use]
pub fn rendezvous(candidates: &[Arc<Member>], key_hash: u64) -> Option<&Arc<Member>> {
    let count = u16::try_from(candidates.len()).map_or(f32::from(u16::MAX), f32::from);
    let scores = candidates.iter().map(|member| member.load.score);
    let mean = scores.sum::<f32>() / count;
    let limit = (mean * OVERLOAD_FACTOR).max(mean + OVERLOAD_MIN);
    // A score that is no number counts as too much.
    let fit = candidates
        .iter()
        .filter(|member| member.load.score <= limit);
    consistent(fit, key_hash).or_else(|| consistent(candidates, key_hash))
}

fn weight(member: &Member, key_hash: u64) -> u64 {
    xxh3_64_with_seed(member.name.as_bytes(), key_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(count: usize) -> Vec<Arc<Member>> {
        let member = |index| Arc::new(Member::new(format!("node-{index}"), 1, "x"));
        (0..count).map(member).collect()
    }

    fn loaded(count: usize, busy: usize, score: f32) -> Vec<Arc<Member>> {
        let mut members = members(count);
        Arc::make_mut(&mut members[busy]).load.score = score;
        members
    }

    #[test]
    fn nobody_is_chosen_of_nobody() {
        assert_eq!(consistent(&[], 1), None);
        assert_eq!(rendezvous(&[], 1), None);
    }

    #[test]
    fn keys_move_only_to_a_newcomer_and_are_spread() {
        let (four, five) = (members(4), members(5));
        let mut moved = 0;
        for key in 0..10_000_u64 {
            let before = &consistent(&four, key).unwrap().name;
            let after = &consistent(&five, key).unwrap().name;
            if before != after {
                assert_eq!(&**after, "node-4");
                moved += 1;
            }
        }
        assert!((1_600..2_400).contains(&moved), "{moved}");
    }

    #[test]
    fn the_order_of_candidates_means_nothing() {
        let members = members(5);
        let backwards: Vec<_> = members.iter().rev().cloned().collect();
        for key in 0..100 {
            let (one, other) = (consistent(&members, key), consistent(&backwards, key));
            assert_eq!(one.unwrap().name, other.unwrap().name);
        }
    }

    #[test]
    fn an_overloaded_member_is_passed_over() {
        let members = loaded(4, 2, 90.0);
        let chosen = |members: &[Arc<Member>], name: &str| {
            (0..1_000)
                .filter(|key| &*rendezvous(members, *key).unwrap().name == name)
                .count()
        };
        assert_eq!(chosen(&members, "node-2"), 0);
        assert!(chosen(&members, "node-1") > 250);
        // Twice the mean, but hardly busy.
        let members = loaded(4, 2, 15.0);
        assert!(chosen(&members, "node-2") > 150);
        let members = loaded(4, 2, f32::NAN);
        assert!(rendezvous(&members, 1).is_some());
    }
}
