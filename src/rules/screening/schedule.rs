//! Compiled schedules: when a criteria applies.
//!
//! A schedule applies if one of its active periods does. A period applies on the local days of its type, from its start
//! time until just before its stop time, which is on the next day if it is not after the start; without times it is the
//! whole day.
//!
//! Evaluation uses the user's local time at the instant, which handles daylight saving time: a local time that does not
//! exist on a day never occurs, so a period that starts with it starts at the next instant that exists; a local time
//! that exists twice occurs twice, and both count.
//!
//! A schedule may have a thousand periods, and a decision may evaluate hundreds of schedules. Days of the week and of
//! the month, dates, and rules of one day in the year are therefore found by binary search (`spans.rs`). The other
//! rules are evaluated one by one; their cost is bounded when they are stored
//! ([`cost`](call_acceptance_api::value::recurrence::cost)).

use call_acceptance_api::{
    resource::schedule::period::{DayOfWeek, Period, PeriodType},
    value::{
        name::PeriodName,
        recurrence::{Anniversary, Day, Recurrence, Times, easter, number_of},
        time::Date,
    },
};
use jiff::{civil, tz};
use uuid::Uuid;

use super::spans::Spans;

const DAY: u16 = 24 * 60;
/// Minutes from the start of a day to the end of the next, the maximum extent of a period.
const REACH: i64 = 2 * DAY as i64;
/// More days than there are from 1970 to the last possible instant.
const DAYS: i64 = 1 << 23;
const EVERY_MONTH: u16 = u16::MAX;
/// Rules without an end have last days beyond this one, which is later than the last possible instant.
const LAST_DAY: i32 = 1 << 22;

/// A local time of the user.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Moment {
    today: Day,
    yesterday: Day,
    /// Minutes since the start of the day, 0 to 1439.
    minute: u16,
}

impl Moment {
    /// The moment of the local time `local`.
    pub(in crate::rules) fn of(local: civil::DateTime) -> Self {
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let today = Day::of(local.date());
        Self { today, yesterday: today.yesterday(), minute }
    }

    /// The day on which a period of these `times` must occur to apply now, if there is one.
    fn day_of(&self, times: Times) -> Option<&Day> {
        if (times.start..times.stop).contains(&self.minute) {
            Some(&self.today)
        } else {
            (self.minute + DAY < times.stop).then_some(&self.yesterday)
        }
    }
}

/// A period with an invalid member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rules) struct Corrupt {
    /// The period.
    pub period: PeriodName,
    /// The member, as in the contract.
    pub member: &'static str,
}

/// A compiled schedule.
#[derive(Debug, PartialEq, Eq)]
pub struct Schedule {
    /// By day of the week and minute of the day.
    of_week: Spans,
    /// By day of the month and minute of the day.
    of_month: Spans,
    /// By the minute.
    dates: Spans,
    /// Whole days, by date in the year and [`Day::number`].
    anniversaries: Spans,
    /// Whole days, by distance from Easter Sunday and [`Day::number`].
    easters: Spans,
    simple: Box<[Simple]>,
    involved: Box<[(Times, Recurrence)]>,
}

/// A compiled schedule with its key.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyedSchedule {
    /// The key.
    pub key: Uuid,
    /// The schedule.
    pub schedule: Schedule,
}

/// Days determined only by day of the week, day of the month and month. An empty set sets no condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Simple {
    /// Both ends inclusive, as [`Day::number`].
    first: i32,
    last: i32,
    month_days: u32,
    months: u16,
    times: Times,
    weekdays: u8,
}

impl Simple {
    fn has(&self, day: &Day) -> bool {
        (self.first..=self.last).contains(&day.number)
            && self.months >> day.month & 1 == 1
            && (self.month_days == 0 || self.month_days >> day.of_month & 1 == 1)
            && (self.weekdays == 0 || self.weekdays >> day.weekday & 1 == 1)
    }
}

