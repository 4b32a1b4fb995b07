//! Properties that change as a whole.

use playhouse_wire::codec::Codec;
use playhouse_wire::{Encode, Reader, Result, Writer};

use super::{Tracker, Watch};

/// Sets a property and notes the change, if it is one.
pub fn set<T: PartialEq>(place: &mut T, value: T, watch: Watch, tracker: &mut Tracker) {
    if *place != value {
        *place = value;
        tracker.touch(watch);
    }
}

/// Sets a property whose floats are rounded to `step` for sync: observers hear of it when what they would see changes.
pub fn set_rounded<T: PartialEq + Quantize>(
    place: &mut T,
    value: T,
    step: f64,
    watch: Watch,
    tracker: &mut Tracker,
) {
    if *place != value {
        let seen = watch.sync && !place.rounds_alike(&value, step);
        *place = value;
        tracker.touch(Watch {
            sync: seen,
            ..watch
        });
    }
}

/// Reads a property's new value.
///
/// # Errors
///
/// If it can't be read or breaks a bound; the property is as it was.
pub fn apply<C: Codec>(name: &'static str, place: &mut C::Value, r: &mut Reader<'_>) -> Result<()> {
    *place = C::decode(r).map_err(|error| error.member(name))?;
    Ok(())
}

/// A value made of floats, which can be rounded to a step.
pub trait Quantize {
    /// Writes the value with its floats rounded to multiples of `step`.
    fn encode_rounded(&self, step: f64, w: &mut Writer);

    /// Writes the value as it is.
    fn encode_exact(&self, w: &mut Writer);

    /// Whether both are the same once rounded.
    fn rounds_alike(&self, other: &Self, step: f64) -> bool
    where
        Self: Sized;
}

/// A value of the same type with its floats rounded: what [`Quantize`] needs of floats and of generated structs.
pub trait Round: Encode + Clone + PartialEq {
    /// Rounds all floats to multiples of `step`.
    #[must_use]
    fn rounded(&self, step: f64) -> Self;
}

impl<T: Round> Quantize for T {
    fn encode_rounded(&self, step: f64, w: &mut Writer) {
        self.rounded(step).encode(w);
    }

    fn encode_exact(&self, w: &mut Writer) {
        self.encode(w);
    }

    fn rounds_alike(&self, other: &Self, step: f64) -> bool {
        self.rounded(step) == other.rounded(step)
    }
}

impl Round for f64 {
    fn rounded(&self, step: f64) -> Self {
        (self / step).round() * step
    }
}

impl Round for f32 {
    fn rounded(&self, step: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "back to the precision it came from"
        )]
        let rounded = f64::from(*self).rounded(step) as Self;
        rounded
    }
}

impl<T: Round> Round for Option<T> {
    fn rounded(&self, step: f64) -> Self {
        self.as_ref().map(|value| value.rounded(step))
    }
}

impl<T: Round> Round for Vec<T> {
    fn rounded(&self, step: f64) -> Self {
        self.iter().map(|value| value.rounded(step)).collect()
    }
}
