//! Reads a calendar: its events become periods, or faults for the lines that periods cannot express.

use std::collections::HashMap;

use jiff::{civil, tz};

use super::{
    component::{Calendar, Component, calendars},
    event::{Event, OUT_OF_RANGE},
    line::ContentLine,
    moment::Moment,
    names::Names,
    rule::Budget,
    series::{Days, Draft, Series},
    zone::Zones,
};
use crate::{
    resource::schedule::period::{MAX_PERIODS, Period, PeriodType, too_dear_of},
    value::time::{Date, TimeOfDay},
    wire::problem::{Fault, MAX_FAULTS},
};

/// Options for reading a calendar.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The time zone of the schedule's owner; `None` for an unknown one.
    pub zone: Option<tz::TimeZone>,
    /// Whether events that periods cannot express are left out; by default they make the reading fail.
    pub skip: bool,
    /// Excludes events whose `SUMMARY`, `CATEGORIES` or `DESCRIPTION` contains one of these texts, in upper or lower
    /// case.
    pub exclude: Vec<String>,
}

/// The result of reading a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The periods of the events.
    pub periods: Vec<Period>,
    /// The events that were left out because periods cannot express them, each with its first fault.
    pub skipped: Vec<Fault>,
}

/// Reads the calendars in `octets` (RFC 5545) into periods. The error lists everything that periods cannot express,
/// each with its line. Takes time linear in the length; for a body of maximum length a fraction of a second.
pub fn read(octets: &[u8], reading: &Reading) -> Result<Loaded, Vec<Fault>> {
    let (calendars, faults) = calendars(octets);
    if !faults.is_empty() {
        // A calendar with structural faults cannot be read in part.
        return Err(all_faults(&calendars, faults, reading));
    }
    let mut reader = Reader::of(reading);
    calendars.iter().for_each(|calendar| reader.calendar(calendar));
    reader.end()
}

/// The structural faults together with those of the events.
fn all_faults(calendars: &[Calendar], faults: Vec<Fault>, reading: &Reading) -> Vec<Fault> {
    let mut reader = Reader::of(reading);
    calendars.iter().for_each(|calendar| reader.calendar(calendar));
    let found = reader.faults.into_iter().flat_map(|(_, faults)| faults);
    sorted(faults.into_iter().chain(if reading.skip { Vec::new() } else { found.collect() }).collect())
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by_key(|fault| fault.line);
    faults
}

struct Reader<'r> {
    reading: &'r Reading,
    exclude: Vec<String>,
    zone: tz::TimeZone,
    budget: Budget,
    drafts: Vec<Draft>,
    /// The events that periods cannot express: the line of `BEGIN`, and the faults.
    faults: Vec<(usize, Vec<Fault>)>,
}