impl Schedule {
    /// Compiles the active ones of `periods`, in the local time of `zone`.
    pub(in crate::rules) fn compile(periods: &[Period], zone: &tz::TimeZone) -> Result<Self, Corrupt> {
        let mut parts = Parts::default();
        for period in periods.iter().filter(|period| period.active) {
            parts.add(period, zone).map_err(|member| Corrupt { period: period.name.clone(), member })?;
        }
        Ok(parts.joined())
    }

    /// Whether the schedule applies at the user's local time `moment`.
    pub(in crate::rules) fn holds(&self, moment: &Moment) -> bool {
        let Moment { today, yesterday, minute } = moment;
        let in_slot = |spans: &Spans, place: fn(&Day) -> u8| {
            spans.contain(slot(place(today), *minute)) || spans.contain(slot(place(yesterday), minute + DAY))
        };
        in_slot(&self.of_week, |day| day.weekday)
            || in_slot(&self.of_month, |day| day.of_month)
            || self.dates.contain(instant(today.number, *minute))
            || self.anniversaries.contain(anniversary(today.month, today.of_month, today.number))
            || (!self.easters.is_empty() && {
                self.easters.contain(from_easter(today.of_year - easter(today.year), today.number))
            })
            || self.simple.iter().any(|simple| moment.day_of(simple.times).is_some_and(|day| simple.has(day)))
            || self.involved.iter().any(|(times, rule)| moment.day_of(*times).is_some_and(|day| rule.occurs_on(day)))
    }

    /// The local minutes since 1970 at which the schedule applies, of periods that begin on the days from `first` to
    /// `last`, as [`Day::number`]. `None` if that takes more than `most` ranges.
    ///
    /// Costs each day what [`Self::holds`] costs.
    pub(in crate::rules) fn minutes(&self, first: Day, last: i32, most: usize) -> Option<Spans> {
        let mut ranges = self.dates.within(instant(first.number, 0), instant(last + 1, 0)).to_vec();
        let mut day = first;
        while day.number <= last {
            self.add_minutes(&day, &mut ranges);
            if ranges.len() > most {
                return None;
            }
            day = day.tomorrow();
        }
        Some(Spans::of(ranges))
    }

    /// Adds the minutes of the periods that begin on the day, but for dates.
    fn add_minutes(&self, day: &Day, ranges: &mut Vec<(i64, i64)>) {
        let midnight = instant(day.number, 0);
        for (spans, place) in [(&self.of_week, day.weekday), (&self.of_month, day.of_month)] {
            let (start, stop) = (slot(place, 0), slot(place + 1, 0));
            let moved = |(from, until): &(i64, i64)| (from - start + midnight, until - start + midnight);
            ranges.extend(spans.within(start, stop).iter().map(moved));
        }
        let whole_day = self.anniversaries.contain(anniversary(day.month, day.of_month, day.number))
            || (!self.easters.is_empty()
                && self.easters.contain(from_easter(day.of_year - easter(day.year), day.number)));
        let simple = self.simple.iter().filter(|simple| simple.has(day)).map(|simple| simple.times);
        let involved = self.involved.iter().filter(|(_, rule)| rule.occurs_on(day)).map(|(times, _)| *times);
        let times = whole_day.then_some(Times::WHOLE_DAY).into_iter().chain(simple).chain(involved);
        ranges.extend(times.map(|times| (midnight + i64::from(times.start), midnight + i64::from(times.stop))));
    }

    /// The day, as [`Day::number`], after which no period begins; `None` if there is no such day, or no period at all.
    pub(in crate::rules) fn last_day(&self) -> Option<i32> {
        if !(self.of_week.is_empty() && self.of_month.is_empty()) {
            return None;
        }
        let day = |minute: i64| i32::try_from((minute - 1).div_euclid(DAY.into())).unwrap_or(i32::MAX);
        let dates = self.dates.ranges().iter().map(|(_, stop)| day(*stop));
        let yearly = [&self.anniversaries, &self.easters].into_iter().flat_map(|spans| spans.ranges());
        let yearly = yearly.map(|(_, stop)| i32::try_from((stop - 1).rem_euclid(DAYS)).unwrap_or(i32::MAX));
        let simple = self.simple.iter().map(|simple| simple.last);
        let involved = self.involved.iter().map(|(_, rule)| rule.ends().1);
        dates.chain(yearly).chain(simple).chain(involved).max().filter(|last| *last < LAST_DAY)
    }

