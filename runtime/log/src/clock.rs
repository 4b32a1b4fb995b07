//! Dates of log lines, without a time zone database: UTC, or a fixed distance from it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// In which time lines are dated, and by which days and hours files change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The world's time; what to use where machines stand in more than one place.
    #[default]
    Utc,
    /// So many minutes east of Greenwich: 60 for Central European winter time. It knows no summer time. At most a day
    /// either way counts.
    Offset(i16),
}

impl Clock {
    pub(crate) const fn minutes(self) -> i16 {
        match self {
            Self::Utc => 0,
            Self::Offset(minutes) => {
                if minutes > 1439 {
                    1439
                } else if minutes < -1439 {
                    -1439
                } else {
                    minutes
                }
            }
        }
    }

    /// A moment as this clock shows it.
    pub(crate) fn date(self, time_us: i64) -> Date {
        let local_us = time_us.saturating_add(i64::from(self.minutes()) * 60_000_000);
        Date::of(local_us, self)
    }
}

/// Microseconds since 1970 in UTC, by the machine's clock.
pub(crate) fn now_us() -> i64 {
    let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) micro: u32,
    clock: Clock,
}

impl Date {
    /// By Howard Hinnant's "days to civil", in which years begin in March so that the leap day comes last.
    fn of(local_us: i64, clock: Clock) -> Self {
        let seconds = local_us.div_euclid(1_000_000);
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let of_day = seconds.rem_euclid(86_400);
        // Each is smaller than what a `u32` holds by its remainder.
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        Self {
            year,
            month: small(month),
            day: small(day),
            hour: small(of_day / 3_600),
            minute: small(of_day / 60 % 60),
            second: small(of_day % 60),
            micro: small(local_us.rem_euclid(1_000_000)),
            clock,
        }
    }

    /// `14:03:07.250`
    pub(crate) fn time_of_day(self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let Self {
                hour,
                minute,
                second,
                micro,
                ..
            } = self;
            write!(f, "{hour:02}:{minute:02}:{second:02}.{:03}", micro / 1000)
        })
    }
}

/// As RFC 3339 has it: `2026-11-22T14:03:07.250000Z`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            micro,
            ..
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}"
        )?;
        match self.clock {
            Clock::Utc => f.write_str("Z"),
            offset @ Clock::Offset(_) => {
                let minutes = offset.minutes();
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    fn check(clock: Clock, time_us: i64, expected: &str) {
        assert_eq!(clock.date(time_us).to_string(), expected);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        check(Clock::Utc, 0, "1970-01-01T00:00:00.000000Z");
        check(Clock::Utc, -1, "1969-12-31T23:59:59.999999Z");
        check(
            Clock::Utc,
            951_782_400_000_000,
            "2000-02-29T00:00:00.000000Z",
        );
        check(
            Clock::Utc,
            4_107_542_399_123_456,
            "2100-02-28T23:59:59.123456Z",
        );
        check(
            Clock::Utc,
            4_107_542_400_000_000,
            "2100-03-01T00:00:00.000000Z",
        );
    }

    #[test]
    fn an_offset_moves_the_day_and_is_said() {
        check(Clock::Offset(60), -1, "1970-01-01T00:59:59.999999+01:00");
        check(Clock::Offset(-210), 0, "1969-12-31T20:30:00.000000-03:30");
        check(
            Clock::Offset(i16::MAX),
            0,
            "1970-01-01T23:59:00.000000+23:59",
        );
    }
}