impl<'r> Reader<'r> {
    fn of(reading: &'r Reading) -> Self {
        Self {
            reading,
            exclude: reading.exclude.iter().map(|text| text.to_lowercase()).collect(),
            zone: reading.zone.clone().unwrap_or(tz::TimeZone::UTC),
            budget: Budget::FULL,
            drafts: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Whether the maximum number of faults has been reached.
    fn is_done(&self) -> bool {
        !self.reading.skip && self.faults.len() >= MAX_FAULTS
    }

    fn calendar(&mut self, calendar: &Calendar) {
        let zone = self.zone.clone();
        let mut zones = Zones::of(calendar, &zone);
        for series in self.series(calendar, &mut zones) {
            if self.is_done() {
                return;
            }
            series.spread(&mut zones, &mut self.budget, &mut self.drafts, &mut self.faults);
        }
    }

    /// Groups the events of a calendar by `UID`, in order of first appearance. Events without `UID` are groups of their
    /// own.
    fn series<'a>(&mut self, calendar: &'a Calendar, zones: &mut Zones<'_>) -> Vec<Series<'a>> {
        let mut all: Vec<Series<'a>> = Vec::new();
        let mut places: HashMap<&'a str, usize> = HashMap::new();
        for component in &calendar.events {
            if self.is_done() {
                break;
            }
            let event = if self.is_excluded(component) { Err(Vec::new()) } else { Event::of(component, zones) };
            let uid = component.first("UID").map(|line| line.value().trim());
            let next = all.len();
            let place = uid.map_or(next, |uid| *places.entry(uid).or_insert(next));
            if place == next {
                all.push(Series::default());
            }
            match event {
                Ok(event) => all[place].add(event),
                Err(faults) => {
                    if let Some(instead_of) = instead_of(component, zones) {
                        all[place].leave_out(instead_of);
                    }
                    if !faults.is_empty() {
                        self.faults.push((component.line, faults));
                    }
                }
            }
        }
        all
    }

    fn is_excluded(&self, component: &Component) -> bool {
        let mut lines = component.properties.iter().filter(|_| !self.exclude.is_empty());
        lines.any(|line| {
            if !matches!(line.name(), "SUMMARY" | "CATEGORIES" | "DESCRIPTION") {
                return false;
            }
            let text = line.text().to_lowercase();
            self.exclude.iter().any(|exclude| text.contains(exclude))
        })
    }

    fn end(mut self) -> Result<Loaded, Vec<Fault>> {
        self.drafts.sort_by_key(|draft| draft.line);
        let count = self.drafts.len();
        let mut names = Names::default();
        let mut periods = Vec::new();
        let mut lines = Vec::new();
        for draft in self.drafts.iter().take(MAX_PERIODS) {
            match period(draft, &mut names) {
                Ok(period) => {
                    periods.push(period);
                    lines.push(draft.line);
                }
                Err(fault) => self.faults.push((draft.line, vec![fault])),
            }
        }
        let mut whole = Vec::new();
        if let Some((at, detail)) = too_dear_of(&periods) {
            whole.push(Fault::on_line(lines.get(at).copied().unwrap_or(1), detail));
        }
        if let Some(draft) = self.drafts.get(MAX_PERIODS) {
            let detail = format!(
                "The calendar results in {count} periods, and a schedule can have {MAX_PERIODS}; this event is beyond \
                 them. Leave events out with `exclude`, or load parts of the calendar into several schedules."
            );
            whole.push(Fault::on_line(draft.line, detail));
        }
        self.faults.sort_by_key(|(line, _)| *line);
        if self.reading.skip && whole.is_empty() {
            let first = |(line, faults): (usize, Vec<Fault>)| {
                sorted(faults).into_iter().next().unwrap_or_else(|| Fault::on_line(line, "The event is not supported."))
            };
            return Ok(Loaded { periods, skipped: self.faults.into_iter().map(first).collect() });
        }
        let faults = if self.reading.skip { Vec::new() } else { self.faults };
        let faults = sorted(whole.into_iter().chain(faults.into_iter().flat_map(|(_, faults)| faults)).collect());
        if faults.is_empty() { Ok(Loaded { periods, skipped: Vec::new() }) } else { Err(faults) }
    }
}

/// The instance that an event replaces, if it can be read.
fn instead_of(component: &Component, zones: &mut Zones<'_>) -> Option<Moment> {
    component.first("RECURRENCE-ID").and_then(|line: &ContentLine| Moment::of(line, line.value(), zones).ok())
}

fn period(draft: &Draft, names: &mut Names) -> Result<Period, Fault> {
    let date = |day: civil::Date| {
        Date::parse(&day.to_string()).map_err(|_| Fault::on_line(draft.line, format!("{day}: {OUT_OF_RANGE}")))
    };
    let start_date = date(draft.days.first())?;
    let name = names.take(&draft.summary, &start_date);
    let name = name.ok_or_else(|| Fault::on_line(draft.line, "The event has no usable name."))?;
    let (stop_date, rule, except_dates) = match &draft.days {
        Days::Range(first, last) => (Some(date(*last)?).filter(|_| last > first), None, Vec::new()),
        Days::Rule { rule, except, .. } => {
            (None, Some(rule.clone()), except.iter().map(|day| date(*day)).collect::<Result<_, _>>()?)
        }
    };
    let (start_time, stop_time) = draft.times.map(|(start, stop)| (time(start), time(stop))).unzip();
    Ok(Period {
        name,
        active: draft.active,
        kind: if rule.is_some() { PeriodType::Recurrence } else { PeriodType::Date },
        day_of_week: None,
        day_of_month: None,
        start_date: Some(start_date),
        stop_date,
        start_time: start_time.transpose().map_err(|detail| Fault::on_line(draft.line, detail))?,
        stop_time: stop_time.transpose().map_err(|detail| Fault::on_line(draft.line, detail))?,
        rule,
        except_dates: Some(except_dates).filter(|dates| !dates.is_empty()),
    })
}

/// A time of day in minutes, at most 24:00.
fn time(minutes: u16) -> Result<TimeOfDay, String> {
    TimeOfDay::parse(&format!("{:02}:{:02}", minutes / 60, minutes % 60)).map_err(|error| format!("{error}."))
}
