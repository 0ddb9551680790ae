//! Recurrence rules (RFC 5545, section 3.3.10): whether a rule makes a day.
//!
//! The answer is a membership test, not a walk from the first day: it costs the same for any day, however long the rule
//! has run. `INTERVAL` is arithmetic on the number of the day, week, month or year; the `BY…` parts are conditions on
//! the day; only `BYSETPOS` looks at other days, at as many of the same period as it takes to know. `UNTIL` and `COUNT`
//! come to a last day when the rule is compiled.
//!
//! # Where RFC 5545 leaves a choice, or the `rrule` crate, which parses the rules, evaluates otherwise
//! - The first day counts only if the rule makes it (as in the crate).
//! - `BYDAY` with and without ordinals in one rule: either will do. (The crate wants both.)
//! - `BYWEEKNO` with nothing that says the day of the week: that of the first day, as RFC 5545 has it for all that a rule
//!   leaves open. (The crate takes the whole week.) Weeks are looked for in calendar years: the first days of January
//!   may be in week 53, the last of December in week 1. (The crate miscounts the weeks of some years, and with it
//!   `BYWEEKNO=53` in January and `-52` and `-53` in December.)
//! - `BYSETPOS` counts in the whole week also where the first day is in the midst of it, as it does in the first month
//!   and year. (The crate counts from the first day.)
//! - `BYEASTER`, an extension: so many days after Easter Sunday, in the same calendar year (as in the crate).
//! - `INTERVAL=0` and `COUNT=0`, which RFC 5545 forbids: no day (as in the crate).

use call_acceptance_api::value::time::RecurrenceRule;
use jiff::{civil, tz};
use rrule::{Frequency, NWeekday, RRule, Unvalidated, Weekday};

use super::day::{Day, easter, number_of};

/// The last day of a rule with `COUNT`, if not before: no date in the contract is later.
const LAST_COUNTED: civil::Date = civil::date(2199, 12, 31);

/// The days that the `BY…` parts leave, without `BYSETPOS`. A part that is empty asks nothing.
#[derive(Debug, Default)]
struct Conditions {
    /// A bit for each month, 1 to 12.
    months: u16,
    /// A bit for each day of the month, 1 to 31.
    month_days: u32,
    /// The same, counted from the last day of the month.
    month_days_from_end: u32,
    year_days: Box<[i16]>,
    weeks: Box<[i8]>,
    /// 0 for Monday.
    week_start: u8,
    /// A bit for each day of the week, 0 to 6.
    weekdays: u8,
    /// Days of the week by their ordinal in the month or year.
    ordinals: Box<[(i16, u8)]>,
    ordinals_in_month: bool,
    easter: Option<i16>,
}

impl Conditions {
    fn hold(&self, day: &Day) -> bool {
        (self.months == 0 || has(self.months.into(), day.month))
            && self.weekday_holds(day)
            && self.month_day_holds(day)
            && self.year_day_holds(day)
            && self.week_holds(day)
            && self.easter.is_none_or(|offset| easter(day.year) + offset == day.of_year)
    }

    fn weekday_holds(&self, day: &Day) -> bool {
        if self.weekdays == 0 && self.ordinals.is_empty() {
            return true;
        }
        let (of, length) = if self.ordinals_in_month {
            (i16::from(day.of_month), i16::from(day.month_length))
        } else {
            (day.of_year, day.year_length)
        };
        let (ordinal, from_end) = ((of - 1) / 7 + 1, -((length - of) / 7 + 1));
        has(self.weekdays.into(), day.weekday)
            || self.ordinals.iter().any(|(n, weekday)| *weekday == day.weekday && (*n == ordinal || *n == from_end))
    }

    fn month_day_holds(&self, day: &Day) -> bool {
        self.month_days | self.month_days_from_end == 0
            || has(self.month_days, day.of_month)
            || has(self.month_days_from_end, day.month_length - day.of_month + 1)
    }

