//! Series: a recurring event with its moved and cancelled instances, turned into days.
//!
//! The reader `recurring_ical_events` is the reference: the first start counts whether or not the rule generates it,
//! `EXDATE` as a date excludes the whole day, a moved instance counts where it was moved to, and of several events with
//! the same `UID` that replace the same instance, the one with the highest `SEQUENCE` applies.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{ToSpan as _, civil};

use super::{
    event::{Event, OUT_OF_RANGE, Own, later},
    line::ContentLine,
    moment::Moment,
    rule::{Budget, Exhausted, FIRST, FOREVER, LAST, Rule},
    shift::{Offsets, shifted},
    zone::{Clock, Zones},
};
use crate::{
    value::recurrence::{RecurrenceRule, Until},
    wire::problem::Fault,
};

/// Minutes in a day.
const MINUTES: i64 = 24 * 60;
/// Maximum number of exceptions of a period; with more, the series is split into several periods.
const MAX_EXCEPT: usize = 366;

/// Maximum number of rules of an event; RFC 5545 recommends one.
const MAX_RULES: usize = 10;

/// A period under construction.
#[derive(Debug)]
pub(super) struct Draft {
    /// The line of its event's `BEGIN`.
    pub(super) line: usize,
    pub(super) summary: String,
    pub(super) active: bool,
    pub(super) days: Days,
    /// Start and stop in minutes of the day. The stop is on the next day if it is not after the start.
    pub(super) times: Option<(u16, u16)>,
}

/// The days of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Days {
    Range(civil::Date, civil::Date),
    Rule { rule: RecurrenceRule, first: civil::Date, except: Vec<civil::Date> },
}

impl Days {
    pub(super) fn first(&self) -> civil::Date {
        match self {
            Self::Range(first, _) | Self::Rule { first, .. } => *first,
        }
    }
}

/// The events of a calendar with the same `UID`.
#[derive(Default)]
pub(super) struct Series<'a> {
    /// The recurring event that the others are instances of.
    core: Option<Event<'a>>,
    instances: Vec<Event<'a>>,
    /// Instances that are left out.
    gone: Vec<Moment>,
}

impl<'a> Series<'a> {
    /// Adds an event. Of two events for the same instance, the one with the higher `SEQUENCE` is kept, else the first
    /// one.
    pub(super) fn add(&mut self, event: Event<'a>) {
        let newer = |before: &Event<'_>| event.sequence > before.sequence;
        match event.instead_of {
            None if self.core.as_ref().is_none_or(newer) => self.core = Some(event),
            None => {}
            Some(_) => self.instances.push(event),
        }
    }

    /// Leaves out the instance that `instead_of` identifies.
    pub(super) fn leave_out(&mut self, instead_of: Moment) {
        self.gone.push(instead_of);
    }

    /// Adds the periods of the series to `drafts`, and the events that periods cannot express to `faults`.
    pub(super) fn spread(
        mut self,
        zones: &mut Zones<'_>,
        budget: &mut Budget,
        drafts: &mut Vec<Draft>,
        faults: &mut Vec<(usize, Vec<Fault>)>,
    ) {
        let starts = Starts::of(self.core.as_ref(), zones);
        let mut latest: HashMap<civil::DateTime, usize> = HashMap::new();
        let mut replaced: HashSet<civil::DateTime> = HashSet::new();
        self.gone.iter().for_each(|moment| replaced.extend(starts.names(*moment, zones)));
        self.instances.sort_by_key(|event| std::cmp::Reverse(event.sequence));
        let summary = self.core.as_ref().map(|core| core.summary.clone()).unwrap_or_default();
        for (at, event) in self.instances.iter().enumerate() {
            let names: Vec<_> = event.instead_of.map(|moment| starts.names(moment, zones)).unwrap_or_default();
            let first = names.iter().filter(|name| *latest.entry(**name).or_insert(at) == at).count();
            let is_latest = first == names.len();
            let excluded = names.iter().any(|name| starts.except.contains(name));
            replaced.extend(names);
            if is_latest
                && !excluded
                && !event.cancelled
                && let Err(fault) = single(event, &summary, zones, budget, drafts)
            {
                faults.push((event.component.line, vec![fault]));
            }
        }
        if let Some(core) = &self.core {
            let mut spread = Spread { event: core, starts, replaced, zones, budget, drafts: Vec::new() };
            match spread.all() {
                Ok(()) => drafts.append(&mut spread.drafts),
                Err(fault) => faults.push((core.component.line, vec![fault])),
            }
        }
    }
}

