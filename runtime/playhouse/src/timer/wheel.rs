//! A hierarchical timing wheel: a million pending timers, each set and cancelled in constant time.
//!
//! After Varghese and Lauck, in the form of tokio's and Linux's wheels: a level has 64 slots, each slot of a level spans
//! a whole level below. A timer stands at the level of the highest bit in which its tick differs from the present one,
//! and moves down as the present enters its slot.

use std::fmt;
use std::num::NonZeroU32;

/// Bits of a tick that one level looks at.
const LEVEL_BITS: u32 = 6;
/// Slots of a level.
const SLOTS: usize = 1 << LEVEL_BITS;
/// Levels: enough for every tick that a `u64` of microseconds can name.
const LEVELS: usize = 10;
/// Microseconds of a tick.
const TICK_US: u64 = 1_000;
/// The end of a list.
const NONE: u32 = u32::MAX;

/// Pending timers of one shard, each with a value that comes back when it is due.
///
/// Time is microseconds since an origin of the caller's choice, handed in; a tick is a millisecond. A timer fires no
/// earlier than it was set for, and less than two ticks later if [`Wheel::poll`] is called on time. Timers of one tick
/// fire in the order in which they were set. A timer that is set for the present or the past fires in the next tick, so
/// that one which sets itself again can't hold up the clock.
pub struct Wheel<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    len: usize,
    /// The last tick whose timers have fired, or the one they are firing for.
    present: u64,
    /// One bit a slot: whether it holds anything.
    occupied: [u64; LEVELS],
    slots: [[List; SLOTS]; LEVELS],
}

/// A timer that was set. It is of no use once the timer has fired or was cancelled, even if another took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId {
    index: u32,
    generation: NonZeroU32,
}

struct Entry<T> {
    tick: u64,
    next: u32,
    previous: u32,
    generation: NonZeroU32,
    level: u8,
    slot: u8,
    value: Option<T>,
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

impl<T> Wheel<T> {
    /// How many timers may be pending at once.
    pub const PENDING_MAX: usize = NONE as usize;

    /// An empty wheel whose clock stands at `now_us`.
    #[must_use]
    pub fn new(now_us: u64) -> Self {
        Self {
            entries: Vec::new(),
            free: NONE,
            len: 0,
            present: now_us / TICK_US,
            occupied: [0; LEVELS],
            slots: [[List::EMPTY; SLOTS]; LEVELS],
        }
    }

    /// How many timers are pending.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is pending.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets a timer for `at_us`.
    ///
    /// # Panics
    ///
    /// With [`Wheel::PENDING_MAX`] timers pending, for which no machine has the memory.
    pub fn insert(&mut self, at_us: u64, value: T) -> TimerId {
        let tick = at_us.div_ceil(TICK_US).max(self.present + 1);
        let (level, slot) = place(self.present, tick);
        let index = self.allocate(tick, value);
        self.append(index, level, slot);
        self.len += 1;
        TimerId {
            index,
            generation: self.entries[index as usize].generation,
        }
    }

    /// Takes a timer back; nothing if it has fired or was cancelled already.
    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        let entry = self.entries.get(id.index as usize)?;
        if entry.generation != id.generation || entry.value.is_none() {
            return None;
        }
        let (level, slot) = (entry.level, entry.slot);
        self.unlink(id.index, level, slot);
        self.release(id.index)
    }

    /// What a timer carries; nothing if it has fired or was cancelled.
    #[must_use]
    pub fn get(&self, id: TimerId) -> Option<&T> {
        let entry = self.entries.get(id.index as usize)?;
        if entry.generation != id.generation {
            return None;
        }
        entry.value.as_ref()
    }

