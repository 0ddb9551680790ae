//! A rule compiled with its first day, which answers whether it generates a given day.
//!
//! The cost of a query does not depend on how long the rule has run: `INTERVAL` is arithmetic on the number of the day,
//! week, month or year; the `BY…` parts are conditions on the day; only `BYSETPOS` evaluates other days, those of the
//! same period, a month at a time. `UNTIL` and `COUNT` are turned into a last day at compile time.

use jiff::{civil, tz};

use super::{
    conditions::{Conditions, has},
    day::{Day, number_of},
    parse::{Frequency, Parts, Until},
    positions::Positions,
    written::RecurrenceRule,
};

/// The part of each day that a period covers, in minutes since the start of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Inclusive, 0 to 1439.
    pub start: u16,
    /// Exclusive, after `start`; beyond 1440 it is on the next day.
    pub stop: u16,
}

impl Times {
    /// From midnight to midnight.
    pub const WHOLE_DAY: Self = Self { start: 0, stop: 24 * 60 };
}

/// A rule that generates one day in every year between its first and its last year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anniversary {
    /// A month, 1 to 12, and a day of it.
    Date(u8, u8),
    /// Days after Easter Sunday.
    Easter(i16),
}

/// A recurrence rule compiled with its first day and its exception dates.
#[derive(Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub(super) every: Frequency,
    /// At least 1.
    pub(super) interval: i32,
    pub(super) week_start: u8,
    pub(super) first: Day,
    /// The number of the first day's period.
    pub(super) first_period: i32,
    /// The last day that can match, as [`Day::number`].
    last: i32,
    pub(super) conditions: Conditions,
    pub(super) positions: Option<Box<Positions>>,
    /// Exception dates, sorted, as [`Day::number`].
    except: Box<[i32]>,
}

impl Recurrence {
    /// Compiles `rule` from the day `first`, without the days `except`, for a period of these `times`. `UNTIL` is
    /// compared with times in `zone`.
    ///
    /// Takes less than a microsecond without `COUNT`. With `COUNT` it may evaluate every year up to the last day;
    /// [`cost`](super::cost) bounds this.
    pub fn compile(
        rule: &RecurrenceRule,
        first: civil::Date,
        times: Times,
        except: &[civil::Date],
        zone: &tz::TimeZone,
    ) -> Self {
        let parts = rule.parts();
        let mut recurrence = Self::without_end(&parts, first);
        recurrence.last = match (parts.until, parts.count) {
            (Some(until), _) => last_until(until, times, zone),
            (None, Some(count)) => recurrence.last_of(count, i32::MAX).0,
            (None, None) => i32::MAX,
        };
        let mut except: Vec<i32> = except.iter().copied().map(number_of).collect();
        except.sort_unstable();
        except.dedup();
        recurrence.except = except.into();
        recurrence
    }

    /// The rule without `UNTIL` and `COUNT`.
    pub(super) fn without_end(parts: &Parts, first: civil::Date) -> Self {
        let first = Day::of(first);
        let first_period = period(parts.frequency, parts.week_start, &first);
        Self {
            every: parts.frequency,
            interval: i32::try_from(parts.interval).unwrap_or(i32::MAX),
            week_start: parts.week_start,
            first,
            first_period,
            last: i32::MAX,
            conditions: Conditions::of(parts, &first),
            positions: Positions::of(&parts.positions).map(Box::new),
            except: Box::default(),
        }
    }

    /// Whether the rule generates `day` and the day is not excepted.
    pub fn occurs_on(&self, day: &Day) -> bool {
        (self.first.number..=self.last).contains(&day.number)
            && self.is_in_interval(self.period(day))
            && self.conditions.hold(day)
            && self.positions.as_ref().is_none_or(|positions| self.is_in_position(positions, day))
            && self.except.binary_search(&day.number).is_err()
    }

    /// The days of the rule, without exceptions, in order up to the end of the year `last`.
    ///
    /// Takes one or two microseconds for each year, even if it generates no day.
    pub fn days(&self, last: i16) -> impl Iterator<Item = civil::Date> {
        let years = self.first.year..=last;
        let days = years.take_while(|year| Day::new_year(*year).number <= self.last).flat_map(|year| {
            let (start, bits) = (Day::new_year(year), self.year(year));
            (0..366_i16).filter(move |at| has(&bits, at + 1)).map(move |at| (start.number + i32::from(at), at, year))
        });
        let counts = |number: &i32| {
            (self.first.number..=self.last).contains(number) && self.except.binary_search(number).is_err()
        };
        days.filter(move |(number, ..)| counts(number)).filter_map(|(_, at, year)| {
            civil::Date::new(year, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(i64::from(at)).ok()?).ok()
        })
    }

    /// The first and the last day that can match, as [`Day::number`].
    pub fn ends(&self) -> (i32, i32) {
        (self.first.number, self.last)
    }

    /// The exception dates, sorted, as [`Day::number`].
    pub fn except(&self) -> &[i32] {
        &self.except
    }

