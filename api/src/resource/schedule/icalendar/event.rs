//! Events with the properties that determine their days.

use jiff::{Span, civil};

use super::{
    component::Component,
    line::ContentLine,
    moment::{DAY, Moment, duration},
    own::{EXCEPT, RULE, START},
    zone::{Clock, Zones},
};
use crate::wire::problem::Fault;

/// The length to which `SUMMARY` is cut, in characters; the name of a period is made from it later.
const MAX_SUMMARY: usize = 200;

/// A `VEVENT`.
pub(super) struct Event<'a> {
    pub(super) component: &'a Component,
    /// The name, cut to the maximum length; empty if there is none.
    pub(super) summary: String,
    /// Whether the event is cancelled.
    pub(super) cancelled: bool,
    /// `SEQUENCE`: of several events for the same instance, the one with the highest number applies.
    pub(super) sequence: i64,
    /// `RECURRENCE-ID`: the instance that the event replaces.
    pub(super) instead_of: Option<Moment>,
    /// Start, as a local time of `clock`.
    pub(super) start: civil::DateTime,
    pub(super) clock: Clock,
    /// Duration in seconds of local time.
    pub(super) seconds: i64,
    pub(super) rules: Vec<&'a ContentLine>,
    /// `RDATE`: further starts, with an optional duration of their own.
    pub(super) more: Vec<(Moment, Option<i64>)>,
    /// `EXDATE`: excluded starts.
    pub(super) except: Vec<Moment>,
    /// The properties that this server has written, if any.
    pub(super) own: Option<Own<'a>>,
}

/// The properties that only this server writes. `RRULE` and `RDATE` are then ignored, and so is `EXDATE` if there is an
/// `RDATE`.
pub(super) struct Own<'a> {
    /// The rule; `None` for a period of type `Date`.
    pub(super) rule: Option<&'a ContentLine>,
    pub(super) start: Option<civil::Date>,
    pub(super) except: Option<Vec<civil::Date>>,
}

impl<'a> Event<'a> {
    /// Parses the event in `component`.
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

    /// Whether the event can have several instances.
    pub(super) fn recurs(&self) -> bool {
        !self.rules.is_empty() || !self.more.is_empty()
    }

    /// The line of the property with this name, else the line of `BEGIN`.
    pub(super) fn line(&self, name: &str) -> usize {
        self.component.first(name).map_or(self.component.line, |line| line.number)
    }
}

/// The value of `result`; its fault is added to `faults`.
fn noted<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

/// Faults for the properties that periods do not support.
fn foreign(component: &Component) -> Vec<Fault> {
    let detail = "`EXRULE` is not supported; list the excluded days in `EXDATE`.";
    component.all("EXRULE").map(|line| line.fault(detail)).collect()
}

/// A property that an event may have once.
fn single<'a>(component: &'a Component, name: &str) -> Result<Option<&'a ContentLine>, Fault> {
    let mut lines = component.all(name);
    let first = lines.next();
    match lines.find(|line| first.is_none_or(|first| first.value() != line.value())) {
        Some(second) => Err(second.fault(format!("`{name}` appears twice in the event; it is allowed once."))),
        None => Ok(first),
    }
}

/// The start of the event and its duration in seconds of local time. If it ends before it starts, the two are swapped,
/// as other readers do.
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
    // If only one of the two has a zone, it applies to both.
    let clock = if start.clock() == Clock::Local { end.map_or(Clock::Local, Moment::clock) } else { start.clock() };
    let start = start.time();
    let length = match end {
        Some(end) => between(start, zones.on(clock, end.time(), end.clock()).unwrap_or(end.time())),
        None => length,
    };
    let start = if length < 0 { later(start, length).ok_or_else(|| line.fault(OUT_OF_RANGE))? } else { start };
    Ok(((start, clock), length.abs()))
}

/// The error for a day that schedules do not support.
pub(super) const OUT_OF_RANGE: &str = "The day is out of range; days from 1970 to 2199 are supported.";

/// Seconds of local time from `start` to `end`.
pub(super) fn between(start: civil::DateTime, end: civil::DateTime) -> i64 {
    end.duration_since(start).as_secs()
}

/// `time` plus `seconds` of local time.
pub(super) fn later(time: civil::DateTime, seconds: i64) -> Option<civil::DateTime> {
    time.checked_add(Span::new().try_seconds(seconds).ok()?).ok()
}

fn instead_of(component: &Component, zones: &mut Zones<'_>) -> Result<Option<Moment>, Fault> {
    let Some(line) = single(component, "RECURRENCE-ID")? else { return Ok(None) };
    if line.parameter("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE")) {
        let detail = "`RANGE=THISANDFUTURE` is not supported; end the recurring event with `UNTIL`, and make another \
         event of what follows.";
        return Err(line.fault(detail));
    }
    Moment::of(line, line.value(), zones).map(Some)
}

/// The values of all properties with this name.
fn moments(component: &Component, name: &str, zones: &mut Zones<'_>) -> Result<Vec<Moment>, Fault> {
    let mut moments = Vec::new();
    for line in component.all(name) {
        for value in line.value().split(',').filter(|value| !value.trim().is_empty()) {
            moments.push(Moment::of(line, value, zones)?);
        }
    }
    Ok(moments)
}

/// `RDATE`, whose values may also be periods of time (RFC 5545, section 3.3.9).
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
