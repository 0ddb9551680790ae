//! Days as rules ask for them: their places in the week, the month and the year.

use jiff::civil;

/// A day, with all that rules ask of it. The year is that of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    /// Days since 1970-01-01.
    pub number: i32,
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub of_month: u8,
    /// Days in its month.
    pub month_length: u8,
    /// 0 for Monday.
    pub weekday: u8,
    /// 1 to 366.
    pub of_year: i16,
    /// Days in its year.
    pub year_length: i16,
}

impl Day {
    /// The day `date`.
    pub(super) fn of(date: civil::Date) -> Self {
        Self {
            number: number_of(date),
            year: date.year(),
            month: date.month().unsigned_abs(),
            of_month: date.day().unsigned_abs(),
            month_length: date.days_in_month().unsigned_abs(),
            weekday: date.weekday().to_monday_zero_offset().unsigned_abs(),
            of_year: date.day_of_year(),
            year_length: date.days_in_year(),
        }
    }

    /// The day so many days later; none after 9999-12-31.
    pub(super) fn after(&self, days: i32) -> Option<Self> {
        let step = u8::try_from(days).ok().filter(|step| *step <= self.month_length - self.of_month);
        let Some(step) = step else { return date_of(self.number + days).map(Self::of) };
        Some(Self {
            number: self.number + days,
            of_month: self.of_month + step,
            weekday: (self.weekday + step) % 7,
            of_year: self.of_year + i16::from(step),
            ..*self
        })
    }

    /// Its week in the numbering of ISO 8601 but for the day that weeks start on, and how many the week's year has.
    pub(super) fn week(&self, week_start: u8) -> (i16, i16) {
        // A week belongs to the year that its fourth day is in.
        let fourth = self.of_year + 3 - i16::from((self.weekday + 7 - week_start) % 7);
        let (fourth, length) = if fourth < 1 {
            let length = days_in_year(self.year - 1);
            (fourth + length, length)
        } else if fourth > self.year_length {
            (fourth - self.year_length, days_in_year(self.year.saturating_add(1)))
        } else {
            (fourth, self.year_length)
        };
        let week = (fourth - 1) / 7 + 1;
        (week, week + (length - fourth) / 7)
    }
}

/// Days from 1970-01-01 to `date`.
pub(super) fn number_of(date: civil::Date) -> i32 {
    let days = date.duration_since(civil::date(1970, 1, 1)).as_hours() / 24;
    i32::try_from(days).unwrap_or(i32::MAX)
}

fn days_in_year(year: i16) -> i16 {
    if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 }
}

/// The day of the year that is Easter Sunday (Gregorian computus, Meeus' form).
pub(super) fn easter(year: i16) -> i16 {
    let year_length = days_in_year(year);
    let year = i32::from(year);
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * sunday) / 451;
    let march = moon + sunday - 7 * late + 22;
    i16::try_from(march).unwrap_or_default() + year_length - 306
}

fn date_of(number: i32) -> Option<civil::Date> {
    civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(number).ok()?).ok()
}