    /// The anniversary, if the rule is nothing but that.
    pub fn anniversary(&self) -> Option<Anniversary> {
        let Conditions { months, month_days, month_days_from_end, weekdays, ordinals, rare } = &self.conditions;
        let plain = self.every == Frequency::Yearly
            && self.interval == 1
            && self.positions.is_none()
            && *weekdays == 0
            && ordinals.is_none()
            && *month_days_from_end == 0;
        let one_month = months.count_ones() == 1;
        match rare {
            _ if !plain => None,
            None if one_month && month_days.count_ones() == 1 => {
                Some(Anniversary::Date(months.trailing_zeros() as u8, month_days.trailing_zeros() as u8))
            }
            Some(rare) if months.count_ones() == 12 && *month_days == 0 => rare.easter_only().map(Anniversary::Easter),
            _ => None,
        }
    }

    /// Days of the month, days of the week and months as bit sets, if the rule has no other conditions. Days of the
    /// month and months start at bit 1, days of the week at bit 0. An empty set of days sets no condition.
    pub fn plain(&self) -> Option<(u16, u32, u8)> {
        let Conditions { months, month_days, month_days_from_end, weekdays, ordinals, rare } = &self.conditions;
        let plain = self.interval == 1
            && self.positions.is_none()
            && ordinals.is_none()
            && rare.is_none()
            && *month_days_from_end == 0
            && self.except.is_empty();
        plain.then_some((*months, *month_days, *weekdays))
    }

    /// Heap memory in bytes.
    pub fn weight(&self) -> usize {
        let Conditions { ordinals, rare, .. } = &self.conditions;
        size_of_val(&*self.except)
            + self.positions.as_deref().map_or(0, size_of_val)
            + ordinals.as_deref().map_or(0, size_of_val)
            + rare.as_deref().map_or(0, size_of_val)
    }

    /// The number of the period of `day`; periods are numbered consecutively.
    pub(super) fn period(&self, day: &Day) -> i32 {
        period(self.every, self.week_start, day)
    }

    pub(super) fn is_in_interval(&self, period: i32) -> bool {
        self.interval == 1 || (period - self.first_period) % self.interval == 0
    }

    /// Whether `BYSETPOS` selects `day`, which meets the conditions.
    fn is_in_position(&self, positions: &Positions, day: &Day) -> bool {
        let (before, count) = match self.every {
            Frequency::Daily => (0, 1),
            Frequency::Weekly => self.place_in_week(day),
            Frequency::Monthly => {
                let days = self.conditions.month(&day.month_start());
                ((days & ((1 << (day.of_month - 1)) - 1)).count_ones(), days.count_ones())
            }
            Frequency::Yearly => self.place_in_year(day),
        };
        positions.name(before, count)
    }

    /// The index of `day` among the matching days of its week, and their number.
    fn place_in_week(&self, day: &Day) -> (u32, u32) {
        let back = (day.weekday + 7 - self.week_start) % 7;
        let (month, at) = (day.month_start(), day.of_month - 1);
        let mut week = u64::from(self.conditions.month(&month));
        match at.checked_sub(back) {
            Some(start) => {
                if start + 7 > day.month_length {
                    week |= u64::from(self.conditions.month(&month.next_month())) << day.month_length;
                }
                week >>= start;
            }
            None => {
                let before = month.yesterday();
                let last = u64::from(self.conditions.month(&before.month_start())) >> (before.month_length + at - back);
                week = week << (back - at) | last;
            }
        }
        ((week & ((1 << back) - 1)).count_ones(), (week & 0x7f).count_ones())
    }

    fn place_in_year(&self, day: &Day) -> (u32, u32) {
        let mut start = Day::new_year(day.year);
        let (mut before, mut count) = (0, 0);
        for month in 1..=12 {
            let days = self.conditions.month(&start);
            before += match month {
                _ if month < day.month => days.count_ones(),
                _ if month == day.month => (days & ((1 << (day.of_month - 1)) - 1)).count_ones(),
                _ => 0,
            };
            count += days.count_ones();
            start = start.next_month();
        }
        (before, count)
    }
}

fn period(every: Frequency, week_start: u8, day: &Day) -> i32 {
    match every {
        Frequency::Daily => day.number,
        Frequency::Weekly => (day.number + 3 - i32::from(week_start)).div_euclid(7),
        Frequency::Monthly => i32::from(day.year) * 12 + i32::from(day.month),
        Frequency::Yearly => i32::from(day.year),
    }
}

/// The last day on which a period of these `times` starts no later than `until`.
fn last_until(until: Until, times: Times, zone: &tz::TimeZone) -> i32 {
    let starts = |day: civil::Date| {
        let time = civil::Time::MIN + jiff::Span::new().minutes(i64::from(times.start));
        day.to_datetime(time)
    };
    let last = |day: civil::Date, in_time: bool| number_of(day) - i32::from(!in_time);
    match until {
        Until::Day(day) => number_of(day),
        Until::Local(time) => last(time.date(), starts(time.date()) <= time),
        Until::Utc(utc) => {
            let Ok(instant) = tz::TimeZone::UTC.to_timestamp(utc) else { return i32::MAX };
            let day = zone.to_datetime(instant).date();
            match times {
                Times::WHOLE_DAY => number_of(day.max(utc.date())),
                _ => last(day, zone.to_timestamp(starts(day)).is_ok_and(|start| start <= instant)),
            }
        }
    }
}
