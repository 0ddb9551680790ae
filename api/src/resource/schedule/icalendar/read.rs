//! Reading a calendar: each `VEVENT` becomes a period, or faults on the lines that a period has no place for.

use jiff::civil;

use super::{
    MAX_EVENTS, RULE, START,
    line::{ContentLine, unfold},
    moment::{Extent, Moment, Stop},
    names::Names,
};
use crate::{
    resource::schedule::period::{Period, PeriodType},
    value::{
        recurrence::RecurrenceRule,
        time::{Date, TimeOfDay},
    },
    wire::problem::Fault,
};

/// The greatest number of days that a recurring period can leave out.
const MAX_EXCEPT_DATES: usize = 366;

/// The periods that the calendars in `text` stand for (RFC 5545), or everything in them that no period can say, each
/// with its line.
pub fn read(text: &[u8]) -> Result<Vec<Period>, Vec<Fault>> {
    let Components { events, mut faults, .. } = Components::of(text);
    let mut names = Names::default();
    let mut periods = Vec::new();
    for event in events.iter().take(MAX_EVENTS) {
        match event.period(&mut names) {
            Ok(period) => periods.push(period),
            Err(more) => faults.extend(more),
        }
    }
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok(periods) } else { Err(faults) }
}

/// What is open at a line, and what was found up to there.
#[derive(Default)]
struct Components {
    /// Names of the components that are open, the outermost first, with their lines.
    open: Vec<(String, usize)>,
    events: Vec<Event>,
    faults: Vec<Fault>,
}

/// A `VEVENT`: its own properties, without those of the components in it.
struct Event {
    /// Where it begins.
    line: usize,
    properties: Vec<ContentLine>,
}

impl Components {
    fn of(text: &[u8]) -> Self {
        let mut components = Self::default();
        let lines = unfold(text);
        let first = lines.first();
        if first.is_none_or(|(_, line)| line.trim_ascii_end() != b"BEGIN:VCALENDAR") {
            let detail = "This is no calendar: it does not start with `BEGIN:VCALENDAR`.";
            components.faults.push(Fault::on_line(first.map_or(1, |(number, _)| *number), detail));
            return components;
        }
        for (number, line) in lines {
            let taken = ContentLine::parse(number, &line).and_then(|line| components.take(line));
            let Err(fault) = taken else { continue };
            components.faults.push(fault);
            if components.open.is_empty() {
                return components;
            }
        }
        if let Some((name, line)) = components.open.last() {
            components.faults.push(Fault::on_line(*line, format!("`BEGIN:{name}` has no `END:{name}`.")));
            components.break_off();
        }
        components
    }

    fn take(&mut self, line: ContentLine) -> Result<(), Fault> {
        match line.name() {
            "BEGIN" => self.begin(&line),
            "END" => self.end(&line),
            _ => self.property(line),
        }
    }

