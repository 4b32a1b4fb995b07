//! Cron expressions, in UTC.
//!
//! Ours, because the crates for it bring a time zone database and a dozen crates of derives, and read the clock.

use std::fmt;
use std::str::FromStr;

use playhouse_wire::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// How far ahead an expression is looked up. The rarest days are on a certain weekday and a certain day of February, at
/// most 12 years apart.
const HORIZON_DAYS: i64 = 40 * 366;

/// When something happens again and again: `minute hour day-of-month month day-of-week`, with seconds as an optional
/// first field, all in UTC.
///
/// A field is a list of `*`, `a`, `a-b`, `*/step`, `a/step` and `a-b/step`; months and weekdays have their English
/// names, too (`jan`, `mon`, in any case); Sunday is 0 and 7. If both days are restricted, that is if neither begins with
/// `*`, either is enough, as in every cron since Vixie's. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`
/// stand for what they say.
///
/// ```
/// use playhouse::Timestamp;
/// use playhouse::timer::Cron;
///
/// let reset: Cron = "30 4 * * mon-fri".parse().unwrap();
/// let friday_noon = Timestamp::from_micros(1_709_294_400_000_000);
/// let monday = reset.next_after(friday_noon).unwrap();
/// assert_eq!(monday.to_string(), "2024-03-04T04:30:00Z");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cron {
    text: Box<str>,
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether either day is enough.
    either_day: bool,
}

/// Why a cron expression is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CronError {
    /// It has this many fields.
    FieldCount(usize),
    /// A field can't be read.
    Field {
        /// Which.
        field: &'static str,
        /// The part that can't be read.
        text: String,
        /// The least value of the field.
        least: u8,
        /// The greatest.
        greatest: u8,
    },
    /// No day is like that.
    Never,
}

struct Field {
    name: &'static str,
    least: u8,
    greatest: u8,
    names: &'static [&'static str],
}

const SECOND: Field = Field::new("second", 0, 59, &[]);
const MINUTE: Field = Field::new("minute", 0, 59, &[]);
const HOUR: Field = Field::new("hour", 0, 23, &[]);
const DAY: Field = Field::new("day of month", 1, 31, &[]);
const MONTH: Field = Field::new(
    "month",
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
);
const WEEKDAY: Field = Field::new(
    "day of week",
    0,
    7,
    &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
);

impl Cron {
    /// The first moment strictly after this one; nothing if it lies beyond the last timestamp there is.
    #[must_use]
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = moment.as_micros().div_euclid(MICROS_PER_SECOND) + 1;
        let first_day = from.div_euclid(SECONDS_PER_DAY);
        let mut second = from.rem_euclid(SECONDS_PER_DAY) as u32;
        for day in first_day..first_day + HORIZON_DAYS {
            if self.has_day(day)
                && let Some(second) = self.second_from(second)
            {
                let seconds = day * SECONDS_PER_DAY + i64::from(second);
                return seconds
                    .checked_mul(MICROS_PER_SECOND)
                    .map(Timestamp::from_micros);
            }
            second = 0;
        }
        None
    }

    fn has_day(&self, days: i64) -> bool {
        let (month, day) = month_and_day(days);
        // 1970-01-01 was a Thursday.
        let weekday = (days + 4).rem_euclid(7) as u32;
        let by_day = has(self.days, day);
        let by_weekday = has(self.weekdays, weekday);
        has(self.months, month)
            && if self.either_day {
                by_day || by_weekday
            } else {
                by_day && by_weekday
            }
    }

    /// The first second of a day at or after `from`.
    fn second_from(&self, from: u32) -> Option<u32> {
        let (hour, minute, second) = (from / 3_600, from / 60 % 60, from % 60);
        let at = |hour, minute, second| Some(hour * 3_600 + minute * 60 + second);
        let first_minute = next(self.minutes, 0)?;
        let first_second = next(self.seconds, 0)?;
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = next(self.seconds, second)
            {
                return at(hour, minute, second);
            }
            if let Some(minute) = next(self.minutes, minute + 1) {
                return at(hour, minute, first_second);
            }
        }
        at(next(self.hours, hour + 1)?, first_minute, first_second)
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let expanded = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = expanded.split_ascii_whitespace().collect();
        let (second, fields) = match fields.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (*second, rest),
            rest => ("0", rest),
        };
        let &[minute, hour, day, month, weekday] = fields else {
            return Err(CronError::FieldCount(fields.len()));
        };
        let weekdays = WEEKDAY.read(weekday)?;
        let cron = Self {
            text: text.trim().into(),
            seconds: SECOND.read(second)?,
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        match cron.next_after(Timestamp::from_micros(0)) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never),
        }
    }
}

