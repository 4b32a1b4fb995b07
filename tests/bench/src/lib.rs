//! The same two values in the hands of four codecs: generated code, a serde derive with `rmp-serde`, calls of `rmp`
//! written by hand, and `prost`.
//!
//! [`samples`] makes the values; `benches/codec.rs` measures. The three that speak MessagePack write the same bytes. [`mobs`] and
//! [`town`] are what the benchmarks of calls call, [`lobby`] and [`players`] what those of sessions do, [`figures`] what they print.

/// What the generator makes of `idl/calls.idl` for a client.
pub mod client;
pub mod derived;
pub mod figures;
/// What the generator makes of `idl/game.idl`.
pub mod generated;
pub mod handwritten;
pub mod lobby;
pub mod mobs;
pub mod part;
pub mod players;
pub mod protobuf;
pub mod samples;
pub mod town;

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse::{Limits, from_slice, to_vec};

    #[test]
    fn all_three_write_the_same_message_pack() {
        let (hit, state) = (samples::hit(), samples::state());
        let mut by_hand = Vec::new();
        handwritten::write_hit(&mut by_hand, &hit).unwrap();
        assert_eq!(to_vec(&hit), by_hand);
        assert_eq!(
            to_vec(&hit),
            rmp_serde::to_vec(&derived::Hit::from(&hit)).unwrap()
        );

        by_hand.clear();
        handwritten::write_state(&mut by_hand, &state).unwrap();
        assert_eq!(to_vec(&state), by_hand);
        assert_eq!(
            to_vec(&state),
            rmp_serde::to_vec(&derived::State::from(&state)).unwrap()
        );
    }

    #[test]
    fn all_three_read_it() {
        let state = samples::state();
        let bytes = to_vec(&state);
        assert_eq!(from_slice(&bytes, &Limits::STRICT), Ok(state.clone()));
        assert_eq!(
            handwritten::read_state(&mut bytes.as_slice()).unwrap(),
            state
        );
        let derived: derived::State = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(derived, (&state).into());
        let hit = samples::hit();
        let bytes = to_vec(&hit);
        assert_eq!(from_slice(&bytes, &Limits::STRICT), Ok(hit.clone()));
        assert_eq!(handwritten::read_hit(&mut bytes.as_slice()).unwrap(), hit);
    }
}