    /// Memory in bytes.
    pub fn weight(&self) -> u64 {
        let spans = [&self.of_week, &self.of_month, &self.dates, &self.anniversaries, &self.easters];
        let weight = size_of::<Self>()
            + spans.iter().map(|spans| spans.weight()).sum::<usize>()
            + size_of_val(&*self.simple)
            + size_of_val(&*self.involved)
            + self.involved.iter().map(|(_, rule)| rule.weight()).sum::<usize>();
        u64::try_from(weight).unwrap_or(u64::MAX)
    }
}

/// The key of a minute of the day at position `of` in the week or month.
fn slot(of: u8, minute: u16) -> i64 {
    i64::from(of) * REACH + i64::from(minute)
}

/// The key of a minute of the day `number`.
fn instant(number: i32, minute: u16) -> i64 {
    i64::from(number) * i64::from(DAY) + i64::from(minute)
}

fn anniversary(month: u8, day: u8, number: i32) -> i64 {
    i64::from(month) * 32 * DAYS + i64::from(day) * DAYS + i64::from(number)
}

fn from_easter(days: i16, number: i32) -> i64 {
    i64::from(days) * DAYS + i64::from(number)
}

/// A schedule while its periods are added.
#[derive(Default)]
struct Parts {
    of_week: Vec<(i64, i64)>,
    of_month: Vec<(i64, i64)>,
    dates: Vec<(i64, i64)>,
    anniversaries: Vec<(i64, i64)>,
    easters: Vec<(i64, i64)>,
    simple: Vec<Simple>,
    involved: Vec<(Times, Recurrence)>,
}

impl Parts {
    /// Adds the period; the error is the invalid member.
    fn add(&mut self, period: &Period, zone: &tz::TimeZone) -> Result<(), &'static str> {
        let times = period.times()?;
        let span = |of: u8| (slot(of, times.start), slot(of, times.stop));
        match period.kind {
            PeriodType::DayOfTheWeek => self.of_week.push(span(of_week(period.day_of_week.ok_or("dayOfWeek")?))),
            PeriodType::DayOfTheMonth => {
                let day = period.day_of_month.and_then(|day| u8::try_from(day).ok());
                self.of_month.push(span(day.ok_or("dayOfMonth")?));
            }
            PeriodType::Date => {
                let first = required(period.start_date.as_ref(), "startDate")?;
                let last = optional(period.stop_date.as_ref(), "stopDate")?.unwrap_or(first);
                self.add_dates(number_of(first), number_of(last), times);
            }
            PeriodType::Recurrence => {
                let first = required(period.start_date.as_ref(), "startDate")?;
                let rule = period.rule.as_ref().ok_or("rule")?;
                let except = period.except_dates.iter().flatten().map(|date| required(Some(date), "exceptDates"));
                let except = except.collect::<Result<Vec<_>, _>>()?;
                self.add_rule(times, Recurrence::compile(rule, first, times, &except, zone));
            }
        }
        Ok(())
    }

    fn add_dates(&mut self, first: i32, last: i32, times: Times) {
        if first == last || times == Times::WHOLE_DAY {
            self.dates.push((instant(first, times.start), instant(last, times.stop)));
        } else {
            self.simple.push(Simple { first, last, month_days: 0, months: EVERY_MONTH, times, weekdays: 0 });
        }
    }

    fn add_rule(&mut self, times: Times, rule: Recurrence) {
        let (first, last) = rule.ends();
        match (rule.anniversary().filter(|_| times == Times::WHOLE_DAY), rule.plain()) {
            (Some(Anniversary::Date(month, day)), _) => {
                let spans =
                    without(&rule).map(|(from, to)| (anniversary(month, day, from), anniversary(month, day, to)));
                self.anniversaries.extend(spans);
            }
            (Some(Anniversary::Easter(days)), _) => {
                self.easters.extend(without(&rule).map(|(from, to)| (from_easter(days, from), from_easter(days, to))));
            }
            (None, Some((months, month_days, weekdays))) => {
                self.simple.push(Simple { first, last, month_days, months, times, weekdays });
            }
            (None, None) => self.involved.push((times, rule)),
        }
    }

    fn joined(self) -> Schedule {
        Schedule {
            of_week: Spans::of(self.of_week),
            of_month: Spans::of(self.of_month),
            dates: Spans::of(self.dates),
            anniversaries: Spans::of(self.anniversaries),
            easters: Spans::of(self.easters),
            simple: self.simple.into(),
            involved: self.involved.into(),
        }
    }
}