impl Field {
    const fn new(
        name: &'static str,
        least: u8,
        greatest: u8,
        names: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            least,
            greatest,
            names,
        }
    }

    /// One bit a value.
    fn read(&self, text: &str) -> Result<u64, CronError> {
        let mut values = 0;
        for part in text.split(',') {
            values |= self.read_part(part).ok_or_else(|| CronError::Field {
                field: self.name,
                text: part.to_owned(),
                least: self.least,
                greatest: self.greatest,
            })?;
        }
        Ok(values)
    }

    fn read_part(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u8>().ok().filter(|n| *n > 0)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (self.value(first)?, self.value(last)?);
                // `fri-sun` ends with the Sunday that is 7.
                let last = if self.names.len() == 7 && last == 0 {
                    7
                } else {
                    last
                };
                (first, last)
            }
            None if range == "*" => (self.least, self.greatest),
            None if step.is_some() => (self.value(range)?, self.greatest),
            None => (self.value(range)?, self.value(range)?),
        };
        if first > last {
            return None;
        }
        let values = (first..=last).step_by(step.unwrap_or(1).into());
        Some(values.fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str) -> Option<u8> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(index) => u8::try_from(index).ok()? + self.least,
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (self.least..=self.greatest)
            .contains(&value)
            .then_some(value)
    }
}

/// Whether a value is among these.
const fn has(values: u64, value: u32) -> bool {
    values >> value & 1 != 0
}

/// The first of these values at or above `from`, which is below 64.
fn next(values: u64, from: u32) -> Option<u32> {
    let above = values >> from << from;
    (above != 0).then(|| above.trailing_zeros())
}

/// The month and day of month, `days` after 1970-01-01 (Hinnant's `civil_from_days`).
fn month_and_day(days: i64) -> (u32, u32) {
    let day_of_era = (days + 719_468).rem_euclid(146_097);
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
    (month as u32, day as u32)
}

impl fmt::Display for Cron {
    /// The expression as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({self})")
    }
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount(count) => write!(
                f,
                "a cron expression has 5 fields, or 6 with seconds first, and this one has {count}"
            ),
            Self::Field {
                field,
                text,
                least,
                greatest,
            } => write!(
                f,
                "the {field} of a cron expression can't be `{text}`: write values from {least} to {greatest}, as `a`, `a-b`, \
                 `*/step` or a list of these"
            ),
            Self::Never => f.write_str("no month has the day that the cron expression names"),
        }
    }
}

