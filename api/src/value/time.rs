//! Times of day, dates, time zones and recurrence rules.

use chrono::TimeZone as _;
use jiff::{civil, tz};
use rrule::{Frequency, NWeekday, RRule, Tz, Unvalidated};

use crate::value::text::text;

text! {
    /// A local time of day, kept as `HH:MM`.
    TimeOfDay {
        meaning: "a time of day",
        rule: "`H:MM` or `HH:MM`, from `0:00` to `23:59`, or `24:00` as the end of a day",
        length: 4..=5,
        pattern: r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        canonical: |text: &str| format!("{text:0>5}"),
        example: "09:00",
    }
}

impl TimeOfDay {
    /// Minutes since the start of the day, 0 to 1440.
    pub fn minutes(&self) -> u16 {
        let digit = |at: usize| u16::from(self.as_str().as_bytes()[at] - b'0');
        (digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4)
    }
}

text! {
    /// A day of the calendar.
    Date {
        meaning: "a date",
        rule: "a day that exists, `YYYY-MM-DD`, from 1970 to 2199",
        length: 10..=10,
        pattern: r"^(19[7-9][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}$",
        format: "date", holds: |text| text.parse::<civil::Date>().is_ok(),
        example: "2026-12-25",
    }
}

text! {
    /// An instant.
    Instant {
        meaning: "an instant",
        rule: "an RFC 3339 date and time with its offset, which is at most 23:59, up to the year 9998, like `2026-12-25T09:30:00+01:00`",
        length: 20..=35,
        pattern: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        format: "date-time", holds: |text| !text.starts_with("9999") && text.parse::<jiff::Timestamp>().is_ok(),
        example: "2026-12-25T09:30:00+01:00",
    }
}

impl Instant {
    /// The instant on the time line.
    pub fn timestamp(&self) -> jiff::Timestamp {
        self.as_str().parse().expect("an instant has been parsed before")
    }

    /// The instant in UTC, to the microsecond; the last one that can be written for any later one.
    pub fn of(timestamp: jiff::Timestamp) -> Self {
        const LAST: i64 = 253_370_764_799;
        let microseconds = timestamp.as_microsecond().min(LAST * 1_000_000);
        Self(jiff::Timestamp::from_microsecond(microseconds).unwrap_or_default().to_string())
    }
}

text! {
    /// A time zone of the IANA time zone database.
    TimeZone {
        meaning: "a time zone",
        rule: "a name of the IANA time zone database, in its own spelling, like `Europe/Brussels`",
        length: 1..=64,
        pattern: r"^[A-Za-z0-9_+/-]+$",
        format: "iana-time-zone", holds: is_time_zone,
        example: "Europe/Brussels",
    }
}

fn is_time_zone(text: &str) -> bool {
    tz::TimeZone::get(text).is_ok_and(|zone| zone.iana_name() == Some(text))
}

text! {
    /// A recurrence rule (RFC 5545, section 3.3.10), daily or slower.
    RecurrenceRule {
        meaning: "a recurrence rule",
        rule: "an RRULE of RFC 5545 without its `RRULE:` label, FREQ one of DAILY, WEEKLY, MONTHLY and YEARLY, no BYHOUR, BYMINUTE or BYSECOND; BYEASTER counts days from Easter Sunday",
        length: 10..=255,
        pattern: r"^[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*$",
        format: "rrule", holds: is_recurrence,
        example: "FREQ=YEARLY;BYEASTER=0",
    }
}

impl RecurrenceRule {
    /// The parts of the rule but for `UNTIL`.
    pub fn parts(&self) -> RRule<Unvalidated> {
        without_until(self.as_str()).0.parse().expect("a recurrence rule has been parsed before")
    }

    /// `UNTIL` as it is written, where the rule has it: a day `YYYYMMDD`, a local time `YYYYMMDDTHHMMSS`, or one in UTC
    /// with a `Z` behind it.
    pub fn until(&self) -> Option<&str> {
        without_until(self.as_str()).1
    }

    /// Whether a question costs more than a look at the day: the rule has `COUNT` or `BYSETPOS`.
    pub fn is_costly(&self) -> bool {
        self.as_str().split(';').any(|part| part.starts_with("COUNT=") || part.starts_with("BYSETPOS="))
    }
}