/// The ranges of days of a rule without exceptions, each from its first day until before its last.
fn without(rule: &Recurrence) -> impl Iterator<Item = (i32, i32)> {
    let (first, last) = rule.ends();
    let stop = last.min(LAST_DAY).saturating_add(1);
    let starts = std::iter::once(first).chain(rule.except().iter().map(|day| day + 1));
    let stops = rule.except().iter().copied().chain(std::iter::once(stop));
    starts.zip(stops).map(move |(from, to)| (from.max(first), to.min(stop))).filter(|(from, to)| from < to)
}

fn of_week(day: DayOfWeek) -> u8 {
    match day {
        DayOfWeek::Monday => 0,
        DayOfWeek::Tuesday => 1,
        DayOfWeek::Wednesday => 2,
        DayOfWeek::Thursday => 3,
        DayOfWeek::Friday => 4,
        DayOfWeek::Saturday => 5,
        DayOfWeek::Sunday => 6,
    }
}

fn required(date: Option<&Date>, member: &'static str) -> Result<civil::Date, &'static str> {
    optional(date, member)?.ok_or(member)
}

fn optional(date: Option<&Date>, member: &'static str) -> Result<Option<civil::Date>, &'static str> {
    date.map(|date| date.as_str().parse().map_err(|_| member)).transpose()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn schedule(zone: &str, periods: &[&str]) -> Schedule {
        let period = |(at, json): (usize, &&str)| {
            let mut json: serde_json::Value = serde_json::from_str(json).expect("JSON");
            json["name"] = at.to_string().into();
            json["active"] = json.get("active").cloned().unwrap_or(true.into());
            serde_json::from_value(json).expect("a period")
        };
        let periods: Vec<Period> = periods.iter().enumerate().map(period).collect();
        Schedule::compile(&periods, &self::zone(zone)).expect("periods that can be compiled")
    }

    fn zone(name: &str) -> tz::TimeZone {
        tz::TimeZone::get(name).expect("a time zone")
    }

    /// Those of `instants` at which a schedule of one period applies in `zone`.
    fn holding<'a>(zone: &str, period: &str, instants: &[&'a str]) -> Vec<&'a str> {
        let schedule = schedule(zone, &[period]);
        let holds = |at: &&&str| {
            let at: Timestamp = at.parse().expect("an instant");
            schedule.holds(&Moment::of(self::zone(zone).to_datetime(at)))
        };
        instants.iter().filter(holds).copied().collect()
    }

    #[test]
    fn a_period_applies_from_its_start_until_just_before_its_stop() {
        let friday = r#"{"type": "Day of the week", "dayOfWeek": "Friday", "startTime": "9:00", "stopTime": "17:30"}"#;
        let instants = [
            "2026-11-27T08:59:59.999+01:00",
            "2026-11-27T09:00:00+01:00",
            "2026-11-27T17:29:59.999+01:00",
            "2026-11-27T17:30:00+01:00",
            "2026-11-26T12:00:00+01:00",
        ];
        assert_eq!(holding("Europe/Brussels", friday, &instants), instants[1..3]);
    }

    #[test]
    fn a_period_without_times_is_the_whole_local_day() {
        let date = r#"{"type": "Date", "startDate": "2026-12-24", "stopDate": "2026-12-25"}"#;
        let instants = ["2026-12-23T22:59:59Z", "2026-12-23T23:00:00Z", "2026-12-25T22:59:59Z", "2026-12-25T23:00:00Z"];
        assert_eq!(holding("Europe/Brussels", date, &instants), instants[1..3]);
        let one = r#"{"type": "Date", "startDate": "2026-12-24", "startTime": "23:00", "stopTime": "24:00"}"#;
        assert_eq!(holding("UTC", one, &["2026-12-24T23:59:59Z", "2026-12-25T00:00:00Z"]), ["2026-12-24T23:59:59Z"]);
    }

    #[test]
    fn months_without_the_day_have_no_period() {
        let last = r#"{"type": "Day of the month", "dayOfMonth": 31}"#;
        let instants = ["2026-01-31T12:00:00Z", "2026-04-30T12:00:00Z", "2026-05-01T12:00:00Z"];
        assert_eq!(holding("UTC", last, &instants), instants[..1]);
    }

    #[test]
    fn a_local_time_that_does_not_exist_starts_at_the_next_that_does() {
        // Clocks in Brussels go from 2:00 to 3:00 at 1:00 UTC on 2026-03-29.
        let of = |start, stop| {
            format!(r#"{{"type": "Date", "startDate": "2026-03-29", "startTime": "{start}", "stopTime": "{stop}"}}"#)
        };
        let instants = ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:29:59Z", "2026-03-29T01:30:00Z"];
        assert_eq!(holding("Europe/Brussels", &of("2:30", "3:30"), &instants), instants[1..3]);
        assert!(holding("Europe/Brussels", &of("2:15", "2:45"), &instants).is_empty());
        assert_eq!(holding("Europe/Brussels", &of("1:30", "2:30"), &instants), instants[..1]);
    }

    #[test]
    fn a_local_time_that_exists_twice_counts_both_times() {
        // Clocks in Brussels go from 3:00 to 2:00 at 1:00 UTC on 2026-10-25.
        let period = r#"{"type": "Date", "startDate": "2026-10-25", "startTime": "2:15", "stopTime": "2:45"}"#;
        let instants = [
            "2026-10-25T00:14:59Z",
            "2026-10-25T00:15:00Z",
            "2026-10-25T00:44:59Z",
            "2026-10-25T00:45:00Z",
            "2026-10-25T01:14:59Z",
            "2026-10-25T01:15:00Z",
            "2026-10-25T01:44:59Z",
            "2026-10-25T01:45:00Z",
        ];
        let both = [instants[1], instants[2], instants[5], instants[6]];
        assert_eq!(holding("Europe/Brussels", period, &instants), both);
    }

    #[test]
    fn half_an_hour_of_daylight_saving_is_half_an_hour() {
        // Clocks on Lord Howe Island go from 2:00 to 2:30 at 15:30 UTC on 2026-10-03.
        let period = r#"{"type": "Date", "startDate": "2026-10-04", "startTime": "2:00", "stopTime": "2:45"}"#;
        let instants = ["2026-10-03T15:29:59Z", "2026-10-03T15:30:00Z", "2026-10-03T15:44:59Z", "2026-10-03T15:45:00Z"];
        assert_eq!(holding("Australia/Lord_Howe", period, &instants), instants[1..3]);
    }

    #[test]
    fn a_schedule_holds_when_one_of_its_active_periods_does() {
        let christmas = r#"{"type": "Recurrence", "startDate": "2020-12-25", "rule": "FREQ=YEARLY"}"#;
        let never = r#"{"type": "Date", "startDate": "2026-12-24", "active": false}"#;
        let schedule = schedule("UTC", &[never, christmas]);
        let holds = |date: &str| schedule.holds(&Moment::of(date.parse().expect("a local time")));
        assert!(holds("2026-12-25T09:00:00"));
        assert!(!holds("2026-12-24T09:00:00"));
        assert!(!holds("2019-12-25T09:00:00"));
    }
}