impl std::error::Error for CronError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Midnight of 2024-02-28, a Wednesday in a leap year.
    const START: Timestamp = Timestamp(1_709_078_400_000_000);

    fn check(expression: &str, expected: [&str; 3]) {
        let cron: Cron = expression.parse().unwrap();
        let mut moment = START;
        for expected in expected {
            moment = cron.next_after(moment).unwrap();
            assert_eq!(moment.to_string(), expected, "{expression}");
        }
    }

    #[test]
    fn fields_take_values_ranges_steps_lists_and_names() {
        check(
            "*/20 * * * *",
            [
                "2024-02-28T00:20:00Z",
                "2024-02-28T00:40:00Z",
                "2024-02-28T01:00:00Z",
            ],
        );
        check(
            "5,50-52/2 23 * * *",
            [
                "2024-02-28T23:05:00Z",
                "2024-02-28T23:50:00Z",
                "2024-02-28T23:52:00Z",
            ],
        );
        check(
            "0 12 * * FRI-sun",
            [
                "2024-03-01T12:00:00Z",
                "2024-03-02T12:00:00Z",
                "2024-03-03T12:00:00Z",
            ],
        );
        check(
            "0 0 1 jan,Jul *",
            [
                "2024-07-01T00:00:00Z",
                "2025-01-01T00:00:00Z",
                "2025-07-01T00:00:00Z",
            ],
        );
        check(
            "45/5 59 23 * * 7",
            [
                "2024-03-03T23:59:45Z",
                "2024-03-03T23:59:50Z",
                "2024-03-03T23:59:55Z",
            ],
        );
    }

    #[test]
    fn a_moment_that_matches_is_not_after_itself() {
        check(
            "0 0 * * *",
            [
                "2024-02-29T00:00:00Z",
                "2024-03-01T00:00:00Z",
                "2024-03-02T00:00:00Z",
            ],
        );
    }

    #[test]
    fn leap_days_are_found_across_a_century() {
        let cron: Cron = "0 0 29 2 *".parse().unwrap();
        let before = Timestamp(3_981_571_200_000_000);
        assert_eq!(before.to_string(), "2096-03-03T00:00:00Z");
        let next = cron.next_after(before).unwrap();
        assert_eq!(next.to_string(), "2104-02-29T00:00:00Z");
    }

    #[test]
    fn two_restricted_days_are_either_enough() {
        check(
            "0 0 1 * mon",
            [
                "2024-03-01T00:00:00Z",
                "2024-03-04T00:00:00Z",
                "2024-03-11T00:00:00Z",
            ],
        );
        check(
            "0 0 */31 * mon",
            [
                "2024-04-01T00:00:00Z",
                "2024-07-01T00:00:00Z",
                "2025-09-01T00:00:00Z",
            ],
        );
    }

    #[test]
    fn names_stand_for_expressions() {
        check(
            "@weekly",
            [
                "2024-03-03T00:00:00Z",
                "2024-03-10T00:00:00Z",
                "2024-03-17T00:00:00Z",
            ],
        );
    }

    #[test]
    fn times_before_1970_count_too() {
        let cron: Cron = "0 0 * * thu".parse().unwrap();
        let next = cron.next_after(Timestamp(-1)).unwrap();
        assert_eq!(next.to_string(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        let cron: Cron = "@yearly".parse().unwrap();
        assert_eq!(cron.next_after(Timestamp(i64::MAX)), None);
    }

    #[test]
    fn mistakes_are_named() {
        let check = |expression: &str, expected: &str| {
            let error = expression.parse::<Cron>().unwrap_err().to_string();
            assert!(error.contains(expected), "{expression}: {error}");
        };
        check("", "has 0");
        check("* * * *", "has 4");
        check("* * * * * * *", "has 7");
        check(
            "60 * * * *",
            "the minute of a cron expression can't be `60`",
        );
        check("* 24 * * *", "the hour of a cron expression can't be `24`");
        check(
            "* * 0 * *",
            "the day of month of a cron expression can't be `0`",
        );
        check("* * * 13 *", "the month of a cron expression can't be `13`");
        check(
            "* * * * 8",
            "the day of week of a cron expression can't be `8`",
        );
        check("*/0 * * * *", "`*/0`");
        check("9-3 * * * *", "`9-3`");
        check("1,,2 * * * *", "be ``");
        check("+1 * * * *", "`+1`");
        check("*/300 * * * *", "`*/300`");
        check("0 0 30 feb *", "no month has");
        check("0 0 31 4,6,9,11 *", "no month has");
    }
}
