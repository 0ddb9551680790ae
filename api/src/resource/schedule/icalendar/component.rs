//! Parses lines into components (RFC 5545, section 3.6): calendars, their events and their time zones. Other components
//! are ignored.

use super::{
    line::ContentLine,
    octets::{Line, lines},
    own::RULE_PROPERTIES,
};
use crate::wire::problem::Fault;

/// The properties of an event that are used. Others are ignored.
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
/// Those of the above with text values. A following line that is not a property is a continuation of the text.
const TEXTS: [&str; 3] = ["CATEGORIES", "DESCRIPTION", "SUMMARY"];

/// A component with its own properties, without those of nested components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// The line of `BEGIN`.
    pub(super) line: usize,
    pub(super) properties: Vec<ContentLine>,
}

impl Component {
    fn begun(line: &ContentLine) -> Self {
        Self { line: line.number, properties: Vec::new() }
    }

    /// All properties with this name, in upper case.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &ContentLine> {
        self.properties.iter().filter(move |line| line.name() == name)
    }

    /// The first property with this name, in upper case.
    pub(super) fn first(&self, name: &str) -> Option<&ContentLine> {
        self.all(name).next()
    }
}

/// A time zone defined in the calendar (RFC 5545, section 3.6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) id: String,
    /// `STANDARD` and `DAYLIGHT`.
    pub(super) observances: Vec<Component>,
}

/// The contents of a `VCALENDAR`.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// `X-WR-TIMEZONE`: the zone in which times in UTC are displayed.
    pub(super) shown_in: Option<String>,
    pub(super) zones: Vec<Described>,
    pub(super) events: Vec<Component>,
}

/// The calendars in `octets`, and the faults of their structure.
pub(super) fn calendars(octets: &[u8]) -> (Vec<Calendar>, Vec<Fault>) {
    let lines = lines(octets);
    let first = lines.first();
    if first.is_none_or(|line| !line.text.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        let detail = "This is not a calendar: it does not start with `BEGIN:VCALENDAR`.";
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

/// The state of the parser at a line.
#[derive(Default)]
struct Reader {
    /// Names and lines of the open components, outermost first.
    open: Vec<(String, usize)>,
    calendars: Vec<Calendar>,
    faults: Vec<Fault>,
    /// Whether the last property is a text, which an unfolded line may continue.
    in_text: bool,
}

/// The context of a line.
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
            return Err(line.fault(format!("`BEGIN:{name}` is outside of `BEGIN:VCALENDAR`.")));
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
            return Err(line.fault("A calendar begins before the previous one has ended with `END:VCALENDAR`."));
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
                Err(line.fault(format!(
                    "`END:{name}` was found where `END:{open}` is expected, which began on line {begin}."
                )))
            }
            None => Err(line.fault(format!("`END:{name}` has no `BEGIN:{name}`."))),
        }
    }

    /// Stops parsing, since the following lines cannot be assigned, and drops an open event.
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
            return Err(line.fault("The property is outside of `BEGIN:VCALENDAR` and `END:VCALENDAR`."));
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

    /// A line that is not a property: the continuation of a text that was not folded, or a fault.
    fn continuation(&mut self, line: &Line) -> Result<(), Fault> {
        let detail = "The line is not a property; a property is `NAME:value` or `NAME;PARAMETER=value:value`.";
        let fault = || Err(Fault::on_line(line.number, detail));
        match self.place() {
            // The end-of-file character of CP/M and DOS.
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

/// Whether a `BEGIN` or `END` names a component, and is not a sentence in an unfolded text.
fn is_component(line: &ContentLine) -> bool {
    line.word().bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

impl Calendar {
    fn property(&mut self, line: &ContentLine) -> Result<(), Fault> {
        match line.name() {
            "X-WR-TIMEZONE" => self.shown_in = Some(line.value().trim().to_owned()),
            "CALSCALE" if line.word() != "GREGORIAN" => {
                return Err(line.fault("Only `CALSCALE:GREGORIAN` is supported."));
            }
            _ => {}
        }
        Ok(())
    }
}
