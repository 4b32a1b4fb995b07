//! What becomes of packets on a bad path.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use playhouse_net::Random;

/// What a path does to packets, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// The part of packets that is lost, from 0 to 1.
    pub loss: f64,
    /// How long a packet takes at least, one way.
    pub delay: Duration,
    /// How much longer it may take, by chance: past the distance of two packets they change their order.
    pub jitter: Duration,
    /// Packets on their way at most; more are lost, as in a router.
    pub queue_max: usize,
}

impl Conditions {
    /// A path that loses this part of the packets and takes this long there and back.
    #[must_use]
    pub fn new(loss: f64, round_trip: Duration) -> Self {
        Self {
            loss,
            delay: round_trip / 2,
            jitter: Duration::ZERO,
            queue_max: 10_000,
        }
    }
}

/// A path with packets on it. Pure: it is told the time, from its beginning. The same seed and the same packets at the same
/// times have the same fate.
#[derive(Debug)]
pub struct Path {
    conditions: Conditions,
    random: Random,
    count: u64,
    /// When it arrives, its number, and the packet.
    flights: BinaryHeap<Reverse<(Duration, u64, Vec<u8>)>>,
    lost: u64,
}

impl Path {
    /// A path without packets.
    #[must_use]
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: Random::new(seed),
            count: 0,
            flights: BinaryHeap::new(),
            lost: 0,
        }
    }

    /// A packet sets out.
    pub fn send(&mut self, now: Duration, packet: Vec<u8>) {
        let lost = self.random.chance(self.conditions.loss);
        let late = self.conditions.jitter.mul_f64(self.random.unit());
        self.count += 1;
        if lost || self.flights.len() >= self.conditions.queue_max {
            self.lost += 1;
            return;
        }
        let due = now + self.conditions.delay + late;
        self.flights.push(Reverse((due, self.count, packet)));
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Duration> {
        self.flights.peek().map(|Reverse((due, ..))| *due)
    }

    /// The next packet that has arrived by now.
    pub fn arrived(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.next_arrival().filter(|due| *due <= now)?;
        self.flights.pop().map(|Reverse((_, _, packet))| packet)
    }

    /// How many packets set out, and how many of them were lost.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.count, self.lost)
    }
}

/// Turns a packet of IPv4 round: source and destination trade places. Checksums are sums, which their order doesn't change.
/// False if it is none.
pub fn turn_round(packet: &mut [u8]) -> bool {
    let is_ipv4 = packet.len() >= 20 && packet.first().is_some_and(|first| first >> 4 == 4);
    if is_ipv4 && let Some(addresses) = packet.get_mut(12..20) {
        addresses.rotate_left(4);
    }
    is_ipv4
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn fates(conditions: Conditions, seed: u64) -> Vec<(u128, Vec<u8>)> {
        let mut path = Path::new(conditions, seed);
        let mut fates = Vec::new();
        for ms in 0..20_000_u32 {
            let now = ms * MS;
            path.send(now, ms.to_le_bytes().to_vec());
            while let Some(packet) = path.arrived(now) {
                fates.push((now.as_millis(), packet));
            }
        }
        fates
    }

    #[test]
    fn the_part_that_is_lost_is_the_part_that_was_asked_for() {
        let conditions = Conditions::new(0.05, 60 * MS);
        let fates = fates(conditions, 1);
        assert!((18_800..19_200).contains(&fates.len()), "{}", fates.len());
        for (arrived, packet) in fates {
            let sent = u32::from_le_bytes(packet.try_into().unwrap());
            assert_eq!(arrived, u128::from(sent) + 30);
        }
    }

    #[test]
    fn a_seed_has_its_fate() {
        let conditions = Conditions {
            jitter: 5 * MS,
            ..Conditions::new(0.05, 60 * MS)
        };
        assert_eq!(fates(conditions, 2), fates(conditions, 2));
        assert_ne!(fates(conditions, 2), fates(conditions, 3));
        let order: Vec<_> = fates(conditions, 2).into_iter().map(|it| it.1).collect();
        let sent = |packet: &Vec<u8>| u32::from_le_bytes(packet[..].try_into().unwrap());
        assert!(!order.is_sorted_by_key(sent), "jitter reorders");
    }

    #[test]
    fn a_full_path_loses_what_is_more() {
        let conditions = Conditions {
            queue_max: 3,
            ..Conditions::new(0.0, 60 * MS)
        };
        let mut path = Path::new(conditions, 1);
        for _ in 0..5 {
            path.send(Duration::ZERO, vec![1]);
        }
        assert_eq!(path.counts(), (5, 2));
        assert_eq!(path.next_arrival(), Some(30 * MS));
        assert_eq!(path.arrived(29 * MS), None);
    }

    #[test]
    fn a_packet_that_is_turned_round_keeps_its_sum() {
        let mut packet: Vec<u8> = (0..40).collect();
        packet[0] = 0x45;
        let sum = |packet: &[u8]| -> u32 {
            packet
                .chunks(2)
                .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
                .sum()
        };
        let before = sum(&packet);
        assert!(turn_round(&mut packet));
        assert_eq!(packet[12..20], [16, 17, 18, 19, 12, 13, 14, 15]);
        assert_eq!(sum(&packet), before);
        assert!(!turn_round(&mut [0x60; 40]));
        assert!(!turn_round(&mut [0x45; 19]));
    }
}
