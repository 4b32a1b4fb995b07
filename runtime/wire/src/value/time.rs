//! `timestamp` and `duration`.

use std::fmt;
use std::ops::{Add, Sub};

use crate::error::Result;
use crate::{Check, Decode, Encode, Reader, Writer};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A moment: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A span of time, possibly negative: microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

impl Timestamp {
    /// The moment `micros` microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl Duration {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// `millis` milliseconds; the longest there is, should that not fit.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// `seconds` seconds; the longest there is, should that not fit.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// The last moment there is, should the sum not fit.
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    /// The first moment there is, should the difference not fit.
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Duration;

    /// The longest span there is, should the difference not fit.
    fn sub(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl From<std::time::Duration> for Duration {
    /// Rounded down to microseconds; the longest there is, should that not fit.
    fn from(span: std::time::Duration) -> Self {
        Self(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
    }
}

impl TryFrom<Duration> for std::time::Duration {
    type Error = std::num::TryFromIntError;

    /// Refused if negative.
    fn try_from(span: Duration) -> Result<Self, std::num::TryFromIntError> {
        u64::try_from(span.0).map(Self::from_micros)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC: `2024-02-29T12:00:00.000250Z`; whole seconds without a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(MICROS_PER_DAY));
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if fraction != 0 {
            write!(f, ".{fraction:06}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Display for Duration {
    /// In seconds, `-1.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{seconds}s");
        }
        let digits = format!("{fraction:06}");
        write!(f, "{sign}{seconds}.{}s", digits.trim_end_matches('0'))
    }
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01 (Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Encode for Timestamp {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.signed(self.0);
    }
}

impl Decode for Timestamp {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        r.i64().map(Self)
    }
}

impl Check for Timestamp {}

impl Encode for Duration {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.signed(self.0);
    }
}

impl Decode for Duration {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        r.i64().map(Self)
    }
}

impl Check for Duration {}

/// A bounded duration is held to its microseconds.
impl From<Duration> for i128 {
    fn from(span: Duration) -> Self {
        span.0.into()
    }
}

/// A bounded timestamp is held to its microseconds.
impl From<Timestamp> for i128 {
    fn from(moment: Timestamp) -> Self {
        moment.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_show_as_rfc_3339() {
        let check = |micros: i64, expected: &str| {
            assert_eq!(Timestamp(micros).to_string(), expected);
        };
        check(0, "1970-01-01T00:00:00Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
        check(1_709_208_000_000_250, "2024-02-29T12:00:00.000250Z");
        check(951_782_399_000_000, "2000-02-28T23:59:59Z");
        check(i64::MAX, "294247-01-10T04:00:54.775807Z");
    }

    #[test]
    fn durations_show_in_seconds() {
        assert_eq!(Duration::from_millis(-1_500).to_string(), "-1.5s");
        assert_eq!(Duration::from_seconds(3).to_string(), "3s");
        assert_eq!(Duration(250).to_string(), "0.00025s");
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(Timestamp(i64::MAX) + Duration(1), Timestamp(i64::MAX));
        assert_eq!(Timestamp(i64::MIN) - Duration(1), Timestamp(i64::MIN));
        assert_eq!(Timestamp(5) - Timestamp(2), Duration(3));
    }
}
