//! From lines to components (RFC 5545, section 3.6): calendars, their events and their time zones. What else a calendar
//! holds is not looked at.

use super::{
    line::ContentLine,
    octets::{Line, lines},
    own::RULE_PROPERTIES,
};
use crate::wire::problem::Fault;

/// The properties of an event that say something here. Others are not kept.
const OF_EVENTS: [&str; 14] = [
    "CATEGORIES",
    "DESCRIPTION",
    "DTEND",
    "DTSTART",
    "DURATION",
    "EXDATE",
    "EXRULE",
    "RDATE",
    "RECURRENCE-ID",
    "RRULE",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "UID",
];
/// Those of the above that are texts: a line behind them that is no property belongs to them.
const TEXTS: [&str; 3] = ["CATEGORIES", "DESCRIPTION", "SUMMARY"];

/// A component with its own properties, without those of the components in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// Where it begins.
    pub(super) line: usize,
    pub(super) properties: Vec<ContentLine>,
}

impl Component {
    fn begun(line: &ContentLine) -> Self {
        Self { line: line.number, properties: Vec::new() }
    }

    /// Its properties of this name, in capital letters.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &ContentLine> {
        self.properties.iter().filter(move |line| line.name() == name)
    }

    /// Its first property of this name, in capital letters.
    pub(super) fn first(&self, name: &str) -> Option<&ContentLine> {
        self.all(name).next()
    }
}

/// A time zone as the calendar describes it (RFC 5545, section 3.6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) id: String,
    /// `STANDARD` and `DAYLIGHT`.
    pub(super) observances: Vec<Component>,
}

/// What stands between `BEGIN:VCALENDAR` and `END:VCALENDAR`.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// `X-WR-TIMEZONE`: the zone that times in UTC are shown in.
    pub(super) shown_in: Option<String>,
    pub(super) zones: Vec<Described>,
    pub(super) events: Vec<Component>,
}

/// The calendars in `octets`, with the faults of their structure.
pub(super) fn calendars(octets: &[u8]) -> (Vec<Calendar>, Vec<Fault>) {
    let lines = lines(octets);
    let first = lines.first();
    if first.is_none_or(|line| !line.text.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        let detail = "This is no calendar: it does not start with `BEGIN:VCALENDAR`.";
        return (Vec::new(), vec![Fault::on_line(first.map_or(1, |line| line.number), detail)]);
    }
    let mut reader = Reader::default();
    for line in &lines {
        let Err(fault) = reader.take(line) else { continue };
        reader.faults.push(fault);
        if reader.open.is_empty() {
            return reader.end();
        }
    }
    if let Some((name, line)) = reader.open.last() {
        reader.faults.push(Fault::on_line(*line, format!("`BEGIN:{name}` has no `END:{name}`.")));
        reader.break_off();
    }
    reader.end()
}

/// What is open at a line, and what was found up to there.
#[derive(Default)]
struct Reader {
    /// Names of the components that are open, the outermost first, with their lines.
    open: Vec<(String, usize)>,
    calendars: Vec<Calendar>,
    faults: Vec<Fault>,
    /// Whether a line that is no property may follow: a text was not folded.
    in_text: bool,
}

/// Where a line stands, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Calendar,
    Event,
    Zone,
    Observance,
    Elsewhere,
}

impl Reader {
    fn end(self) -> (Vec<Calendar>, Vec<Fault>) {
        (self.calendars, self.faults)
    }

    fn place(&self) -> Place {
        match self.open.as_slice() {
            [] => Place::Outside,
            [_] => Place::Calendar,
            [_, (name, _)] if name == "VEVENT" => Place::Event,
            [_, (name, _)] if name == "VTIMEZONE" => Place::Zone,
            [_, (zone, _), (name, _)] if zone == "VTIMEZONE" && (name == "STANDARD" || name == "DAYLIGHT") => {
                Place::Observance
            }
            _ => Place::Elsewhere,
        }
    }

    fn take(&mut self, line: &Line) -> Result<(), Fault> {
        match ContentLine::parse(line) {
            Some(property) if property.name() == "BEGIN" && is_component(&property) => self.begin_component(&property),
            Some(property) if property.name() == "END" && is_component(&property) => self.end_component(&property),
            Some(property) => self.property(property),
            None => self.continuation(line),
        }
    }