    fn year_day_holds(&self, day: &Day) -> bool {
        self.year_days.is_empty()
            || self.year_days.iter().any(|n| *n == day.of_year || *n == day.of_year - day.year_length - 1)
    }

    fn week_holds(&self, day: &Day) -> bool {
        if self.weeks.is_empty() {
            return true;
        }
        let (week, weeks) = day.week(self.week_start);
        self.weeks.iter().any(|n| i16::from(*n) == week || i16::from(*n) == week - weeks - 1)
    }

    /// Whether any part says which day of the week, month or year.
    fn say_the_day(&self) -> bool {
        self.weekdays != 0
            || !self.ordinals.is_empty()
            || self.month_days | self.month_days_from_end != 0
            || !self.year_days.is_empty()
            || self.easter.is_some()
    }

    /// Fills in from the first day what the rule leaves open (RFC 5545, section 3.3.10).
    fn complete(&mut self, every: Every, first: &Day) {
        if self.say_the_day() {
            return;
        }
        match every {
            Every::Day => {}
            Every::Week => self.weekdays = 1 << first.weekday,
            Every::Year if !self.weeks.is_empty() => self.weekdays = 1 << first.weekday,
            Every::Month | Every::Year => {
                self.month_days = 1 << first.of_month;
                if every == Every::Year && self.months == 0 {
                    self.months = 1 << first.month;
                }
            }
        }
    }
}

fn has(bits: u32, at: u8) -> bool {
    bits & (1 << at) != 0
}

/// What a rule recurs by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

impl Every {
    fn of(frequency: Frequency) -> Option<Self> {
        match frequency {
            Frequency::Daily => Some(Self::Day),
            Frequency::Weekly => Some(Self::Week),
            Frequency::Monthly => Some(Self::Month),
            Frequency::Yearly => Some(Self::Year),
            Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => None,
        }
    }

    /// The number of the period that `day` is in; the next has the next number.
    fn period(self, day: &Day, week_start: u8) -> i32 {
        match self {
            Self::Day => day.number,
            Self::Week => (day.number + 3 - i32::from(week_start)).div_euclid(7),
            Self::Month => i32::from(day.year) * 12 + i32::from(day.month),
            Self::Year => i32::from(day.year),
        }
    }

    /// How many days of its period come before `day`, and how many the period has.
    fn place(self, day: &Day, week_start: u8) -> (i32, i32) {
        match self {
            Self::Day => (0, 1),
            Self::Week => (i32::from((day.weekday + 7 - week_start) % 7), 7),
            Self::Month => (i32::from(day.of_month) - 1, i32::from(day.month_length)),
            Self::Year => (i32::from(day.of_year) - 1, i32::from(day.year_length)),
        }
    }
}

/// A recurrence rule with its first day and the days that do not count, ready to answer.
#[derive(Debug)]
pub(super) struct Recurrence {
    every: Every,
    /// At least 1.
    interval: i32,
    first: Day,
    /// The last day that can count, as [`Day::number`].
    last: i32,
    conditions: Conditions,
    /// `BYSETPOS`; empty when the rule has none.
    positions: Box<[i32]>,
    /// Sorted, as [`Day::number`].
    except: Box<[i32]>,
}

impl Recurrence {
    /// Compiles `rule` from the day `first` on, without the days `except`; None when it cannot be read.
    ///
    /// `start` is when the period starts on its days, in minutes of the clock in `zone`: `UNTIL` is compared with it. An
    /// `UNTIL` without a time still lets its day count.
    ///
    /// `COUNT` costs a walk over the days from `first` to the last one, at most to the end of 2199: 84,000 days and a few
    /// milliseconds, whatever `COUNT` is.
    pub(super) fn compile(
        rule: &RecurrenceRule,
        first: civil::Date,
        start: u16,
        except: Vec<civil::Date>,
        zone: &tz::TimeZone,
    ) -> Option<Self> {
        let (parts, until) = (rule.parts(), rule.until());
        let every = Every::of(parts.get_freq())?;
        let first = Day::of(first);
        let mut conditions = conditions(&parts, every);
        conditions.complete(every, &first);
        let mut except: Vec<i32> = except.into_iter().map(number_of).collect();
        except.sort_unstable();
        let mut recurrence = Self {
            every,
            interval: i32::from(parts.get_interval()).max(1),
            first,
            last: match until {
                _ if parts.get_interval() == 0 => i32::MIN,
                Some(until) => last_until(until, start, zone)?,
                None => i32::MAX,
            },
            conditions,
            positions: parts.get_by_set_pos().into(),
            except: except.into(),
        };
        if let Some(count) = parts.get_count() {
            recurrence.last = recurrence.last.min(recurrence.last_of(count));
        }
        Some(recurrence)
    }

