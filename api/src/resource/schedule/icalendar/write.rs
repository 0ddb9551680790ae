//! Writing a schedule as a calendar that other programs read, and that reads back as what it was.

use icalendar::{Calendar, Component as _, EventStatus, Property, ValueType};
use jiff::{civil, tz};
use uuid::Uuid;

use super::{RULE, START, line::fold};
use crate::{
    resource::schedule::{
        Schedule, ScheduleFolder,
        period::{DayOfWeek, Period, PeriodType},
    },
    value::owner::path,
    value::recurrence::{Recurrence, RecurrenceRule, Times},
    value::time::{Date, TimeOfDay},
};

/// `DTSTAMP` of every event: it is required (RFC 5545, section 3.6.1), and schedules keep no time of their last change.
const STAMP: &str = "19700101T000000Z";
/// The greatest number of days that a rule which no other program knows is written as.
const MAX_DAYS: usize = 200;
/// How many rules that make no day are followed to their end, which takes long. Those behind are written as they stand.
const MAX_FRUITLESS: usize = 8;

/// `schedule` as a calendar of RFC 5545 with an event for each period. It is the same text for the same schedule.
pub fn write(folder: &ScheduleFolder, schedule: &Schedule) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//call-acceptance//Selective Call Acceptance//EN"))
        // The library escapes what it knows to be a text, and `NAME` it does not know.
        .append_property(property("NAME", schedule.name.as_str(), Some(ValueType::Text)))
        .append_property(("X-WR-CALNAME", schedule.name.as_str()));
    let mut fruitless = 0;
    for period in &schedule.periods {
        let Some(event) = Event::of(period, &mut fruitless) else { continue };
        let mut written = icalendar::Event::with_uid(&identifier(folder, schedule, period).to_string());
        for property in event.properties(period) {
            written.append_property(property);
        }
        calendar.push(written);
    }
    fold(&calendar.to_string())
}

fn property(name: &str, value: impl Into<String>, kind: Option<ValueType>) -> Property {
    let mut property = Property::new(name, value);
    if let Some(kind) = kind {
        property.append_parameter(kind);
    }
    property
}

/// An identifier that stays as long as the names do, and tells nothing of them (RFC 7986, section 5.3).
fn identifier(folder: &ScheduleFolder, schedule: &Schedule, period: &Period) -> Uuid {
    let mut segments = folder.segments();
    segments.extend([schedule.name.as_str(), period.name.as_str()]);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, path(&segments).as_bytes())
}

/// What a period is as an event.
struct Event {
    first: civil::Date,
    last: civil::Date,
    /// The rule as other programs know it.
    rule: Option<String>,
    /// Days beside the first one.
    more: Vec<civil::Date>,
    /// The rule and the first day as the schedule has them, where the above says them in another way.
    own: Option<(RecurrenceRule, Date)>,
}

impl Event {
    /// None for a period that lacks what its type requires; no such period is stored.
    fn of(period: &Period, fruitless: &mut usize) -> Option<Self> {
        match period.kind {
            PeriodType::DayOfTheWeek => Some(Self::every_week(period.day_of_week?)),
            PeriodType::DayOfTheMonth => {
                let first = civil::Date::new(1970, 1, i8::try_from(period.day_of_month?).ok()?).ok()?;
                Some(Self::recurring(first, format!("FREQ=MONTHLY;BYMONTHDAY={}", first.day())))
            }
            PeriodType::Date => {
                let (first, last) = (day(period.start_date.as_ref()?)?, period.stop_date.as_ref());
                let last = last.map_or(Some(first), day)?;
                Some(match &period.start_time {
                    Some(start) if last > first => {
                        Self::recurring(first, format!("FREQ=DAILY;UNTIL={}", stamp(last, start)))
                    }
                    _ => Self { first, last, rule: None, more: Vec::new(), own: None },
                })
            }
            PeriodType::Recurrence => Self::recurrence(
                period.start_date.as_ref()?,
                period.rule.as_ref()?,
                period.start_time.as_ref(),
                fruitless,
            ),
        }
    }

    fn recurring(first: civil::Date, rule: String) -> Self {
        Self { first, last: first, rule: Some(rule), more: Vec::new(), own: None }
    }

    fn every_week(weekday: DayOfWeek) -> Self {
        // 1 January 1970 was a Thursday.
        let (day, code) = match weekday {
            DayOfWeek::Thursday => (1, "TH"),
            DayOfWeek::Friday => (2, "FR"),
            DayOfWeek::Saturday => (3, "SA"),
            DayOfWeek::Sunday => (4, "SU"),
            DayOfWeek::Monday => (5, "MO"),
            DayOfWeek::Tuesday => (6, "TU"),
            DayOfWeek::Wednesday => (7, "WE"),
        };
        Self::recurring(civil::date(1970, 1, day), format!("FREQ=WEEKLY;BYDAY={code}"))
    }