/// Adds a moved instance.
fn single(
    event: &Event<'_>,
    summary: &str,
    zones: &mut Zones<'_>,
    budget: &mut Budget,
    drafts: &mut Vec<Draft>,
) -> Result<(), Fault> {
    let summary = if event.summary.is_empty() { summary } else { &event.summary };
    let parts = Part::of(event.start, event.seconds);
    let days = parts.iter().map(|part| part.range(event.start.date())).collect::<Vec<_>>();
    check_clock(event, &parts, days.last().map_or(event.start.date(), |days| days.1), zones, budget)?;
    for (part, (first, last)) in parts.iter().zip(days) {
        let (line, times) = (event.component.line, part.times);
        let (first, last) = (first.max(FIRST), last.min(LAST));
        if first <= last {
            let (summary, days) = (summary.to_owned(), Days::Range(first, last));
            drafts.push(Draft { line, summary, active: true, days, times });
        }
    }
    Ok(())
}

/// A part of an event: the days on which it has the same times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// Days after the start.
    offsets: Offsets,
    /// As in [`Draft`]; the whole day if absent.
    times: Option<(u16, u16)>,
}

impl Part {
    /// Splits an event that starts at `start` and lasts `seconds` of local time, rounded up to whole minutes. An event
    /// of zero length lasts a minute, or the whole day if it starts at midnight. An end at the last minute or second of
    /// a day means the end of the day.
    fn of(start: civil::DateTime, seconds: i64) -> Vec<Self> {
        let first = i64::from(start.hour()) * 3600 + i64::from(start.minute()) * 60 + i64::from(start.second());
        let (from, mut to) = (first / 60, (first + seconds + 59) / 60);
        if seconds == 0 {
            to = if from == 0 { MINUTES } else { from + 1 };
        }
        if to % MINUTES == MINUTES - 1 && (from == 0 || to > MINUTES) {
            to += 1;
        }
        let minute = |minutes: i64| u16::try_from(minutes).unwrap_or(u16::MAX);
        let part = |first: i64, last: i64, times| {
            let day = |day: i64| i32::try_from(day).unwrap_or(i32::MAX);
            Self { offsets: (day(first), day(last)), times }
        };
        let (days, rest) = (to / MINUTES, to % MINUTES);
        match (from, days, rest) {
            (0, 1.., 0) => return vec![part(0, days - 1, None)],
            (_, 0, _) => return vec![part(0, 0, Some((minute(from), minute(to))))],
            (_, 1, 0) => return vec![part(0, 0, Some((minute(from), minute(MINUTES))))],
            (_, 1, _) if rest < from => return vec![part(0, 0, Some((minute(from), minute(rest))))],
            _ => {}
        }
        let mut parts = Vec::new();
        if from > 0 {
            parts.push(part(0, 0, Some((minute(from), minute(MINUTES)))));
        }
        let whole = i64::from(from > 0);
        if days > whole {
            parts.push(part(whole, days - 1, None));
        }
        if rest > 0 {
            parts.push(part(days, days, Some((0, minute(rest)))));
        }
        parts
    }

    /// The days of the part if the event starts on `day`.
    fn range(&self, day: civil::Date) -> (civil::Date, civil::Date) {
        (day.saturating_add(self.offsets.0.days()), day.saturating_add(self.offsets.1.days()))
    }
}

/// Refuses a single event on days that schedules do not support. For recurring events such days are left out.
fn check_range(event: &Event<'_>, parts: &[Part]) -> Result<(), Fault> {
    let first = event.start.date();
    let last = parts.last().map_or(first, |part| part.range(first).1);
    let end = if event.component.first("DTEND").is_some() { "DTEND" } else { "DURATION" };
    match (first < FIRST, last > LAST) {
        (true, _) => Err(Fault::on_line(event.line("DTSTART"), OUT_OF_RANGE)),
        (_, true) if first <= LAST => Err(Fault::on_line(event.line(end), OUT_OF_RANGE)),
        (_, true) => Err(Fault::on_line(event.line("DTSTART"), OUT_OF_RANGE)),
        _ => Ok(()),
    }
}

