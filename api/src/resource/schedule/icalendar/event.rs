//! Events as they are written, with everything read that says on which days they are.

use jiff::{Span, civil};

use super::{
    component::Component,
    line::ContentLine,
    moment::{DAY, Moment, duration},
    own::{EXCEPT, RULE, START},
    zone::{Clock, Zones},
};
use crate::wire::problem::Fault;

/// How many characters of a name are kept: what of them can stand in the name of a period is found out later.
const MAX_SUMMARY: usize = 200;

/// A `VEVENT`.
pub(super) struct Event<'a> {
    pub(super) component: &'a Component,
    /// Its name, as much of it as a period can have; empty where it has none.
    pub(super) summary: String,
    /// Whether it does not take place.
    pub(super) cancelled: bool,
    /// `SEQUENCE`: of events that say of the same instance, the one with the highest counts.
    pub(super) sequence: i64,
    /// The instance that the event stands instead of: `RECURRENCE-ID`.
    pub(super) instead_of: Option<Moment>,
    /// When it starts, on `clock`.
    pub(super) start: civil::DateTime,
    pub(super) clock: Clock,
    /// How long it is, in seconds of the clock.
    pub(super) seconds: i64,
    pub(super) rules: Vec<&'a ContentLine>,
    /// `RDATE`: further starts, with a duration of their own or the event's.
    pub(super) more: Vec<(Moment, Option<i64>)>,
    /// `EXDATE`: starts that do not count.
    pub(super) except: Vec<Moment>,
    /// What a schedule of ours says in its own way.
    pub(super) own: Option<Own<'a>>,
}

/// The properties that only this server writes; `RRULE`, `RDATE` and, beside the last, `EXDATE` are then not looked at.
pub(super) struct Own<'a> {
    /// The rule; none for a period of type `Date`.
    pub(super) rule: Option<&'a ContentLine>,
    pub(super) start: Option<civil::Date>,
    pub(super) except: Option<Vec<civil::Date>>,
}

impl<'a> Event<'a> {
    /// The event in `component`, or what is wrong with it.
    pub(super) fn of(component: &'a Component, zones: &mut Zones<'_>) -> Result<Self, Vec<Fault>> {
        let mut faults = foreign(component);
        let (start, seconds) = noted(extent(component, zones), &mut faults).unzip();
        let instead_of = noted(instead_of(component, zones), &mut faults).flatten();
        let more = noted(more(component, zones), &mut faults);
        let except = noted(moments(component, "EXDATE", zones), &mut faults);
        let own = noted(own(component, zones), &mut faults).flatten();
        let (Some((start, clock)), Some(seconds), Some(more), Some(except)) = (start, seconds, more, except) else {
            return Err(faults);
        };
        let summary = component.first("SUMMARY").map(ContentLine::text).unwrap_or_default();
        let event = Self {
            component,
            summary: summary.trim_start().chars().take(MAX_SUMMARY).collect(),
            cancelled: component.first("STATUS").is_some_and(|status| status.word() == "CANCELLED"),
            sequence: component.first("SEQUENCE").and_then(|line| line.value().trim().parse().ok()).unwrap_or(-1),
            instead_of,
            start,
            clock,
            seconds,
            rules: component.all("RRULE").collect(),
            more,
            except,
            own,
        };
        if faults.is_empty() { Ok(event) } else { Err(faults) }
    }

    /// Whether it can be on more than one day of its own.
    pub(super) fn recurs(&self) -> bool {
        !self.rules.is_empty() || !self.more.is_empty()
    }

    /// The line of this name, else that on which the event begins.
    pub(super) fn line(&self, name: &str) -> usize {
        self.component.first(name).map_or(self.component.line, |line| line.number)
    }
}

/// The value; a fault is added to `faults`.
fn noted<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// Faults on the properties that no period has a place for.
fn foreign(component: &Component) -> Vec<Fault> {
    let detail = "A period has no place for `EXRULE`; list the days that do not count in `EXDATE`.";
    component.all("EXRULE").map(|line| line.fault(detail)).collect()
}

/// The property that an event can have once.
fn single<'a>(component: &'a Component, name: &str) -> Result<Option<&'a ContentLine>, Fault> {
    let mut lines = component.all(name);
    let first = lines.next();
    match lines.find(|line| first.is_none_or(|first| first.value() != line.value())) {
        Some(second) => Err(second.fault(format!("`{name}` stands twice in the event; it can stand once."))),
        None => Ok(first),
    }
}