    /// Takes the next timer that is due at `now_us`; nothing once all of them are taken.
    ///
    /// Timers may be set and cancelled between two of these calls; what is cancelled then does not fire. A clock that
    /// goes backwards is taken to stand still.
    pub fn poll(&mut self, now_us: u64) -> Option<T> {
        let now = now_us / TICK_US;
        loop {
            let Some((level, slot, start)) = self.first_slot() else {
                self.present = self.present.max(now);
                return None;
            };
            if start > now {
                self.present = self.present.max(now);
                return None;
            }
            self.present = start;
            if level == 0 {
                let index = self.slots[0][slot as usize].first;
                self.unlink(index, 0, slot);
                return self.release(index);
            }
            self.move_down(level, slot);
        }
    }

    /// Hands every timer that is due at `now_us` to `fire`, and says how many there were.
    pub fn advance(&mut self, now_us: u64, fire: &mut impl FnMut(T)) -> usize {
        let mut fired = 0;
        while let Some(value) = self.poll(now_us) {
            fire(value);
            fired += 1;
        }
        fired
    }

    /// When to call [`Wheel::poll`] next, in microseconds: never later than the first timer is due, but possibly
    /// earlier, if that timer is far off. Nothing if no timer is pending.
    #[must_use]
    pub fn next_expiry(&self) -> Option<u64> {
        let (_, _, start) = self.first_slot()?;
        Some(start.saturating_mul(TICK_US))
    }

    /// The occupied slot that the present reaches first, and the tick at which it does.
    ///
    /// A level holds nothing before the present, and what a lower level holds comes before all of a higher one.
    fn first_slot(&self) -> Option<(u8, u8, u64)> {
        let level = self.occupied.iter().position(|slots| *slots != 0)?;
        let slot = u64::from(self.occupied[level].trailing_zeros());
        let shift = LEVEL_BITS * level as u32;
        let above = self.present >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
        Some((level as u8, slot as u8, above | slot << shift))
    }

    /// Spreads a slot that the present has entered over the levels below, in order.
    fn move_down(&mut self, level: u8, slot: u8) {
        let mut index = self.slots[level as usize][slot as usize].first;
        self.slots[level as usize][slot as usize] = List::EMPTY;
        self.occupied[level as usize] &= !(1 << slot);
        while index != NONE {
            let (next, tick) = {
                let entry = &self.entries[index as usize];
                (entry.next, entry.tick)
            };
            let (level, slot) = place(self.present, tick);
            self.append(index, level, slot);
            index = next;
        }
    }

    fn append(&mut self, index: u32, level: u8, slot: u8) {
        let list = &mut self.slots[level as usize][slot as usize];
        let last = std::mem::replace(&mut list.last, index);
        if last == NONE {
            list.first = index;
            self.occupied[level as usize] |= 1 << slot;
        } else {
            self.entries[last as usize].next = index;
        }
        let entry = &mut self.entries[index as usize];
        entry.previous = last;
        entry.next = NONE;
        entry.level = level;
        entry.slot = slot;
    }

    fn unlink(&mut self, index: u32, level: u8, slot: u8) {
        let (previous, next) = {
            let entry = &self.entries[index as usize];
            (entry.previous, entry.next)
        };
        let list = &mut self.slots[level as usize][slot as usize];
        if previous == NONE {
            list.first = next;
        } else {
            self.entries[previous as usize].next = next;
        }
        if next == NONE {
            list.last = previous;
        } else {
            self.entries[next as usize].previous = previous;
        }
        if list.first == NONE {
            self.occupied[level as usize] &= !(1 << slot);
        }
    }

    fn allocate(&mut self, tick: u64, value: T) -> u32 {
        if self.free != NONE {
            let index = self.free;
            let entry = &mut self.entries[index as usize];
            self.free = entry.next;
            entry.tick = tick;
            entry.value = Some(value);
            return index;
        }
        assert!(
            self.entries.len() < Self::PENDING_MAX,
            "a wheel holds fewer than 2^32 timers"
        );
        let index = self.entries.len() as u32;
        self.entries.push(Entry {
            tick,
            next: NONE,
            previous: NONE,
            generation: NonZeroU32::MIN,
            level: 0,
            slot: 0,
            value: Some(value),
        });
        index
    }

