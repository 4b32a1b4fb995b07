//! Inputs that nobody chose, and seeds of which bytes were changed: for what anybody on the network can reach.
//!
//! The tests run some thousands of each. `INPUTS=1000000 cargo test --release -p playhouse-fuzz --test random` runs as many.

use playhouse_fuzz::{find, seed};

/// Inputs of each target.
const INPUTS: u64 = 5_000;

/// Numbers by chance, the same each time (xorshift64*, Vigna 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }
}

fn storm(name: &str) {
    let target = find(name).expect("a target of this name");
    let seeds = seed::of(&target).expect("the repository can be read");
    let asked = std::env::var("INPUTS").ok();
    let inputs = asked.map_or(INPUTS, |asked| asked.parse().expect("INPUTS is a number"));
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for input in 0..inputs {
        let bytes: Vec<u8> = if input % 2 == 0 {
            (0..chance.below(400)).map(|_| chance.byte()).collect()
        } else {
            let mut bytes = seeds[chance.below(seeds.len())].clone();
            for _ in 0..=chance.below(8) {
                let at = chance.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = chance.byte();
                }
            }
            bytes
        };
        (target.run)(&bytes);
    }
}

#[test]
fn handshakes() {
    storm("handshake");
}

#[test]
fn links() {
    storm("link");
}

#[test]
fn messages() {
    storm("message");
}

#[test]
fn sessions_at_clients() {
    storm("session_client");
}

#[test]
fn sessions_at_gates() {
    storm("session_gate");
}

#[test]
fn sessions_at_homes() {
    storm("session_home");
}

#[test]
fn kcp() {
    storm("kcp");
}