    /// Whether the rule makes `day`, and it counts.
    pub(super) fn occurs_on(&self, day: &Day) -> bool {
        (self.first.number..=self.last).contains(&day.number)
            && self.is_in_interval(day)
            && self.conditions.hold(day)
            && self.is_in_position(day)
            && self.except.binary_search(&day.number).is_err()
    }

    /// The memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        let Conditions { year_days, weeks, ordinals, .. } = &self.conditions;
        size_of::<Self>()
            + size_of_val(&*self.positions)
            + size_of_val(&*self.except)
            + size_of_val(&**year_days)
            + size_of_val(&**weeks)
            + size_of_val(&**ordinals)
    }

    fn is_in_interval(&self, day: &Day) -> bool {
        let period = |day| self.every.period(day, self.conditions.week_start);
        (period(day) - period(&self.first)) % self.interval == 0
    }

    /// Whether `BYSETPOS` names `day`, which the conditions leave.
    fn is_in_position(&self, day: &Day) -> bool {
        let (before, length) = self.every.place(day, self.conditions.week_start);
        self.positions.is_empty()
            || self.is_in_position_from(1, day, -before, before)
            || self.is_in_position_from(-1, day, 1, length - before - 1)
    }

    /// Whether a position of this sign names `day`, which has `length` days of its period on that side, from `offset` days
    /// after it on. A year has many: no more are looked at than there are places.
    fn is_in_position_from(&self, sign: i32, day: &Day, offset: i32, length: i32) -> bool {
        let places = || self.positions.iter().filter_map(|n| usize::try_from(n * sign).ok());
        let left = self.days(day, offset, length).filter(|day| self.conditions.hold(day));
        let place = 1 + left.take(places().max().unwrap_or_default()).count();
        places().any(|n| n == place)
    }

    /// The days from `offset` days after `day` on, `length` of them.
    fn days(&self, day: &Day, offset: i32, length: i32) -> impl Iterator<Item = Day> + use<> {
        std::iter::successors(day.after(offset), |day| day.after(1)).take(usize::try_from(length).unwrap_or_default())
    }

    /// The last of the first `count` days that the rule makes, or [`LAST_COUNTED`] if that comes first.
    fn last_of(&self, count: u32) -> i32 {
        let Some(mut left) = count.checked_sub(1) else { return i32::MIN };
        let end = number_of(LAST_COUNTED).min(self.last);
        let (before, _) = self.every.place(&self.first, self.conditions.week_start);
        let mut period = self.first.after(-before);
        let mut made = Vec::new();
        while let Some(start) = period.filter(|start| start.number <= end) {
            self.make(&start, &mut made);
            for number in made.iter().filter(|number| **number >= self.first.number) {
                match left.checked_sub(1) {
                    Some(less) => left = less,
                    None => return *number,
                }
            }
            period = self.next_period(&start);
        }
        end
    }

    /// Puts into `made` the days that the rule makes in the period that starts with `start`, as [`Day::number`].
    fn make(&self, start: &Day, made: &mut Vec<i32>) {
        let (_, length) = self.every.place(start, self.conditions.week_start);
        let days = self.days(start, 0, length).filter(|day| self.conditions.hold(day));
        made.clear();
        made.extend(days.map(|day| day.number));
        if !self.positions.is_empty() {
            let count = i32::try_from(made.len()).unwrap_or(i32::MAX);
            let mut place = 0;
            made.retain(|_| {
                place += 1;
                self.is_position(place, count)
            });
        }
    }

    /// Whether `BYSETPOS` names the `place`th of `count` days.
    fn is_position(&self, place: i32, count: i32) -> bool {
        self.positions.iter().any(|n| *n == place || *n == place - count - 1)
    }

    /// The first day of the next period that counts by the interval after the one that starts with `start`.
    fn next_period(&self, start: &Day) -> Option<Day> {
        let months = |months: i32| {
            let year = i16::try_from(months.div_euclid(12)).ok()?;
            civil::Date::new(year, i8::try_from(months.rem_euclid(12) + 1).ok()?, 1).ok().map(Day::of)
        };
        let month = i32::from(start.year) * 12 + i32::from(start.month) - 1;
        match self.every {
            Every::Day => start.after(self.interval),
            Every::Week => start.after(7 * self.interval),
            Every::Month => months(month + self.interval),
            Every::Year => months(month + 12 * self.interval),
        }
    }
}

