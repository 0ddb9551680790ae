//! Schedules: when a criteria holds.
//!
//! A schedule holds when one of its active periods does. A period holds on the local days that its type says, from its
//! start time to just before its stop time; without times the whole day.
//!
//! A question is answered by what the user's clock shows at the instant. That gives daylight saving its due by itself:
//! a local time that does not exist on a day is never shown, and so a period that begins with it begins at the next
//! instant that exists; a local time that exists twice is shown twice, and both count.

use call_acceptance_api::{
    name::PeriodName,
    period::{DayOfWeek, Period, PeriodType},
    time::{Date, TimeOfDay},
};
use jiff::{civil, tz};

use super::recurrence::{Day, Recurrence, number_of};

const DAY: u16 = 24 * 60;

/// What a clock on the user's wall shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    day: Day,
    /// Minutes since the day began on the clock, 0 to 1439.
    minute: u16,
}

impl Moment {
    /// What the clock shows at the local time `local`.
    pub(super) fn of(local: civil::DateTime) -> Self {
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        Self { day: Day::of(local.date()), minute }
    }
}

/// A period whose member cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Corrupt {
    /// The period.
    pub period: PeriodName,
    /// The member, as in the contract.
    pub member: &'static str,
}

/// A schedule, ready to answer.
#[derive(Debug)]
pub(super) struct Schedule(Box<[Window]>);

/// From `start` until before `stop`, in minutes of the clock, on `days`.
#[derive(Debug)]
struct Window {
    start: u16,
    stop: u16,
    days: Days,
}

#[derive(Debug)]
enum Days {
    /// Days of the week, 0 for Monday.
    OfWeek(u8),
    OfMonth(u8),
    /// Both ends inclusive, as [`Day::number`].
    Range(i32, i32),
    Recurring(Box<Recurrence>),
}

impl Schedule {
    /// Compiles the active ones of `periods`, which are in the local time of `zone`.
    pub(super) fn compile(periods: &[Period], zone: &tz::TimeZone) -> Result<Self, Corrupt> {
        let compile =
            |period: &Period| window(period, zone).map_err(|member| Corrupt { period: period.name.clone(), member });
        periods.iter().filter(|period| period.active).map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the schedule holds when the user's clock shows `moment`.
    pub(super) fn holds(&self, moment: &Moment) -> bool {
        let holds =
            |window: &Window| (window.start..window.stop).contains(&moment.minute) && window.days.contain(&moment.day);
        self.0.iter().any(holds)
    }

    /// The memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        let recurrences = self.0.iter().map(|window| match &window.days {
            Days::Recurring(recurrence) => recurrence.weight(),
            _ => 0,
        });
        size_of::<Self>() + size_of_val(&*self.0) + recurrences.sum::<usize>()
    }
}

impl Days {
    fn contain(&self, day: &Day) -> bool {
        match self {
            Self::OfWeek(weekday) => day.weekday == *weekday,
            Self::OfMonth(day_of_month) => day.of_month == *day_of_month,
            Self::Range(first, last) => (*first..=*last).contains(&day.number),
            Self::Recurring(recurrence) => recurrence.occurs_on(day),
        }
    }
}

fn window(period: &Period, zone: &tz::TimeZone) -> Result<Window, &'static str> {
    let (start, stop) = times(period)?;
    Ok(Window { start, stop, days: days(period, start, zone)? })
}

fn times(period: &Period) -> Result<(u16, u16), &'static str> {
    match (&period.start_time, &period.stop_time) {
        (None, None) => Ok((0, DAY)),
        (Some(start), Some(stop)) => Ok((TimeOfDay::minutes(start), TimeOfDay::minutes(stop))),
        (None, Some(_)) => Err("startTime"),
        (Some(_), None) => Err("stopTime"),
    }
}

fn days(period: &Period, start: u16, zone: &tz::TimeZone) -> Result<Days, &'static str> {
    match period.kind {
        PeriodType::DayOfTheWeek => period.day_of_week.map(|day| Days::OfWeek(of_week(day))).ok_or("dayOfWeek"),
        PeriodType::DayOfTheMonth => {
            let day = period.day_of_month.and_then(|day| u8::try_from(day).ok());
            day.map(Days::OfMonth).ok_or("dayOfMonth")
        }
        PeriodType::Date => {
            let first = required(period.start_date.as_ref(), "startDate")?;
            let last = optional(period.stop_date.as_ref(), "stopDate")?.unwrap_or(first);
            Ok(Days::Range(number_of(first), number_of(last)))
        }
        PeriodType::Recurrence => {
            let first = required(period.start_date.as_ref(), "startDate")?;
            let rule = period.rule.as_ref().ok_or("rule")?;
            let except = period.except_dates.iter().flatten().map(|date| required(Some(date), "exceptDates"));
            let except = except.collect::<Result<Vec<_>, _>>()?;
            let recurrence = Recurrence::compile(rule, first, start, except, zone).ok_or("rule")?;
            Ok(Days::Recurring(Box::new(recurrence)))
        }
    }
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
