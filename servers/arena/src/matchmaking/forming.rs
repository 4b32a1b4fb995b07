//! Who fights whom: the oldest entry picks those who are nearest to it in rating.

use arena_schema::common::{Mode, Side};
use arena_schema::match_making::QueueEntry;

/// How far ratings may be apart at first.
pub const SPREAD_START: i32 = 200;

/// Fighters on each side.
#[must_use]
pub const fn side_size(mode: Mode) -> usize {
    match mode {
        Mode::Duel => 1,
        Mode::Pairs => 2,
        Mode::Brawl => 3,
        _ => 5,
    }
}

/// A match: the places of the entries in the queue, and the side that each is on.
pub type Match = Vec<(usize, Side)>;

/// The next match that the entries allow. `spread` says how far an entry looks, by its place.
///
/// The oldest entry comes first; it takes others by nearness of rating, as long as both look that far, and puts each
/// on the side that has room for it, the weaker one first.
#[must_use]
pub fn form(entries: &[QueueEntry], mode: Mode, spread: impl Fn(usize) -> i32) -> Option<Match> {
    let mut oldest: Vec<usize> = (0..entries.len()).collect();
    oldest.sort_by_key(|&place| entries[place].since);
    oldest
        .iter()
        .find_map(|&first| form_around(first, entries, mode, &spread))
}

fn form_around(
    first: usize,
    entries: &[QueueEntry],
    mode: Mode,
    spread: &impl Fn(usize) -> i32,
) -> Option<Match> {
    let own = entries[first].rating.score;
    let apart = |place: usize| (entries[place].rating.score - own).abs();
    let mut near: Vec<usize> = (0..entries.len())
        .filter(|&place| place != first)
        .filter(|&place| apart(place) <= spread(first).min(spread(place)))
        .collect();
    near.sort_by_key(|&place| (apart(place), entries[place].since));

    let mut sides = [Half::new(mode), Half::new(mode)];
    let mut chosen = Vec::new();
    for place in std::iter::once(first).chain(near) {
        let entry = &entries[place];
        let weaker = usize::from(sides[1].strength < sides[0].strength);
        let fitting = [weaker, 1 - weaker]
            .into_iter()
            .find(|&side| entry.seats.len() <= sides[side].room);
        if let Some(side) = fitting {
            sides[side].add(entry);
            chosen.push((place, if side == 0 { Side::Dawn } else { Side::Dusk }));
        }
        if sides.iter().all(|side| side.room == 0) {
            return Some(chosen);
        }
    }
    None
}

/// One side of a match that is being formed.
struct Half {
    room: usize,
    strength: i64,
}

impl Half {
    const fn new(mode: Mode) -> Self {
        Self {
            room: side_size(mode),
            strength: 0,
        }
    }

    fn add(&mut self, entry: &QueueEntry) {
        self.room -= entry.seats.len();
        self.strength += i64::from(entry.rating.score) * entry.seats.len() as i64;
    }
}

#[cfg(test)]
mod tests {
    use arena_schema::common::{AccountId, Rating};
    use arena_schema::world::Avatar;
    use playhouse::Timestamp;

    use super::*;

    fn entry(account: u64, score: i32, party: u64, since: i64) -> QueueEntry {
        let seat = |account| Avatar::reference(AccountId(account)).in_slot(Avatar::SEAT_SLOT);
        QueueEntry {
            seats: (account..account + party).map(seat).collect(),
            rating: Rating {
                score,
                ..Rating::default()
            },
            since: Timestamp::from_micros(since),
        }
    }

    fn places(entries: &[QueueEntry], mode: Mode) -> Option<Vec<usize>> {
        let found = form(entries, mode, |_| SPREAD_START)?;
        Some(found.into_iter().map(|(place, _)| place).collect())
    }

    #[test]
    fn one_alone_finds_nobody() {
        assert_eq!(places(&[], Mode::Duel), None);
        assert_eq!(places(&[entry(1, 1500, 1, 0)], Mode::Duel), None);
    }

    #[test]
    fn the_nearest_rating_is_taken() {
        let entries = [
            entry(1, 1500, 1, 0),
            entry(2, 1650, 1, 1),
            entry(3, 1520, 1, 2),
        ];
        assert_eq!(places(&entries, Mode::Duel), Some(vec![0, 2]));
    }

    #[test]
    fn those_too_far_apart_wait() {
        let entries = [entry(1, 1500, 1, 0), entry(2, 1701, 1, 1)];
        assert_eq!(places(&entries, Mode::Duel), None);
        assert!(form(&entries, Mode::Duel, |_| 300).is_some());
    }

    #[test]
    fn a_party_stays_on_one_side() {
        let entries = [
            entry(1, 1500, 1, 0),
            entry(2, 1500, 2, 1),
            entry(4, 1500, 1, 2),
        ];
        let found = form(&entries, Mode::Pairs, |_| SPREAD_START).unwrap();
        let side_of = |wanted| found.iter().find(|(place, _)| *place == wanted).unwrap().1;
        assert_eq!(side_of(0), side_of(2));
        assert_ne!(side_of(0), side_of(1));
    }

    #[test]
    fn a_party_too_large_for_a_side_is_passed_over() {
        let entries = [
            entry(1, 1500, 2, 0),
            entry(3, 1500, 1, 1),
            entry(4, 1500, 1, 2),
        ];
        assert_eq!(places(&entries, Mode::Duel), Some(vec![1, 2]));
    }
}