    fn release(&mut self, index: u32) -> Option<T> {
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        entry.next = self.free;
        self.free = index;
        self.len -= 1;
        entry.value.take()
    }
}

impl List {
    const EMPTY: Self = Self {
        first: NONE,
        last: NONE,
    };
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("len", &self.len)
            .field("present_ms", &self.present)
            .finish_non_exhaustive()
    }
}

/// The level and slot of a timer for `tick`, seen from `present`, which is not after it.
fn place(present: u64, tick: u64) -> (u8, u8) {
    let differing = (present ^ tick) | 1;
    let level = differing.ilog2() / LEVEL_BITS;
    let slot = tick >> (LEVEL_BITS * level) & (SLOTS as u64 - 1);
    (level as u8, slot as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [u32; 0] = [];

    fn fired(wheel: &mut Wheel<u32>, now_us: u64) -> Vec<u32> {
        let mut values = Vec::new();
        wheel.advance(now_us, &mut |value| values.push(value));
        values
    }

    #[test]
    fn a_timer_fires_not_before_its_time() {
        let mut wheel = Wheel::new(0);
        wheel.insert(1_500, 1);
        assert_eq!(wheel.next_expiry(), Some(2_000));
        assert_eq!(fired(&mut wheel, 1_999), NOTHING);
        assert_eq!(fired(&mut wheel, 2_000), [1]);
        assert!(wheel.is_empty());
        assert_eq!(wheel.next_expiry(), None);
    }

    #[test]
    fn a_timer_for_the_past_fires_in_the_next_tick() {
        let mut wheel = Wheel::new(7_000);
        wheel.insert(0, 1);
        assert_eq!(fired(&mut wheel, 7_999), NOTHING);
        assert_eq!(fired(&mut wheel, 8_000), [1]);
    }

    #[test]
    fn timers_of_one_tick_fire_in_the_order_they_were_set() {
        let mut wheel = Wheel::new(0);
        wheel.insert(5_000_000, 1);
        fired(&mut wheel, 4_999_000);
        wheel.insert(5_000_000, 2);
        wheel.insert(4_999_500, 3);
        assert_eq!(fired(&mut wheel, 5_000_000), [1, 2, 3]);
    }

    #[test]
    fn an_id_does_not_outlive_its_timer() {
        let mut wheel = Wheel::new(0);
        let first = wheel.insert(1_000, 1);
        assert_eq!(wheel.get(first), Some(&1));
        assert_eq!(wheel.cancel(first), Some(1));
        let second = wheel.insert(1_000, 2);
        assert_eq!(wheel.cancel(first), None);
        assert_eq!(wheel.get(first), None);
        assert_eq!(fired(&mut wheel, 1_000), [2]);
        assert_eq!(wheel.cancel(second), None);
    }

    #[test]
    fn a_timer_may_be_set_and_cancelled_while_others_fire() {
        let mut wheel = Wheel::new(0);
        wheel.insert(3_000, 1);
        let second = wheel.insert(3_000, 2);
        assert_eq!(wheel.poll(3_000), Some(1));
        assert_eq!(wheel.cancel(second), Some(2));
        wheel.insert(0, 3);
        assert_eq!(wheel.poll(3_000), None);
        assert_eq!(wheel.poll(4_000), Some(3));
    }

    #[test]
    fn the_last_moment_there_is_can_be_set_for() {
        let mut wheel = Wheel::new(0);
        let id = wheel.insert(u64::MAX, 1);
        assert_eq!(fired(&mut wheel, u64::MAX - 1_000), NOTHING);
        assert_eq!(wheel.cancel(id), Some(1));
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry<u64>>() <= 48);
        assert_eq!(size_of::<Option<TimerId>>(), 8);
    }
}
