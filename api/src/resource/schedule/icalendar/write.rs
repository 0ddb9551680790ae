//! Writes a schedule as a calendar that other programs can read, and that reads back unchanged.

use icalendar::{Calendar, Component as _, EventStatus, Property, ValueType};
use jiff::{Span, ToSpan as _, civil, tz};
use uuid::Uuid;

use super::{
    line::fold,
    own::{EXCEPT, RULE, START},
    rule::{LAST, WEEKDAYS, basic},
};
use crate::{
    resource::schedule::{
        Schedule, ScheduleFolder,
        period::{DayOfWeek, Period, PeriodType},
    },
    value::{
        owner::path,
        recurrence::{Recurrence, RecurrenceRule},
        time::Date,
    },
};

/// `DTSTAMP` of every event. It is required (RFC 5545, section 3.6.1), but schedules do not store when they were
/// changed.
const STAMP: &str = "19700101T000000Z";
/// Maximum number of days that a rule unknown to other programs is written as.
const MAX_DAYS: usize = 200;

/// `schedule` as a calendar of RFC 5545 with an event for each period. The text is deterministic. The last day of a
/// rule is computed as in decisions for a user in `zone`.
///
/// A rule without days takes one or two microseconds for each year up to the last one.
pub fn write(folder: &ScheduleFolder, schedule: &Schedule, zone: &tz::TimeZone) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//call-acceptance//Selective Call Acceptance//EN"))
        // The library escapes the properties that it knows to be texts; it does not know `NAME`.
        .append_property(property("NAME", schedule.name.as_str(), Some(ValueType::Text)))
        .append_property(("X-WR-CALNAME", schedule.name.as_str()));
    for period in &schedule.periods {
        let Some(event) = Event::of(period, zone) else { continue };
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

/// An identifier that is stable as long as the names are, and does not reveal them (RFC 7986, section 5.3).
fn identifier(folder: &ScheduleFolder, schedule: &Schedule, period: &Period) -> Uuid {
    let mut segments = folder.segments();
    segments.extend([schedule.name.as_str(), period.name.as_str()]);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, path(&segments).as_bytes())
}

/// A period as an event.
struct Event {
    first: civil::Date,
    last: civil::Date,
    /// The rule in a form that other programs support.
    rule: Option<String>,
    /// Days in addition to the first one.
    more: Vec<civil::Date>,
    /// The rule and the first day as stored, if they differ from the above.
    own: Option<(String, civil::Date)>,
    /// Whether other programs should show no day of it: the period has no days or is not active.
    hidden: bool,
}

impl Event {
    /// `None` if the period lacks a member that its type requires; such periods are never stored.
    fn of(period: &Period, zone: &tz::TimeZone) -> Option<Self> {
        let event = match period.kind {
            PeriodType::DayOfTheWeek => Self::every_week(period.day_of_week?),
            PeriodType::DayOfTheMonth => {
                let first = civil::Date::new(1970, 1, i8::try_from(period.day_of_month?).ok()?).ok()?;
                Self::recurring(first, format!("FREQ=MONTHLY;BYMONTHDAY={}", first.day()))
            }
            PeriodType::Date => {
                let (first, last) = (day(period.start_date.as_ref()?)?, period.stop_date.as_ref());
                let last = last.map_or(Some(first), day)?;
                match &period.start_time {
                    Some(start) if last > first => {
                        Self::recurring(first, format!("FREQ=DAILY;UNTIL={}", stamp(last, start.minutes())))
                    }
                    _ => Self { last, ..Self::single(first) },
                }
            }
            PeriodType::Recurrence => Self::recurrence(period, zone)?,
        };
        Some(if period.active { event } else { event.hidden() })
    }

    fn single(first: civil::Date) -> Self {
        Self { first, last: first, rule: None, more: Vec::new(), own: None, hidden: false }
    }

