//! Times of day, dates and time zones.

use jiff::{civil, tz};

use crate::value::text::text;

text! {
    /// A local time of day, stored as `HH:MM`.
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
    /// A calendar date.
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
    /// A point in time.
    Instant {
        meaning: "an instant",
        rule: "an RFC 3339 date and time with its offset, which is at most 23:59, up to the year 9998, like \
            `2026-12-25T09:30:00+01:00`",
        length: 20..=35,
        pattern: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        format: "date-time", holds: |text| !text.starts_with("9999") && text.parse::<jiff::Timestamp>().is_ok(),
        example: "2026-12-25T09:30:00+01:00",
    }
}

impl Instant {
    /// The instant as a timestamp.
    pub fn timestamp(&self) -> jiff::Timestamp {
        self.as_str().parse().expect("an instant has been parsed before")
    }

    /// The instant in UTC, with microseconds. Instants before the first or after the last one that can be written
    /// become that one.
    pub fn of(timestamp: jiff::Timestamp) -> Self {
        const FIRST: i64 = -62_167_219_200;
        const LAST: i64 = 253_370_764_799;
        let microseconds = timestamp.as_microsecond().clamp(FIRST * 1_000_000, LAST * 1_000_000);
        Self(jiff::Timestamp::from_microsecond(microseconds).unwrap_or_default().to_string().into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_stored_with_two_digits_and_converted_to_minutes() {
        let kept = |text| TimeOfDay::parse(text).map(|time| (time.to_string(), time.minutes()));
        assert_eq!(kept("9:05"), Ok(("09:05".to_owned(), 545)));
        assert_eq!(kept("24:00"), Ok(("24:00".to_owned(), 1440)));
        for wrong in ["24:01", "9:5", "25:00", "09:60", "", "noon"] {
            assert!(TimeOfDay::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        assert!(Date::parse("2028-02-29").is_ok());
        for wrong in ["2027-02-29", "1969-12-31", "2200-01-01", "2026-1-1", "20260101"] {
            assert!(Date::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_name_of_a_time_zone_is_case_sensitive() {
        assert!(TimeZone::parse("Europe/Brussels").is_ok());
        assert!(TimeZone::parse("UTC").is_ok());
        for wrong in ["europe/brussels", "Europe/Atlantis", "+02:00", ""] {
            assert!(TimeZone::parse(wrong).is_err(), "{wrong}");
        }
    }
}