/// The last day on which a period that starts at `start` starts no later than `until`.
fn last_until(until: &str, start: u16, zone: &tz::TimeZone) -> Option<i32> {
    let until = match until.strip_suffix('Z') {
        _ if !until.contains('T') => civil::Date::strptime("%Y%m%d", until).ok()?.at(23, 59, 59, 0),
        Some(utc) => {
            let utc = civil::DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?;
            zone.to_datetime(tz::TimeZone::UTC.to_timestamp(utc).ok()?)
        }
        None => civil::DateTime::strptime("%Y%m%dT%H%M%S", until).ok()?,
    };
    let minute = u16::from(until.hour().unsigned_abs()) * 60 + u16::from(until.minute().unsigned_abs());
    Some(number_of(until.date()) - i32::from(start > minute))
}

fn conditions(parts: &RRule<Unvalidated>, every: Every) -> Conditions {
    let (mut weekdays, mut ordinals) = (0, Vec::new());
    for weekday in parts.get_by_weekday() {
        match weekday {
            NWeekday::Nth(ordinal, weekday) => ordinals.push((*ordinal, from_monday(*weekday))),
            NWeekday::Every(weekday) => weekdays |= 1 << from_monday(*weekday),
        }
    }
    let bits = |sign: i8| {
        let days = parts.get_by_month_day().iter().filter(|day| day.signum() == sign);
        days.fold(0_u32, |bits, day| bits | 1 << day.unsigned_abs())
    };
    Conditions {
        months: parts.get_by_month().iter().fold(0, |bits, month| bits | 1 << month),
        month_days: bits(1),
        month_days_from_end: bits(-1),
        year_days: parts.get_by_year_day().into(),
        weeks: parts.get_by_week_no().into(),
        week_start: from_monday(parts.get_week_start()),
        weekdays,
        ordinals: ordinals.into(),
        ordinals_in_month: every == Every::Month || !parts.get_by_month().is_empty(),
        easter: parts.get_by_easter().copied(),
    }
}

