//! Randomness that is handed in: one seed, many independent streams.

use std::cell::Cell;

/// A seeded stream of random numbers (SplitMix64), for jitter, choices and the simulation.
///
/// The same seed gives the same numbers on every machine. Not for secrets: who sees a few numbers knows the rest.
///
/// ```
/// use playhouse_net::Random;
///
/// let random = Random::new(7);
/// assert_eq!(random.u64(), Random::new(7).u64());
/// assert!(random.below(10) < 10);
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: Cell<u64>,
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream that begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            state: Cell::new(seed),
        }
    }

    /// One of the many streams that belong to `seed`.
    ///
    /// Whoever draws takes a stream of his own, so that a new draw in one place doesn't shift the numbers of the others.
    #[must_use]
    pub const fn stream(seed: u64, stream: u64) -> Self {
        Self::new(mix(seed ^ mix(stream.wrapping_mul(GAMMA))))
    }

    /// The next number, any of 2^64.
    #[inline]
    pub fn u64(&self) -> u64 {
        let state = self.state.get().wrapping_add(GAMMA);
        self.state.set(state);
        mix(state)
    }

    /// The next number below `end`; 0 if `end` is 0.
    #[inline]
    pub fn below(&self, end: u64) -> u64 {
        let wide = u128::from(self.u64()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
    }

    /// True once in `1 / probability` draws; `probability` is from 0 to 1.
    #[inline]
    pub fn chance(&self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number from 0 to just below 1.
    #[inline]
    pub fn unit(&self) -> f64 {
        (self.u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Another stream, split off from this one.
    #[must_use]
    pub fn split(&self) -> Self {
        Self::new(self.u64())
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let random = Random::new(0);
        assert_eq!(random.u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let first: Vec<u64> = (0..100).map(|n| Random::stream(1, n).u64()).collect();
        let mut distinct = first.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), first.len());
    }

    #[test]
    fn below_reaches_every_number_and_no_other() {
        let random = Random::new(3);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[usize::try_from(random.below(7)).unwrap()] = true;
        }
        assert_eq!(seen, [true; 7]);
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn chance_keeps_its_odds() {
        let random = Random::new(4);
        let hits = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!random.chance(0.0));
        assert!(random.chance(1.0));
    }
}
