//! Schedules: when a criteria holds.
//!
//! A schedule holds when one of its active periods does. A period holds on the local days that its type says, from its
//! start time to just before its stop time; without times the whole day.
//!
//! A question is answered by what the user's clock shows at the instant. That gives daylight saving its due by itself:
//! a local time that does not exist on a day is never shown, and so a period that begins with it begins at the next
//! instant that exists; a local time that exists twice is shown twice, and both count.

use call_acceptance_api::{
    resource::schedule::period::{DayOfWeek, Period, PeriodType},
    value::{
        name::PeriodName,
        time::{Date, TimeOfDay},
    },
};
use jiff::{civil, tz};

use super::{
    day::{Day, number_of},
    recurrence::Recurrence,
};

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

    /// The instants among `instants` at which a schedule of one period holds in `zone`.
    fn holding<'a>(zone: &str, period: &str, instants: &[&'a str]) -> Vec<&'a str> {
        let schedule = schedule(zone, &[period]);
        let holds = |at: &&&str| {
            let at: Timestamp = at.parse().expect("an instant");
            schedule.holds(&Moment::of(self::zone(zone).to_datetime(at)))
        };
        instants.iter().filter(holds).copied().collect()
    }

    #[test]
    fn a_period_holds_from_its_start_to_just_before_its_stop() {
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