    fn begin_component(&mut self, line: &ContentLine) -> Result<(), Fault> {
        let name = line.word();
        let place = self.place();
        self.in_text = false;
        if place == Place::Outside && name != "VCALENDAR" {
            return Err(line.fault(format!("`BEGIN:{name}` stands outside of `BEGIN:VCALENDAR`.")));
        }
        match (place, name.as_str(), self.calendars.last_mut()) {
            (Place::Outside, ..) => self.calendars.push(Calendar::default()),
            (Place::Calendar, "VEVENT", Some(calendar)) => calendar.events.push(Component::begun(line)),
            (Place::Calendar, "VTIMEZONE", Some(calendar)) => {
                calendar.zones.push(Described { id: String::new(), observances: Vec::new() });
            }
            (Place::Zone, "STANDARD" | "DAYLIGHT", Some(calendar)) => {
                calendar.zones.last_mut().into_iter().for_each(|zone| zone.observances.push(Component::begun(line)));
            }
            _ => {}
        }
        let nested = place != Place::Outside && name == "VCALENDAR";
        self.open.push((name, line.number));
        if nested {
            return Err(line.fault("A calendar begins before the one before it has its `END:VCALENDAR`."));
        }
        Ok(())
    }

    fn end_component(&mut self, line: &ContentLine) -> Result<(), Fault> {
        let name = line.word();
        self.in_text = false;
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
            self.calendars.last_mut().into_iter().for_each(|calendar| drop(calendar.events.pop()));
        }
        self.open.clear();
    }

    fn property(&mut self, line: ContentLine) -> Result<(), Fault> {
        let kept = OF_EVENTS.contains(&line.name()) || RULE_PROPERTIES.contains(&line.name());
        self.in_text = !kept || TEXTS.contains(&line.name());
        let place = self.place();
        let Some(calendar) = self.calendars.last_mut().filter(|_| place != Place::Outside) else {
            return Err(line.fault("The property stands outside of `BEGIN:VCALENDAR` and `END:VCALENDAR`."));
        };
        match place {
            Place::Calendar => return calendar.property(&line),
            Place::Event if kept => calendar.events.last_mut().into_iter().for_each(|event| {
                event.properties.push(line.clone());
            }),
            Place::Zone if line.name() == "TZID" => {
                calendar.zones.last_mut().into_iter().for_each(|zone| line.value().trim().clone_into(&mut zone.id));
            }
            Place::Observance => {
                let observance = calendar.zones.last_mut().and_then(|zone| zone.observances.last_mut());
                observance.into_iter().for_each(|observance| observance.properties.push(line.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    /// A line that is no property: the rest of a text that was not folded, or a fault.
    fn continuation(&mut self, line: &Line) -> Result<(), Fault> {
        let detail = "The line is no property; one is `NAME:value` or `NAME;PARAMETER=value:value`.";
        let fault = || Err(Fault::on_line(line.number, detail));
        match self.place() {
            // The end of a file as CP/M and DOS have it.
            Place::Outside if line.text.trim() == "\u{1a}" => Ok(()),
            Place::Outside => fault(),
            Place::Elsewhere | Place::Zone | Place::Observance => Ok(()),
            Place::Calendar | Place::Event if !self.in_text => fault(),
            Place::Calendar => Ok(()),
            Place::Event => {
                let event = self.calendars.last_mut().and_then(|calendar| calendar.events.last_mut());
                let text = event.and_then(|event| event.properties.last_mut());
                let text = text.filter(|property| TEXTS.contains(&property.name()));
                text.into_iter().for_each(|property| property.append(&line.text));
                Ok(())
            }
        }
    }
}

/// Whether a `BEGIN` or `END` names a component, and is no sentence of a text that was not folded.
fn is_component(line: &ContentLine) -> bool {
    line.word().bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

impl Calendar {
    fn property(&mut self, line: &ContentLine) -> Result<(), Fault> {
        match line.name() {
            "X-WR-TIMEZONE" => self.shown_in = Some(line.value().trim().to_owned()),
            "CALSCALE" if line.word() != "GREGORIAN" => {
                return Err(line.fault("The days are those of another calendar; only `CALSCALE:GREGORIAN` is read."));
            }
            _ => {}
        }
        Ok(())
    }
}