/// The rule without its first `UNTIL`, and that. The parser would read it in the time zone of the machine.
fn without_until(text: &str) -> (String, Option<&str>) {
    let mut until = None;
    let others = text.split(';').filter(|part| match part.strip_prefix("UNTIL=") {
        Some(value) if until.is_none() => {
            until = Some(value);
            false
        }
        _ => true,
    });
    (others.collect::<Vec<_>>().join(";"), until)
}

/// Whether `text` is a rule of RFC 5545 that makes at most one time a day: a faster one could cost a question minutes.
fn is_recurrence(text: &str) -> bool {
    let (others, until) = without_until(text);
    let Ok(rule) = others.parse::<RRule<Unvalidated>>() else { return false };
    let daily_or_slower =
        matches!(rule.get_freq(), Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly);
    let whole_days =
        rule.get_by_hour().is_empty() && rule.get_by_minute().is_empty() && rule.get_by_second().is_empty();
    let ends_once = until.is_none_or(|until| is_until(until) && rule.get_count().is_none());
    let start = Tz::UTC.with_ymd_and_hms(1970, 1, 2, 0, 0, 0).single();
    daily_or_slower
        && whole_days
        && ends_once
        && ordinals_have_a_meaning(&rule)
        && start.is_some_and(|start| rule.validate(start).is_ok())
}

fn is_until(until: &str) -> bool {
    match until.strip_suffix('Z').unwrap_or(until).len() {
        8 => !until.ends_with('Z') && civil::Date::strptime("%Y%m%d", until).is_ok(),
        15 => civil::DateTime::strptime("%Y%m%dT%H%M%S", until.trim_end_matches('Z')).is_ok(),
        _ => false,
    }
}

/// `2MO` is the second Monday of a month or year: not of a week, and not of a week by its number (RFC 5545, 3.3.10).
fn ordinals_have_a_meaning(rule: &RRule<Unvalidated>) -> bool {
    let of_a_longer_period = matches!(rule.get_freq(), Frequency::Monthly | Frequency::Yearly);
    let plain = rule.get_by_weekday().iter().all(|weekday| matches!(weekday, NWeekday::Every(_)));
    plain || (of_a_longer_period && rule.get_by_week_no().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_kept_with_two_digits_and_counts_minutes() {
        let kept = |text| TimeOfDay::parse(text).map(|time| (time.to_string(), time.minutes()));
        assert_eq!(kept("9:05"), Ok(("09:05".to_owned(), 545)));
        assert_eq!(kept("24:00"), Ok(("24:00".to_owned(), 1440)));
        for wrong in ["24:01", "9:5", "25:00", "09:60", "", "noon"] {
            assert!(TimeOfDay::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        assert!(Date::parse("2028-02-29").is_ok());
        for wrong in ["2027-02-29", "1969-12-31", "2200-01-01", "2026-1-1", "20260101"] {
            assert!(Date::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_zone_has_its_own_spelling() {
        assert!(TimeZone::parse("Europe/Brussels").is_ok());
        assert!(TimeZone::parse("UTC").is_ok());
        for wrong in ["europe/brussels", "Europe/Atlantis", "+02:00", ""] {
            assert!(TimeZone::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn recurrence_rules_are_daily_or_slower() {
        let right = [
            "FREQ=YEARLY;BYEASTER=0",
            "FREQ=WEEKLY;BYDAY=MO,FR",
            "FREQ=DAILY;UNTIL=20301231",
            "FREQ=DAILY;UNTIL=20301231T000000Z",
            "FREQ=DAILY;UNTIL=20300331T023000",
            "FREQ=MONTHLY;BYDAY=2MO,-1FR",
            "INTERVAL=2;FREQ=MONTHLY",
        ];
        for rule in right {
            assert!(RecurrenceRule::parse(rule).is_ok(), "{rule}");
        }
        let wrong = [
            "FREQ=HOURLY",
            "FREQ=SECONDLY",
            "FREQ=DAILY;BYHOUR=3",
            "FREQ=DAILY;BYMONTH=13",
            "BYDAY=MO",
            "FREQ=NEVER",
            "FREQ=DAILY;COUNT=x",
            "FREQ=DAILY;UNTIL=20301301",
            "FREQ=DAILY;UNTIL=20301231Z",
            "FREQ=DAILY;UNTIL=20301231;UNTIL=20301231",
            "FREQ=DAILY;UNTIL=20301231;COUNT=3",
            "FREQ=WEEKLY;BYDAY=2MO",
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=2MO",
        ];
        for rule in wrong {
            assert!(RecurrenceRule::parse(rule).is_err(), "{rule}");
        }
    }
}