/// When the event starts, and how many seconds of the clock it takes. One that ends before it starts is taken the other
/// way round, as other readers do.
fn extent(component: &Component, zones: &mut Zones<'_>) -> Result<((civil::DateTime, Clock), i64), Fault> {
    let line =
        single(component, "DTSTART")?.ok_or_else(|| Fault::on_line(component.line, "The event has no `DTSTART`."))?;
    let start = Moment::of(line, line.value(), zones)?;
    let end = match single(component, "DTEND")? {
        Some(line) => Some(Moment::of(line, line.value(), zones)?),
        None => None,
    };
    let length = match (end, single(component, "DURATION")?) {
        (None, Some(line)) => duration(line, line.value())?,
        (None, None) if matches!(start, Moment::Day(_)) => DAY,
        _ => 0,
    };
    // Where only one of the two has a zone, it is that of both.
    let clock = if start.clock() == Clock::Local { end.map_or(Clock::Local, Moment::clock) } else { start.clock() };
    let start = start.time();
    let length = match end {
        Some(end) => between(start, zones.on(clock, end.time(), end.clock()).unwrap_or(end.time())),
        None => length,
    };
    let start = if length < 0 { later(start, length).ok_or_else(|| line.fault(OUT_OF_RANGE))? } else { start };
    Ok(((start, clock), length.abs()))
}

/// What is said of a day that schedules do not know.
pub(super) const OUT_OF_RANGE: &str = "The day is out of range; days from 1970 to 2199 are kept.";

/// Seconds of the clock from `start` to `end`.
pub(super) fn between(start: civil::DateTime, end: civil::DateTime) -> i64 {
    end.duration_since(start).as_secs()
}

/// The time so many seconds of the clock later.
pub(super) fn later(time: civil::DateTime, seconds: i64) -> Option<civil::DateTime> {
    time.checked_add(Span::new().try_seconds(seconds).ok()?).ok()
}

fn instead_of(component: &Component, zones: &mut Zones<'_>) -> Result<Option<Moment>, Fault> {
    let Some(line) = single(component, "RECURRENCE-ID")? else { return Ok(None) };
    if line.parameter("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE")) {
        let detail = "A period cannot say `RANGE=THISANDFUTURE`; end the recurring event with `UNTIL`, and give what \
                      follows an event of its own.";
        return Err(line.fault(detail));
    }
    Moment::of(line, line.value(), zones).map(Some)
}

/// The values of all properties of this name.
fn moments(component: &Component, name: &str, zones: &mut Zones<'_>) -> Result<Vec<Moment>, Fault> {
    let mut moments = Vec::new();
    for line in component.all(name) {
        for value in line.value().split(',').filter(|value| !value.trim().is_empty()) {
            moments.push(Moment::of(line, value, zones)?);
        }
    }
    Ok(moments)
}

/// `RDATE`, whose values can be periods of time too (RFC 5545, section 3.3.9).
fn more(component: &Component, zones: &mut Zones<'_>) -> Result<Vec<(Moment, Option<i64>)>, Fault> {
    let mut more = Vec::new();
    for line in component.all("RDATE") {
        for value in line.value().split(',').filter(|value| !value.trim().is_empty()) {
            let Some((start, end)) = value.split_once('/') else {
                more.push((Moment::of(line, value, zones)?, None));
                continue;
            };
            let start = Moment::of(line, start, zones)?;
            let seconds = match end.trim().starts_with(['P', 'p', '+', '-']) {
                true => duration(line, end)?,
                false => between(start.time(), Moment::of(line, end, zones)?.time()),
            };
            if seconds < 0 {
                return Err(line.fault("The period of time ends before it starts."));
            }
            more.push((start, Some(seconds)));
        }
    }
    Ok(more)
}

fn own<'a>(component: &'a Component, zones: &mut Zones<'_>) -> Result<Option<Own<'a>>, Fault> {
    let Some(rule) = single(component, RULE)? else { return Ok(None) };
    let start = match single(component, START)? {
        Some(line) => Some(Moment::of(line, line.value(), zones)?.date()),
        None => None,
    };
    let except = match component.first(EXCEPT) {
        Some(_) => Some(moments(component, EXCEPT, zones)?.into_iter().map(Moment::date).collect()),
        None => None,
    };
    Ok(Some(Own { rule: Some(rule).filter(|rule| !rule.word().is_empty()), start, except }))
}