    /// The event starts on the first day that the rule makes, as RFC 5545 asks for (section 3.8.5.3): to other programs
    /// the day that an event starts on is one of its days. Easter they do not know, and so they get the days.
    fn recurrence(
        start: &Date,
        rule: &RecurrenceRule,
        time: Option<&TimeOfDay>,
        fruitless: &mut usize,
    ) -> Option<Self> {
        let easter = rule.as_str().contains("BYEASTER=");
        let most = if easter { MAX_DAYS } else { 1 };
        let days = if *fruitless < MAX_FRUITLESS { days(rule, day(start)?, most) } else { Vec::new() };
        *fruitless += usize::from(days.is_empty());
        let first = days.first().copied().unwrap_or(day(start)?);
        let known = Some(fitting(rule, time)).filter(|_| !easter);
        let same = known.as_deref() == Some(rule.as_str()) && first.to_string() == start.as_str();
        Some(Self {
            first,
            last: first,
            rule: known,
            more: days.into_iter().skip(1).collect(),
            own: (!same).then(|| (rule.clone(), start.clone())),
        })
    }

    /// All but the identifier.
    fn properties(&self, period: &Period) -> Vec<Property> {
        let times = period.start_time.as_ref().zip(period.stop_time.as_ref());
        let (start, end) = match times {
            Some((start, stop)) => (stamp(self.first, start), stamp(self.first, stop)),
            None => (basic(self.first), basic(self.last.tomorrow().unwrap_or(self.last))),
        };
        let kind = times.is_none().then_some(ValueType::Date);
        let list = |days: &[civil::Date]| {
            let each = days.iter().map(|day| times.map_or_else(|| basic(*day), |(start, _)| stamp(*day, start)));
            each.collect::<Vec<_>>().join(",")
        };
        let except: Vec<civil::Date> = period.except_dates.iter().flatten().filter_map(day).collect();
        let mut properties = vec![
            property("DTSTAMP", STAMP, None),
            property("DTSTART", start, kind),
            property("DTEND", end, kind),
            property("SUMMARY", period.name.as_str(), None),
        ];
        properties.extend(self.rule.as_ref().map(|rule| property("RRULE", rule, None)));
        properties.extend((!self.more.is_empty()).then(|| property("RDATE", list(&self.more), kind)));
        properties.extend((!except.is_empty()).then(|| property("EXDATE", list(&except), kind)));
        if let Some((rule, start)) = &self.own {
            properties.push(property(RULE, rule.as_str(), Some(ValueType::Recur)));
            properties.push(property(START, start.as_str().replace('-', ""), Some(ValueType::Date)));
        }
        properties.extend((!period.active).then(|| EventStatus::Cancelled.into()));
        properties
    }
}

fn day(date: &Date) -> Option<civil::Date> {
    date.as_str().parse().ok()
}

/// A `DATE` (RFC 5545, section 3.3.4).
fn basic(day: civil::Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// A local `DATE-TIME` (RFC 5545, section 3.3.5).
fn stamp(day: civil::Date, time: &TimeOfDay) -> String {
    match time.minutes() {
        1440 => format!("{}T000000", basic(day.tomorrow().unwrap_or(day))),
        minutes => format!("{}T{:02}{:02}00", basic(day), minutes / 60, minutes % 60),
    }
}

/// The day up to which the rule goes, that day included.
fn until(rule: &RecurrenceRule) -> Option<&str> {
    rule.until().and_then(|until| until.get(..8))
}

/// The rule with its `UNTIL` of the type of `DTSTART`, as RFC 5545 asks for (section 3.3.10).
fn fitting(rule: &RecurrenceRule, time: Option<&TimeOfDay>) -> String {
    let Some((written, day)) = rule.until().zip(until(rule)) else { return rule.to_string() };
    let end_of_day = if time.is_some() { "T235959" } else { "" };
    rule.as_str().replace(&format!("UNTIL={written}"), &format!("UNTIL={day}{end_of_day}"))
}

/// The first `most` days that the rule makes from `start` to the end of 2199, by the days of its `UNTIL` as written.
pub(super) fn days(rule: &RecurrenceRule, start: civil::Date, most: usize) -> Vec<civil::Date> {
    Recurrence::compile(rule, start, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC).days(2199).take(most).collect()
}
