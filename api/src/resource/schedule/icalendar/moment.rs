//! Dates, times and durations of iCalendar.

use jiff::civil;

use super::{
    line::ContentLine,
    zone::{Clock, Zones},
};
use crate::wire::problem::Fault;

/// Seconds in a day.
pub(super) const DAY: i64 = 86_400;

/// A `DATE` or a `DATE-TIME` (RFC 5545, sections 3.3.4 and 3.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Day(civil::Date),
    Time(civil::DateTime, Clock),
}

impl Moment {
    /// Parses `value`, a value of `line`. Its form decides between date and time, whatever `VALUE` says.
    pub(super) fn of(line: &ContentLine, value: &str, zones: &mut Zones<'_>) -> Result<Self, Fault> {
        let value = value.trim();
        let wrong = || {
            let (name, value) = (line.name(), value.chars().take(40).collect::<String>());
            line.fault(format!(
                "{value:?} is not a date or time; use `{name};VALUE=DATE:20271225` or `{name}:20271225T090000`."
            ))
        };
        let Some((day, time)) = value.split_once(['T', 't']) else {
            return Ok(Self::Day(self::day(value).ok_or_else(wrong)?));
        };
        let (local, utc) = match time.strip_suffix(['Z', 'z']) {
            Some(local) => (local, true),
            None => (time, false),
        };
        let time = self::day(day).zip(clock(local)).map(|(day, time)| day.to_datetime(time)).ok_or_else(wrong)?;
        let zone = line.parameter("TZID").filter(|id| !id.is_empty());
        Ok(match zone {
            _ if utc || zone.is_some_and(|id| matches!(id, "UTC" | "Etc/UTC")) => {
                let (time, clock) = zones.shown(time);
                Self::Time(time, clock)
            }
            Some(id) => Self::Time(time, zones.clock(id)),
            None => Self::Time(time, Clock::Local),
        })
    }

    /// The date.
    pub(super) fn date(self) -> civil::Date {
        match self {
            Self::Day(day) => day,
            Self::Time(time, _) => time.date(),
        }
    }

    /// The time; of a date, the start of the day.
    pub(super) fn time(self) -> civil::DateTime {
        match self {
            Self::Day(day) => day.to_datetime(civil::Time::midnight()),
            Self::Time(time, _) => time,
        }
    }

    /// The clock of the time; a date is on every clock.
    pub(super) fn clock(self) -> Clock {
        match self {
            Self::Day(_) => Clock::Local,
            Self::Time(_, clock) => clock,
        }
    }
}

/// The seconds of a `DURATION` (RFC 5545, section 3.3.6).
pub(super) fn duration(line: &ContentLine, value: &str) -> Result<i64, Fault> {
    seconds(&value.trim().to_ascii_uppercase()).ok_or_else(|| {
        line.fault("A duration has weeks, or days and times, like `P1W`, `P2D`, `PT8H30M` and `P1DT12H`.")
    })
}

fn seconds(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.strip_prefix('P')?;
    let (days, times) = text.split_once('T').map_or((text, None), |(days, times)| (days, Some(times)));
    let days = sum(days, &[('W', 7 * DAY), ('D', DAY)])?;
    let times = times.map_or(Some(0), |times| sum(times, &[('H', 3600), ('M', 60), ('S', 1)]))?;
    (!text.is_empty()).then_some(sign * (days + times))
}

/// The sum of numbers followed by these units, in this order.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0;
    for (unit, seconds) in units {
        let Some((number, rest)) = text.split_once(*unit) else { continue };
        let right = (1..=7).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
        sum += right.then(|| number.parse::<i64>().ok()).flatten()? * seconds;
        text = rest;
    }
    text.is_empty().then_some(sum)
}

fn day(text: &str) -> Option<civil::Date> {
    let [year, month, day] = digits(text, [4, 2, 2])?;
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn clock(text: &str) -> Option<civil::Time> {
    let [hour, minute, second] = digits(text, [2, 2, 2])?.map(|number| i8::try_from(number).unwrap_or(i8::MAX));
    // A leap second belongs to the same minute.
    civil::Time::new(hour, minute, if second == 60 { 59 } else { second }, 0).ok()
}

/// Splits `text` into numbers of these lengths.
fn digits(text: &str, lengths: [usize; 3]) -> Option<[i16; 3]> {
    let right = text.len() == lengths.iter().sum::<usize>() && text.bytes().all(|octet| octet.is_ascii_digit());
    let mut at = 0;
    right.then(|| {
        lengths.map(|length| {
            at += length;
            text[at - length..at].parse().unwrap_or_default()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_of_weeks_days_and_times() {
        for (text, expected) in [
            ("P1W", 7 * DAY),
            ("+P1D", DAY),
            ("-P1D", -DAY),
            ("P1DT12H", DAY + 12 * 3600),
            ("PT8H30M", 8 * 3600 + 30 * 60),
            ("PT24H", DAY),
            ("PT0S", 0),
            ("P0D", 0),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for wrong in ["", "P", "1D", "P1M", "P1Y", "PT1D", "P1D1W", "P-1D", "PTS", "P1", "P99999999D", "1 DAY"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