/// Refuses times in a zone whose local time differs from the owner's, up to the day `last`.
fn check_clock(
    event: &Event<'_>,
    parts: &[Part],
    last: civil::Date,
    zones: &mut Zones<'_>,
    budget: &mut Budget,
) -> Result<(), Fault> {
    if parts.iter().all(|part| part.times.is_none()) {
        return Ok(());
    }
    let line = event.line("DTSTART");
    let agree = zones.agree(event.clock, event.start.date(), last, budget);
    if agree.map_err(|_: Exhausted| Fault::on_line(line, TOO_MUCH))? {
        return Ok(());
    }
    let detail = format!(
        "The local times of the zone {:?} differ from those of the owner's time zone. Use whole days, like \
         `DTSTART;VALUE=DATE:20271225`, or local times without `TZID` and `Z`, like `DTSTART:20271225T090000`.",
        zones.name(event.clock).chars().take(80).collect::<String>()
    );
    Err(Fault::on_line(line, detail))
}

/// The starts of a series, as `EXDATE` and `RECURRENCE-ID` identify them.
struct Starts {
    clock: Clock,
    /// Days on which all starts are excluded.
    except_days: HashSet<civil::Date>,
    /// Excluded starts.
    except: HashSet<civil::DateTime>,
}

impl Starts {
    fn of(core: Option<&Event<'_>>, zones: &Zones<'_>) -> Self {
        let clock = core.map_or(Clock::Local, |core| core.clock);
        let mut starts = Self { clock, except_days: HashSet::new(), except: HashSet::new() };
        for moment in core.into_iter().flat_map(|core| &core.except) {
            if let Moment::Day(day) = moment {
                starts.except_days.insert(*day);
            }
            let names = starts.names(*moment, zones);
            starts.except.extend(names);
        }
        starts
    }

    /// The local times in the series's zone that `moment` can mean: its own local time, and the same instant.
    fn names(&self, moment: Moment, zones: &Zones<'_>) -> Vec<civil::DateTime> {
        let same = zones.on(self.clock, moment.time(), moment.clock());
        [Some(moment.time()), same.filter(|time| *time != moment.time())].into_iter().flatten().collect()
    }

    fn counts(&self, start: civil::DateTime) -> bool {
        !self.except.contains(&start) && !self.except_days.contains(&start.date())
    }
}

/// State of turning a recurring event into periods.
struct Spread<'s, 'a, 'z> {
    event: &'s Event<'a>,
    starts: Starts,
    /// Starts that another event replaces.
    replaced: HashSet<civil::DateTime>,
    zones: &'s mut Zones<'z>,
    budget: &'s mut Budget,
    drafts: Vec<Draft>,
}

