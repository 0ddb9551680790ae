//! A day with the properties that recurrence rules test: its positions in the week, the month and the year.

use jiff::civil;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01.
    pub number: i32,
    /// The year.
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
    pub fn of(date: civil::Date) -> Self {
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

    /// The first day of `year`.
    pub fn new_year(year: i16) -> Self {
        let before = i32::from(year) - 1;
        let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
        let number = before * 365 + leap_days - 719_162;
        let weekday = u8::try_from((number + 3).rem_euclid(7)).unwrap_or_default();
        let year_length = days_in_year(year);
        Self { number, year, month: 1, of_month: 1, month_length: 31, weekday, of_year: 1, year_length }
    }

    /// The first day of its month.
    pub fn month_start(&self) -> Self {
        let back = self.of_month - 1;
        Self {
            number: self.number - i32::from(back),
            of_month: 1,
            weekday: (self.weekday + 35 - back) % 7,
            of_year: self.of_year - i16::from(back),
            ..*self
        }
    }

    /// The first day of the month after its own.
    pub fn next_month(&self) -> Self {
        let step = self.month_length - self.of_month + 1;
        if self.month == 12 {
            return Self::new_year(self.year + 1);
        }
        Self {
            number: self.number + i32::from(step),
            month: self.month + 1,
            of_month: 1,
            month_length: days_in_month(self.month + 1, self.year_length),
            weekday: (self.weekday + step) % 7,
            of_year: self.of_year + i16::from(step),
            ..*self
        }
    }

    /// The day `days` later, if it is in the same month.
    pub fn in_month(&self, days: u8) -> Option<Self> {
        (days <= self.month_length - self.of_month).then(|| Self {
            number: self.number + i32::from(days),
            of_month: self.of_month + days,
            weekday: (self.weekday + days) % 7,
            of_year: self.of_year + i16::from(days),
            ..*self
        })
    }

    /// The next day.
    pub fn tomorrow(&self) -> Self {
        self.in_month(1).unwrap_or_else(|| self.next_month())
    }

    /// The day before.
    pub fn yesterday(&self) -> Self {
        let (month, year) = match (self.of_month, self.month) {
            (1, 1) => (12, self.year - 1),
            (1, month) => (month - 1, self.year),
            (_, month) => (month, self.year),
        };
        let year_length = days_in_year(year);
        let month_length = days_in_month(month, year_length);
        Self {
            number: self.number - 1,
            year,
            month,
            of_month: if self.of_month == 1 { month_length } else { self.of_month - 1 },
            month_length,
            weekday: (self.weekday + 6) % 7,
            of_year: if self.of_year == 1 { year_length } else { self.of_year - 1 },
            year_length,
        }
    }

    /// The day as a date; `None` after 9999-12-31.
    pub fn date(&self) -> Option<civil::Date> {
        let (month, day) = (i8::try_from(self.month).ok()?, i8::try_from(self.of_month).ok()?);
        civil::Date::new(self.year, month, day).ok()
    }

    /// The week of the day by ISO 8601, but with weeks that start on `week_start`, and the number of weeks in the
    /// week's year.
    pub fn week(&self, week_start: u8) -> (i16, i16) {
        // A week belongs to the year of its fourth day.
        let fourth = self.of_year + 3 - i16::from((self.weekday + 7 - week_start) % 7);
        let (fourth, length) = if fourth < 1 {
            let length = days_in_year(self.year - 1);
            (fourth + length, length)
        } else if fourth > self.year_length {
            (fourth - self.year_length, days_in_year(self.year + 1))
        } else {
            (fourth, self.year_length)
        };
        let week = (fourth - 1) / 7 + 1;
        (week, week + (length - fourth) / 7)
    }
}

/// Days from 1970-01-01 to `date`.
pub fn number_of(date: civil::Date) -> i32 {
    Day::new_year(date.year()).number + i32::from(date.day_of_year()) - 1
}

fn days_in_year(year: i16) -> i16 {
    if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 }
}

fn days_in_month(month: u8, year_length: i16) -> u8 {
    match month {
        2 if year_length == 366 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Easter Sunday as the day of the year (Gregorian computus, Meeus's algorithm).
pub fn easter(year: i16) -> i16 {
    let year_length = days_in_year(year);
    let year = i32::from(year);
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * sunday) / 451;
    let march = moon + sunday - 7 * late + 22;
    i16::try_from(march).unwrap_or_default() + year_length - 306
}