fn from_monday(weekday: Weekday) -> u8 {
    u8::try_from(weekday.num_days_from_monday()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn compiled(rule: &str, first: civil::Date, start: u16, except: Vec<civil::Date>, zone: &str) -> Recurrence {
        let rule = RecurrenceRule::parse(rule).expect("a rule");
        let zone = tz::TimeZone::get(zone).expect("a time zone");
        Recurrence::compile(&rule, first, start, except, &zone).expect("a rule that can be compiled")
    }

    /// The days that `recurrence` makes from 2020 to 2035.
    fn days(recurrence: &Recurrence) -> Vec<String> {
        let days = civil::date(2020, 1, 1).series(1.day()).take_while(|date| date.year() <= 2035);
        days.filter(|date| recurrence.occurs_on(&Day::of(*date))).map(|date| date.to_string()).collect()
    }

    /// The first days of `rule` from `first` on.
    fn made<const N: usize>(rule: &str, first: civil::Date) -> [String; N] {
        let days = days(&compiled(rule, first, 0, vec![], "UTC"));
        days.into_iter().take(N).collect::<Vec<_>>().try_into().expect("as many days")
    }

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        let sundays =
            ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2285-03-22", "1970-03-29"];
        for sunday in sundays {
            let date: civil::Date = sunday.parse().expect("a date");
            assert_eq!(easter(date.year()), date.day_of_year(), "{sunday}");
        }
        let first = civil::date(2026, 1, 1);
        assert_eq!(made("FREQ=YEARLY;BYEASTER=0", first), ["2026-04-05", "2027-03-28"]);
        assert_eq!(made("FREQ=YEARLY;BYEASTER=39", first), ["2026-05-14", "2027-05-06"]);
        assert_eq!(made("FREQ=YEARLY;BYEASTER=-2", first), ["2026-04-03", "2027-03-26"]);
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        for date in civil::date(1970, 1, 1).series(1.day()).take_while(|date| date.year() < 2400) {
            let iso = date.iso_week_date();
            let (week, weeks) = Day::of(date).week(0);
            assert_eq!((week, weeks), (iso.week().into(), if iso.in_long_year() { 53 } else { 52 }), "{date}");
        }
    }

    #[test]
    fn days_follow_one_another() {
        let mut day = Day::of(civil::date(1970, 1, 1));
        for date in civil::date(1970, 1, 1).series(1.day()).take_while(|date| date.year() < 2200) {
            assert_eq!(day, Day::of(date));
            assert_eq!(day.after(30), Some(Day::of(date + 30.days())));
            day = day.after(1).expect("a next day");
        }
        assert_eq!(Day::of(civil::Date::MAX).after(1), None);
    }

    #[test]
    fn the_first_day_counts_only_if_the_rule_makes_it() {
        assert_eq!(made("FREQ=WEEKLY;BYDAY=MO", civil::date(2026, 1, 1)), ["2026-01-05"]);
        assert_eq!(made("FREQ=WEEKLY", civil::date(2026, 1, 1)), ["2026-01-01", "2026-01-08"]);
        assert_eq!(made("FREQ=MONTHLY", civil::date(2026, 1, 31)), ["2026-01-31", "2026-03-31"]);
        assert_eq!(made("FREQ=YEARLY", civil::date(2024, 2, 29)), ["2024-02-29", "2028-02-29"]);
    }

    #[test]
    fn weeks_of_an_interval_begin_on_the_day_that_the_rule_says() {
        let first = civil::date(2026, 1, 6);
        let rule = |start| format!("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST={start}");
        assert_eq!(made(&rule("MO"), first), ["2026-01-06", "2026-01-11", "2026-01-20"]);
        assert_eq!(made(&rule("SU"), first), ["2026-01-06", "2026-01-18", "2026-01-20"]);
    }

    #[test]
    fn positions_count_in_the_period() {
        let first = civil::date(2026, 1, 1);
        let last_workday = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
        assert_eq!(made(last_workday, first), ["2026-01-30", "2026-02-27", "2026-03-31"]);
        assert_eq!(made("FREQ=YEARLY;BYDAY=SU;BYSETPOS=2,-1", first), ["2026-01-11", "2026-12-27", "2027-01-10"]);
    }

    #[test]
    fn positions_count_from_the_start_of_the_week_also_before_the_first_day() {
        // 2026-01-07 is a Wednesday: Tuesday is the second day of its week, Thursday the second from the first day on.
        let rule = "FREQ=WEEKLY;BYDAY=MO,TU,TH;BYSETPOS=2";
        assert_eq!(made(rule, civil::date(2026, 1, 7)), ["2026-01-13", "2026-01-20"]);
    }

    #[test]
    fn days_with_and_without_ordinals_stand_side_by_side() {
        let rule = "FREQ=MONTHLY;BYDAY=MO,1TU";
        let expected =
            ["2026-01-05", "2026-01-06", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-03"];
        assert_eq!(made(rule, civil::date(2026, 1, 1)), expected);
    }

    #[test]
    fn ordinals_count_in_the_year_or_in_the_months_that_are_named() {
        let first = civil::date(2026, 1, 1);
        assert_eq!(made("FREQ=YEARLY;BYDAY=20MO", first), ["2026-05-18", "2027-05-17"]);
        assert_eq!(made("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10", first), ["2026-03-29", "2026-10-25"]);
    }

    #[test]
    fn a_week_number_without_a_day_takes_the_weekday_of_the_first_day() {
        assert_eq!(made("FREQ=YEARLY;BYWEEKNO=20", civil::date(2026, 1, 1)), ["2026-05-14", "2027-05-20"]);
    }

    #[test]
    fn the_last_week_of_a_year_may_end_in_the_next_and_the_first_begin_in_the_one_before() {
        let first = civil::date(2020, 1, 1);
        assert_eq!(made("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", first), ["2021-01-03", "2027-01-03", "2033-01-02"]);
        assert_eq!(made("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", first), ["2021-01-04", "2022-01-03"]);
        assert_eq!(made("FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO", civil::date(2024, 6, 1)), ["2024-12-30"]);
    }

    #[test]
    fn until_is_compared_with_the_start_of_the_period_in_its_zone() {
        let first = civil::date(2026, 3, 26);
        let last = |until: &str, start: u16, zone: &str| {
            days(&compiled(&format!("FREQ=DAILY;UNTIL={until}"), first, start, vec![], zone)).pop()
        };
        let day = |day: &str| Some(format!("2026-03-{day}"));
        assert_eq!(last("20260329", 1439, "Europe/Brussels"), day("29"));
        assert_eq!(last("20260329T090000", 540, "Europe/Brussels"), day("29"));
        assert_eq!(last("20260329T085959", 540, "Europe/Brussels"), day("28"));
        // Noon in Brussels is 11:00 UTC in winter and 10:00 in summer, which begins on the 29th.
        assert_eq!(last("20260328T105959Z", 720, "Europe/Brussels"), day("27"));
        assert_eq!(last("20260328T110000Z", 720, "Europe/Brussels"), day("28"));
        assert_eq!(last("20260329T100000Z", 720, "Europe/Brussels"), day("29"));
        assert_eq!(last("20260327T230000Z", 0, "Europe/Brussels"), day("28"));
        assert_eq!(last("20260327T230000Z", 0, "America/New_York"), day("27"));
        assert_eq!(last("20200101", 0, "UTC"), None);
    }

    #[test]
    fn count_counts_excepted_days_too_and_ends_with_the_calendar() {
        let except = vec![civil::date(2026, 1, 2), civil::date(2026, 1, 1)];
        let counted = compiled("FREQ=DAILY;COUNT=3", civil::date(2026, 1, 1), 0, except, "UTC");
        assert_eq!(days(&counted), ["2026-01-03"]);
        let endless = compiled("FREQ=DAILY;COUNT=4000000000", civil::date(1970, 1, 1), 0, vec![], "UTC");
        assert!(endless.occurs_on(&Day::of(civil::date(2199, 12, 31))));
        assert!(!endless.occurs_on(&Day::of(civil::date(2200, 1, 1))));
        for none in ["FREQ=DAILY;COUNT=0", "FREQ=DAILY;INTERVAL=0"] {
            assert!(days(&compiled(none, civil::date(2026, 1, 1), 0, vec![], "UTC")).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_rule_without_end_is_asked_for_far_days_at_once() {
        let weekly = compiled("FREQ=WEEKLY;INTERVAL=2", civil::date(2026, 1, 1), 0, vec![], "UTC");
        assert!(weekly.occurs_on(&Day::of(civil::date(2026, 1, 1) + (14 * 100_000).days())));
        assert!(!weekly.occurs_on(&Day::of(civil::date(2026, 1, 1) + (14 * 100_000 + 7).days())));
        assert!(!weekly.occurs_on(&Day::of(civil::date(1900, 1, 4))));
    }
}