    fn recurring(first: civil::Date, rule: String) -> Self {
        Self { rule: Some(rule), ..Self::single(first) }
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

    /// The event starts on the first day that the rule generates (RFC 5545, section 3.8.5.3), since other programs
    /// count the first day in any case. Rules with Easter are written as days.
    fn recurrence(period: &Period, zone: &tz::TimeZone) -> Option<Self> {
        let (start, rule) = (day(period.start_date.as_ref()?)?, period.rule.as_ref()?);
        let parts = rule.parts();
        let recurrence = Recurrence::compile(rule, start, period.times().ok()?, &[], zone);
        let most = if parts.easter.is_some() { MAX_DAYS } else { 1 };
        let days: Vec<civil::Date> = recurrence.days(LAST.year()).take(most).collect();
        let Some(first) = days.first().copied() else {
            return Some(Self::recurring(start, rule.to_string()).hidden());
        };
        let last = i64::from(recurrence.ends().1);
        let last = Span::new().try_days(last).ok().and_then(|days| civil::date(1970, 1, 1).checked_add(days).ok());
        let known = fitting(rule, start, last.unwrap_or(LAST), period.start_time.is_some());
        // A rule that is read back has no `COUNT`.
        let differs = parts.easter.is_some() || parts.count.is_some() || first != start;
        Some(Self {
            rule: parts.easter.is_none().then_some(known),
            more: days.into_iter().skip(1).collect(),
            own: differs.then(|| (rule.to_string(), start)),
            ..Self::single(first)
        })
    }

    /// The same event, without days for other programs.
    fn hidden(self) -> Self {
        let (rule, start) = self.own.unwrap_or((self.rule.unwrap_or_default(), self.first));
        Self { first: start, rule: None, more: Vec::new(), own: Some((rule, start)), hidden: true, ..self }
    }

    /// All properties except the identifier.
    fn properties(&self, period: &Period) -> Vec<Property> {
        let times = period.times().ok().filter(|_| period.start_time.is_some());
        let (start, end) = match times {
            Some(times) => (stamp(self.first, times.start), stamp(self.first, times.stop)),
            None => (basic(self.first), basic(self.last.tomorrow().unwrap_or(self.last))),
        };
        let kind = times.is_none().then_some(ValueType::Date);
        let list = |days: &[civil::Date]| {
            let each = days.iter().map(|day| times.map_or_else(|| basic(*day), |times| stamp(*day, times.start)));
            each.collect::<Vec<_>>().join(",")
        };
        let own_except: Vec<civil::Date> = period.except_dates.iter().flatten().filter_map(day).collect();
        let (rule, except) = match self.hidden {
            // Excludes the only day of the rule.
            true => (Some("FREQ=DAILY;COUNT=1"), vec![self.first]),
            false => (self.rule.as_deref(), own_except.clone()),
        };
        let mut properties = vec![
            property("DTSTAMP", STAMP, None),
            property("DTSTART", start, kind),
            property("DTEND", end, kind),
            property("SUMMARY", period.name.as_str(), None),
        ];
        properties.extend(rule.map(|rule| property("RRULE", rule, None)));
        properties.extend((!self.more.is_empty()).then(|| property("RDATE", list(&self.more), kind)));
        properties.extend((!except.is_empty()).then(|| property("EXDATE", list(&except), kind)));
        if let Some((rule, start)) = &self.own {
            properties.push(property(RULE, rule.as_str(), (!rule.is_empty()).then_some(ValueType::Recur)));
            properties.push(property(START, basic(*start), Some(ValueType::Date)));
        }
        let own_except = own_except.into_iter().map(basic).collect::<Vec<_>>().join(",");
        properties.extend(self.hidden.then(|| property(EXCEPT, own_except, Some(ValueType::Date))));
        properties.extend((!period.active).then(|| EventStatus::Cancelled.into()));
        properties
    }
}

fn day(date: &Date) -> Option<civil::Date> {
    date.as_str().parse().ok()
}

/// A local `DATE-TIME` (RFC 5545, section 3.3.5), `minutes` after the start of the day.
fn stamp(day: civil::Date, minutes: u16) -> String {
    let later = day.saturating_add(i32::from(minutes / 1440).days());
    format!("{}T{:02}{:02}00", basic(later), minutes % 1440 / 60, minutes % 60)
}

/// The rule in a form that other programs read the same way: `UNTIL` has the type of `DTSTART`, as RFC 5545 requires
/// (section 3.3.10), and `BYWEEKNO` comes with a day of the week, without which some programs take the whole week.
fn fitting(rule: &RecurrenceRule, start: civil::Date, last: civil::Date, has_times: bool) -> String {
    let parts = rule.parts();
    let mut text = rule.to_string();
    if let Some(written) = rule.until() {
        let end_of_day = if has_times { "T235959" } else { "" };
        text = text.replace(&format!("UNTIL={written}"), &format!("UNTIL={}{end_of_day}", basic(last)));
    }
    let says_the_day = !parts.weekdays.is_empty() || !parts.month_days.is_empty() || !parts.year_days.is_empty();
    if !parts.weeks.is_empty() && !says_the_day {
        text.push_str(&format!(
            ";BYDAY={}",
            WEEKDAYS[usize::from(start.weekday().to_monday_zero_offset().unsigned_abs()) % 7]
        ));
    }
    text
}