impl Spread<'_, '_, '_> {
    fn all(&mut self) -> Result<(), Fault> {
        let event = self.event;
        let parts = Part::of(event.start, event.seconds);
        if let Some(own) = &event.own {
            return self.own(own, &parts);
        }
        if let Some(line) = event.rules.get(MAX_RULES) {
            return Err(line.fault(format!("An event can have {MAX_RULES} rules; use another event for what follows.")));
        }
        if !event.recurs() {
            check_range(event, &parts)?;
        }
        let rules = event.rules.iter().map(|line| Ok((*line, self.rule(line, &parts)?)));
        let rules = rules.collect::<Result<Vec<_>, Fault>>()?;
        let start = event.start.date();
        let ends = rules.iter().map(|(_, rule)| rule.last).filter(|last| *last != FOREVER);
        let in_time = ends.max().is_none_or(|last| start <= last);
        let made = rules.iter().any(|(_, rule)| rule.makes(start));
        let mut fixed: BTreeSet<(civil::DateTime, i64)> = BTreeSet::new();
        fixed.extend((!made && in_time).then_some((event.start, event.seconds)));
        for (moment, seconds) in &event.more {
            let time = self.zones.on(event.clock, moment.time(), moment.clock()).unwrap_or(moment.time());
            fixed.insert((time, seconds.unwrap_or(event.seconds)));
        }
        self.check_clocks(&parts, &rules, &fixed)?;
        self.fixed(fixed);
        for (line, rule) in rules {
            self.recurring(&rule, &parts).map_err(|_: Exhausted| line.fault(TOO_MUCH))?;
        }
        Ok(())
    }

    fn check_clocks(
        &mut self,
        parts: &[Part],
        rules: &[(&ContentLine, Rule)],
        fixed: &BTreeSet<(civil::DateTime, i64)>,
    ) -> Result<(), Fault> {
        let last_rule = rules.iter().map(|(_, rule)| rule.last).max();
        let last_fixed =
            fixed.iter().filter_map(|(start, seconds)| later(*start, *seconds)).map(civil::DateTime::date).max();
        let last = last_rule.max(last_fixed).unwrap_or(self.event.start.date()).min(LAST);
        let mut all = parts.to_vec();
        all.extend(fixed.iter().flat_map(|(start, seconds)| Part::of(*start, *seconds)));
        check_clock(self.event, &all, last, self.zones, self.budget)
    }

    /// Adds starts that no rule generates.
    fn fixed(&mut self, fixed: BTreeSet<(civil::DateTime, i64)>) {
        let counts = |start: &civil::DateTime| self.starts.counts(*start) && !self.replaced.contains(start);
        let mut whole: Vec<(civil::Date, civil::Date)> = Vec::new();
        let mut others = Vec::new();
        for (start, seconds) in fixed.into_iter().filter(|(start, _)| counts(start)) {
            for part in Part::of(start, seconds) {
                let (first, last) = part.range(start.date());
                match (part.times, whole.last_mut()) {
                    (None, Some(before)) if before.1.saturating_add(1.day()) >= first => before.1 = before.1.max(last),
                    (None, _) => whole.push((first, last)),
                    (times, _) => others.push((first, last, times)),
                }
            }
        }
        let whole = whole.into_iter().map(|(first, last)| (first, last, None));
        for (first, last, times) in whole.chain(others) {
            let (first, last) = (first.max(FIRST), last.min(LAST));
            if first <= last {
                self.push(Days::Range(first, last), times);
            }
        }
    }

    fn push(&mut self, days: Days, times: Option<(u16, u16)>) {
        let event = self.event;
        let (line, summary, active) = (event.component.line, event.summary.clone(), !event.cancelled);
        self.drafts.push(Draft { line, summary, active, days, times });
    }

    /// Parses the rule on `line`, with a last day in place of `COUNT` and `UNTIL`.
    fn rule(&mut self, line: &ContentLine, parts: &[Part]) -> Result<Rule, Fault> {
        let (text, count, until) = plain(line, self.event.start);
        let first = self.event.start.date();
        let wrong = |error: String| line.fault(format!("{error}."));
        let parsed = |text: &str, last| Rule::parse(text, first, last).map_err(|error| wrong(error.to_string()));
        match (count, until) {
            (None, None) => parsed(&text, None),
            (None, Some(until)) => {
                let with_until = RecurrenceRule::parse(&format!("{text};UNTIL={until}"));
                let until = with_until.map_err(|error| wrong(error.to_string()))?.parts().until;
                let whole = parts.iter().all(|part| part.times.is_none());
                let last = until.map(|until| last_day(until, self.event, whole, self.zones));
                parsed(&text, last)
            }
            (Some(count), until) => {
                let until = until.map(|until| format!(";UNTIL={until}")).unwrap_or_default();
                let whole = RecurrenceRule::parse(&format!("{text};COUNT={count}{until}"));
                let count = whole.map_err(|error| wrong(error.to_string()))?.parts().count;
                let rule = parsed(&text, None)?;
                let last = rule.nth(count.unwrap_or(1), self.budget).map_err(|_: Exhausted| line.fault(TOO_MUCH))?;
                parsed(&text, Some(last))
            }
        }
    }

    fn recurring(&mut self, rule: &Rule, parts: &[Part]) -> Result<(), Exhausted> {
        let out = self.days_out(rule)?;
        for part in parts {
            if part.offsets == (0, 0) {
                let except = out.iter().copied().collect::<Vec<_>>();
                self.finish(rule, except, part.times)?;
            } else {
                self.on_several_days(rule, part, &out)?;
            }
        }
        Ok(())
    }

    /// The excluded days among those of the rule.
    fn days_out(&mut self, rule: &Rule) -> Result<BTreeSet<civil::Date>, Exhausted> {
        self.budget.spend(self.starts.except.len() + self.starts.except_days.len() + self.replaced.len())?;
        let time = self.event.start.time();
        let starts = self.starts.except.iter().chain(&self.replaced).filter(|start| start.time() == time);
        let days = self.starts.except_days.iter().copied().chain(starts.map(|start| start.date()));
        Ok(days.filter(|day| rule.makes(*day)).collect())
    }

    fn on_several_days(&mut self, rule: &Rule, part: &Part, out: &BTreeSet<civil::Date>) -> Result<(), Exhausted> {
        // An event that started before 1970 may continue into it.
        let from = FIRST.saturating_sub(part.offsets.1.days());
        let Some(first) = rule.next(from, self.budget)? else { return Ok(()) };
        let last = match rule.last {
            FOREVER => FOREVER,
            last => rule.previous(last, self.budget)?.unwrap_or(first),
        };
        let Some(rule) = rule.from(first).map(|rule| rule.until(last)) else { return Ok(()) };
        let shifted = shifted(&rule, part.offsets, self.budget)?;
        let shifted = shifted.filter(|rules| rules.iter().all(|rule| rule.to_period().is_ok()));
        let Some(rules) = shifted else { return self.one_by_one(&rule, part, out) };
        let offsets = part.offsets.0..=part.offsets.1;
        let mut except = BTreeSet::new();
        for day in out {
            self.budget.spend(offsets.clone().count())?;
            except.extend(offsets.clone().map(|by| day.saturating_add(by.days())));
        }
        let mut kept = Vec::new();
        for day in except {
            self.budget.spend(offsets.clone().count())?;
            let from = |by: i32| day.saturating_sub(by.days());
            if !offsets.clone().any(|by| rule.makes(from(by)) && !out.contains(&from(by))) {
                kept.push(day);
            }
        }
        for rule in rules {
            let except = kept.iter().copied().filter(|day| rule.makes(*day)).collect();
            self.finish(&rule, except, part.times)?;
        }
        Ok(())
    }

    /// Adds a period for each occurrence, if no rule can express them.
    fn one_by_one(&mut self, rule: &Rule, part: &Part, out: &BTreeSet<civil::Date>) -> Result<(), Exhausted> {
        let mut ranges: Vec<(civil::Date, civil::Date)> = Vec::new();
        let mut next = rule.next(rule.first, self.budget)?;
        while let Some(day) = next {
            if !out.contains(&day) {
                let (first, last) = part.range(day);
                match ranges.last_mut() {
                    Some(before) if part.times.is_none() && before.1.saturating_add(1.day()) >= first => {
                        before.1 = last;
                    }
                    _ => ranges.push((first, last)),
                }
            }
            next = match day.tomorrow() {
                Ok(day) => rule.next(day, self.budget)?,
                Err(_) => None,
            };
        }
        for (first, last) in ranges {
            let (first, last) = (first.max(FIRST), last.min(LAST));
            if first <= last {
                self.push(Days::Range(first, last), part.times);
            }
        }
        Ok(())
    }

    /// Adds periods of a rule from its first day since 1970, each with at most the maximum number of exceptions.
    fn finish(&mut self, rule: &Rule, except: Vec<civil::Date>, times: Option<(u16, u16)>) -> Result<(), Exhausted> {
        let mut rule = rule.clone();
        if rule.first < FIRST {
            let Some(first) = rule.next(FIRST, self.budget)? else { return Ok(()) };
            let Some(moved) = rule.from(first) else { return Ok(()) };
            rule = moved;
        }
        let end = rule.last;
        let mut except: Vec<_> = except.into_iter().filter(|day| (rule.first..=end.min(LAST)).contains(day)).collect();
        while except.len() > MAX_EXCEPT {
            let rest = except.split_off(MAX_EXCEPT);
            let last = *except.last().unwrap_or(&end);
            self.push_rule(&rule.until(last), except, times);
            let next = rule.next(last.saturating_add(1.day()), self.budget)?;
            let Some(following) = next.and_then(|first| rule.from(first)) else { return Ok(()) };
            (rule, except) = (following, rest);
        }
        self.push_rule(&rule, except, times);
        Ok(())
    }

    fn push_rule(&mut self, rule: &Rule, except: Vec<civil::Date>, times: Option<(u16, u16)>) {
        if rule.first > rule.last.min(LAST) {
            return;
        }
        if let Ok(text) = rule.to_period() {
            self.push(Days::Rule { rule: text, first: rule.first, except }, times);
        }
    }

    /// Adds a period that this server has written.
    fn own(&mut self, own: &Own<'_>, parts: &[Part]) -> Result<(), Fault> {
        let times = parts.first().and_then(|part| part.times);
        let start = self.event.start.date();
        let Some(line) = own.rule else {
            let last = parts.last().map_or(start, |part| part.range(start).1);
            self.push(Days::Range(start, last), times);
            return Ok(());
        };
        let rule = RecurrenceRule::parse(&line.word()).map_err(|error| line.fault(format!("{error}.")))?;
        let except = match &own.except {
            Some(except) => except.clone(),
            None => self.event.except.iter().map(|moment| moment.date()).collect::<BTreeSet<_>>().into_iter().collect(),
        };
        self.push(Days::Rule { rule, first: own.start.unwrap_or(start), except }, times);
        Ok(())
    }
}