    fn begin(&mut self, line: &ContentLine) -> Result<(), Fault> {
        let name = line.word();
        let depth = self.open.len();
        match (depth, name.as_str()) {
            (0, "VCALENDAR") => {}
            (0, _) => return Err(line.fault(format!("`BEGIN:{name}` stands outside of `BEGIN:VCALENDAR`."))),
            (1, "VEVENT") => self.events.push(Event { line: line.number, properties: Vec::new() }),
            _ => {}
        }
        self.open.push((name.clone(), line.number));
        match (depth, name.as_str()) {
            (1, "VEVENT") if self.events.len() == MAX_EVENTS + 1 => {
                Err(line.fault(format!("A schedule has at most {MAX_EVENTS} periods; this is one event more.")))
            }
            (1, "VTODO" | "VJOURNAL" | "VFREEBUSY") => {
                Err(line.fault(format!("A schedule has no place for a `{name}`; only a `VEVENT` is a period.")))
            }
            (1.., "VCALENDAR") => {
                Err(line.fault("A calendar begins before the one before it has its `END:VCALENDAR`."))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, line: &ContentLine) -> Result<(), Fault> {
        let name = line.word();
        match self.open.last().cloned() {
            Some((open, _)) if open == name => {
                self.open.pop();
                Ok(())
            }
            Some((open, begin)) => {
                self.break_off();
                Err(line.fault(format!("`END:{name}` stands where `END:{open}` is due, which began on line {begin}.")))
            }
            None => Err(line.fault(format!("`END:{name}` has no `BEGIN:{name}`."))),
        }
    }

    /// What follows cannot be told to belong anywhere, and an event that is open is not whole.
    fn break_off(&mut self) {
        if self.open.get(1).is_some_and(|(name, _)| name == "VEVENT") {
            self.events.pop();
        }
        self.open.clear();
    }

    fn property(&mut self, line: ContentLine) -> Result<(), Fault> {
        match self.open.as_slice() {
            [] => Err(line.fault("The property stands outside of `BEGIN:VCALENDAR` and `END:VCALENDAR`.")),
            [_] => check_calendar(&line),
            [_, (name, _)] if name == "VEVENT" => {
                self.events.last_mut().into_iter().for_each(|event| event.properties.push(line.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn check_calendar(line: &ContentLine) -> Result<(), Fault> {
    match (line.name(), line.word().as_str()) {
        ("VERSION", version) if version != "2.0" => {
            Err(line.fault(format!("The calendar is of version {version}; only `VERSION:2.0` (RFC 5545) is read.")))
        }
        ("CALSCALE", scale) if scale != "GREGORIAN" => {
            Err(line.fault("The days are those of another calendar; only `CALSCALE:GREGORIAN` is read."))
        }
        _ => Ok(()),
    }
}

impl Event {
    fn period(&self, names: &mut Names) -> Result<Period, Vec<Fault>> {
        let mut faults = self.foreign();
        let rule = noted(self.rule(), &mut faults).flatten();
        let recurs = self.properties("RRULE").next().is_some() || rule.is_some();
        let extent = noted(self.extent(recurs), &mut faults);
        let days = extent.as_ref().and_then(|extent| noted(self.days(extent, rule.is_some()), &mut faults));
        let except_dates =
            extent.as_ref().and_then(|extent| noted(self.except_dates(extent, recurs), &mut faults)).flatten();
        let times = extent.and_then(|extent| noted(self.times(extent.times), &mut faults)).flatten();
        let status = noted(self.single("STATUS"), &mut faults).flatten();
        let (Some((start_date, stop_date)), true) = (days, faults.is_empty()) else { return Err(faults) };
        let summary = self.properties("SUMMARY").next().map(ContentLine::value).unwrap_or_default();
        let name = names.take(summary, &start_date).ok_or_else(|| vec![self.fault("The event has no usable name.")])?;
        let (start_time, stop_time) = times.unzip();
        Ok(Period {
            name,
            active: status.is_none_or(|status| status.word() != "CANCELLED"),
            kind: if rule.is_some() { PeriodType::Recurrence } else { PeriodType::Date },
            day_of_week: None,
            day_of_month: None,
            start_date: Some(start_date),
            stop_date,
            start_time,
            stop_time,
            rule,
            except_dates,
        })
    }

    fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::on_line(self.line, detail)
    }

    fn properties(&self, name: &str) -> impl Iterator<Item = &ContentLine> {
        self.properties.iter().filter(move |line| line.name() == name)
    }

    /// The property that an event can have once.
    fn single(&self, name: &str) -> Result<Option<&ContentLine>, Fault> {
        let mut lines = self.properties(name);
        let first = lines.next();
        match lines.next() {
            Some(second) => Err(second.fault(format!("`{name}` stands twice in the event; it can stand once."))),
            None => Ok(first),
        }
    }

    /// Faults of properties that no period can say. Beside a rule as the schedule has it they only repeat it.
    fn foreign(&self) -> Vec<Fault> {
        let repeats = self.properties(RULE).next().is_some();
        let of = |line: &ContentLine| {
            let right = match line.name() {
                "RDATE" if !repeats => "give each of the days an event of its own",
                "EXRULE" => "list the days that do not count in `EXDATE`",
                "RECURRENCE-ID" => {
                    "list the day in the `EXDATE` of the recurring event and give it an event of its own"
                }
                _ => return None,
            };
            Some(line.fault(format!("A period has no place for `{}`; {right}.", line.name())))
        };
        self.properties.iter().filter_map(of).collect()
    }

    fn rule(&self) -> Result<Option<RecurrenceRule>, Fault> {
        let line = match self.single(RULE)? {
            Some(line) => Some(line),
            None => self.single("RRULE")?,
        };
        let parse =
            |line: &ContentLine| RecurrenceRule::parse(&line.word()).map_err(|error| line.fault(sentence(error)));
        line.map(parse).transpose()
    }

    fn extent(&self, recurs: bool) -> Result<Extent, Fault> {
        let start = self.single("DTSTART")?.ok_or_else(|| self.fault("The event has no `DTSTART`."))?;
        let first = Moment::of(start, start.value())?;
        let (end, duration) = (self.single("DTEND")?, self.single("DURATION")?);
        let (line, last) = match (end, duration) {
            (Some(_), Some(line)) => return Err(line.fault("`DURATION` stands beside `DTEND`; only one of them can.")),
            (Some(line), None) => (line, Moment::of(line, line.value())?),
            (None, Some(line)) => (line, first.after(line)?),
            (None, None) => (start, first.end().ok_or_else(|| start.fault(NO_END))?),
        };
        let extent = Extent::between(first, last).map_err(|detail| line.fault(detail))?;
        if recurs && extent.start != extent.stop {
            return Err(
                line.fault("A recurring event can be of one day only; give each of its days an event of its own.")
            );
        }
        Ok(extent)
    }

    /// The first day, and the last one where it is another.
    fn days(&self, extent: &Extent, recurs: bool) -> Result<(Date, Option<Date>), Fault> {
        let own = if recurs { self.single(START)? } else { None };
        let line = match own {
            Some(line) => line,
            None => self.single("DTSTART")?.ok_or_else(|| self.fault("The event has no `DTSTART`."))?,
        };
        let start = match own {
            Some(line) => Moment::of(line, line.value())?.day(),
            None => extent.start,
        };
        let start = date(start, line)?;
        let stop = match extent.stop > extent.start {
            true => {
                let line = self.properties("DTEND").chain(self.properties("DURATION")).next().unwrap_or(line);
                Some(date(extent.stop, line)?)
            }
            false => None,
        };
        Ok((start, stop))
    }

    fn times(&self, times: Option<(civil::Time, Stop)>) -> Result<Option<(TimeOfDay, TimeOfDay)>, Fault> {
        let Some((start, stop)) = times else { return Ok(None) };
        let time = |time: civil::Time| {
            let text = format!("{:02}:{:02}", time.hour(), time.minute());
            TimeOfDay::parse(&text).map_err(|error| self.fault(sentence(error)))
        };
        let stop = match stop {
            Stop::At(stop) => time(stop)?,
            Stop::EndOfDay => TimeOfDay::parse("24:00").map_err(|error| self.fault(sentence(error)))?,
        };
        Ok(Some((time(start)?, stop)))
    }

    fn except_dates(&self, extent: &Extent, recurs: bool) -> Result<Option<Vec<Date>>, Fault> {
        let mut dates = Vec::new();
        for line in self.properties("EXDATE") {
            if !recurs {
                return Err(line.fault("`EXDATE` stands in an event that does not recur; it needs an `RRULE`."));
            }
            for value in line.value().split(',') {
                let date = date(extent.instance(Moment::of(line, value)?).map_err(|detail| line.fault(detail))?, line)?;
                if !dates.contains(&date) {
                    dates.push(date);
                }
            }
            if dates.len() > MAX_EXCEPT_DATES {
                return Err(line.fault(format!("A period can leave out at most {MAX_EXCEPT_DATES} days.")));
            }
        }
        Ok(Some(dates).filter(|dates| !dates.is_empty()))
    }
}

const NO_END: &str =
    "An event that starts at a time needs a `DTEND` or a `DURATION`; a whole day is `DTSTART;VALUE=DATE:20271225`.";

/// The value; a fault is added to `faults`.
fn noted<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn sentence(error: impl std::fmt::Display) -> String {
    format!("{error}.")
}

fn date(day: civil::Date, line: &ContentLine) -> Result<Date, Fault> {
    Date::parse(&day.to_string())
        .map_err(|_| line.fault(format!("{day} is out of range; days from 1970 to 2199 are kept.")))
}
