//! The days and times of an event.

use jiff::{Span, civil};

use super::line::ContentLine;
use crate::wire::problem::Fault;

/// The days of an event without its rule and, for part of each day, the times.
pub(super) struct Extent {
    pub(super) start: civil::Date,
    pub(super) stop: civil::Date,
    pub(super) times: Option<(civil::Time, Stop)>,
}

/// When a part of a day ends.
#[derive(Clone, Copy)]
pub(super) enum Stop {
    At(civil::Time),
    EndOfDay,
}

/// A `DATE` or a local `DATE-TIME` (RFC 5545, sections 3.3.4 and 3.3.5).
#[derive(Clone, Copy)]
pub(super) enum Moment {
    Day(civil::Date),
    Time(civil::DateTime),
}

impl Moment {
    pub(super) fn of(line: &ContentLine, value: &str) -> Result<Self, Fault> {
        let name = line.name();
        let value = value.trim();
        let wrong = || {
            let value: String = value.chars().take(40).collect();
            line.fault(format!(
                "{value:?} is no day or time; right are `{name};VALUE=DATE:20271225` and `{name}:20271225T090000`."
            ))
        };
        let Some((day, time)) = value.split_once(['T', 't']) else {
            return Ok(Self::Day(day(value).ok_or_else(wrong)?));
        };
        let (local, zone) = match time.strip_suffix(['Z', 'z']) {
            Some(local) => (local, Some("UTC")),
            None => (time, line.parameter("TZID")),
        };
        let moment = self::day(day).zip(clock(local)).ok_or_else(wrong)?;
        match zone {
            Some(zone) => Err(line.fault(format!(
                "The time is that of the zone {zone:?}. A schedule holds in the local time of its user: right are a whole \
                 day, `{name};VALUE=DATE:20271225`, and a local time without `TZID` and `Z`, `{name}:20271225T090000`."
            ))),
            None => Some(moment.0.to_datetime(moment.1))
                .filter(is_whole_minute)
                .map(Self::Time)
                .ok_or_else(|| line.fault("The time has seconds; schedules know whole minutes only.")),
        }
    }

    pub(super) fn day(self) -> civil::Date {
        match self {
            Self::Day(day) => day,
            Self::Time(time) => time.date(),
        }
    }

    /// Where an event ends that does not say: a day at its end, a time nowhere.
    pub(super) fn end(self) -> Option<Self> {
        match self {
            Self::Day(day) => day.tomorrow().ok().map(Self::Day),
            Self::Time(_) => None,
        }
    }

    /// The moment that is the `DURATION` in `line` later (RFC 5545, section 3.3.6).
    pub(super) fn after(self, line: &ContentLine) -> Result<Self, Fault> {
        let wrong =
            || line.fault("`DURATION` must be of whole days or weeks, `P1D`, or after a time of minutes, `PT8H30M`.");
        let text = line.word();
        let span: Span = text.strip_prefix('+').unwrap_or(&text).parse().map_err(|_| wrong())?;
        let is_rfc_5545 =
            text.trim_start_matches('+').starts_with('P') && span.get_years() == 0 && span.get_months() == 0;
        let whole_days = !text.contains('T');
        let later = match self {
            Self::Day(day) if whole_days => day.checked_add(span).ok().map(Self::Day),
            Self::Day(_) => None,
            Self::Time(time) => time.checked_add(span).ok().filter(is_whole_minute).map(Self::Time),
        };
        later.filter(|_| is_rfc_5545).ok_or_else(wrong)
    }
}

fn is_whole_minute(time: &civil::DateTime) -> bool {
    time.second() == 0 && time.subsec_nanosecond() == 0
}

fn day(text: &str) -> Option<civil::Date> {
    let [year, month, day] = digits(text, [4, 2, 2])?;
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn clock(text: &str) -> Option<civil::Time> {
    let [hour, minute, second] = digits(text, [2, 2, 2])?.map(|number| i8::try_from(number).unwrap_or(i8::MAX));
    civil::Time::new(hour, minute, second, 0).ok()
}

/// The numbers of these lengths that `text` is made of.
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

impl Extent {
    /// From `start` to `end`, which is exclusive (RFC 5545, section 3.6.1). A day that ends where it starts, as some
    /// programs write it, is one day.
    pub(super) fn between(start: Moment, end: Moment) -> Result<Self, &'static str> {
        let midnight = civil::Time::midnight();
        match (start, end) {
            (Moment::Day(start), Moment::Day(end)) if start <= end => Ok(Self::whole_days(start, end)),
            (Moment::Time(start), Moment::Time(end)) if start < end => {
                let next_midnight = end.time() == midnight && start.date().tomorrow().ok() == Some(end.date());
                match (start.time(), end.time()) {
                    (from, to) if from == midnight && to == midnight => Ok(Self::whole_days(start.date(), end.date())),
                    (from, _) if next_midnight => Ok(Self::part_of(start.date(), from, Stop::EndOfDay)),
                    (from, to) if start.date() == end.date() => Ok(Self::part_of(start.date(), from, Stop::At(to))),
                    _ => Err("An event with times can be of one day only; give each of its days an event of its own."),
                }
            }
            (Moment::Day(_), Moment::Day(_)) | (Moment::Time(_), Moment::Time(_)) => {
                Err("The event ends before it has started.")
            }
            _ => Err("The event must start and end either both with a day or both with a time."),
        }
    }

    fn whole_days(start: civil::Date, end: civil::Date) -> Self {
        Self { start, stop: end.yesterday().map_or(start, |stop| stop.max(start)), times: None }
    }

    fn part_of(day: civil::Date, from: civil::Time, to: Stop) -> Self {
        Self { start: day, stop: day, times: Some((from, to)) }
    }

    /// The day of the instance that an `EXDATE` names.
    pub(super) fn instance(&self, moment: Moment) -> Result<civil::Date, &'static str> {
        let start = self.times.map_or(civil::Time::midnight(), |(start, _)| start);
        match moment {
            Moment::Time(time) if time.time() != start => {
                Err("The event does not start at this time; `EXDATE` names the starts that do not count.")
            }
            _ => Ok(moment.day()),
        }
    }
}