const TOO_MUCH: &str = "The rules and time zones of the calendar take too long to evaluate up to this one; load parts \
    of the calendar into several schedules.";

/// The rule without `COUNT` and `UNTIL`, and the values of these. Redundant parts and parts that readers ignore are
/// removed.
fn plain(line: &ContentLine, start: civil::DateTime) -> (String, Option<String>, Option<String>) {
    let word: String = line.word().chars().filter(|character| !character.is_whitespace()).collect();
    let word = word.strip_prefix("RRULE:").unwrap_or(&word);
    let (mut count, mut until, mut parts) = (None, None, Vec::new());
    for part in word.split(';').filter(|part| !part.is_empty()) {
        let says_the_start = |number: i8| part.split_once('=').is_some_and(|(_, value)| value.parse() == Ok(number));
        match part.split_once('=') {
            Some(("COUNT", value)) if value.starts_with('-') => {}
            Some(("COUNT", value)) if count.is_none() => count = Some(value.to_owned()),
            Some(("UNTIL", value)) if until.is_none() => until = Some(value.to_owned()),
            Some(("RSCALE", "GREGORIAN") | ("SKIP", "OMIT")) => {}
            Some((name, _)) if name.starts_with("X-") => {}
            Some(("BYHOUR", _)) if says_the_start(start.hour()) => {}
            Some(("BYMINUTE", _)) if says_the_start(start.minute()) => {}
            Some(("BYSECOND", _)) if says_the_start(start.second()) => {}
            _ => parts.push(part),
        }
    }
    (parts.join(";"), count, until)
}

/// The last day on which an event of the rule may start.
fn last_day(until: Until, event: &Event<'_>, whole: bool, zones: &Zones<'_>) -> civil::Date {
    let last = |time: civil::DateTime| match whole || event.start.time() <= time.time() {
        true => time.date(),
        false => time.date().saturating_sub(1.day()),
    };
    match until {
        Until::Day(day) => day,
        Until::Local(time) => last(time),
        Until::Utc(time) => match (event.clock, zones.on(event.clock, time, Clock::Zone(0))) {
            (Clock::Zone(_), Some(time)) if event.start.time() <= time.time() => time.date(),
            (Clock::Zone(_), Some(time)) => time.date().saturating_sub(1.day()),
            // Programs write the last day in UTC, or the instant at which it begins in local time.
            _ => last(time).max(last(zones.at_owner(time))),
        },
    }
}
