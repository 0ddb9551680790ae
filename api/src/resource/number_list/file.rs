//! Files of entries: `text/csv` and `application/x-ndjson`. Reading is linear, and all faulty lines are found at once.

use std::collections::HashSet;

use poem::{Request, RequestBody, error::ReadBodyError};
use poem_openapi::{
    ApiRequest,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::Value;

use super::entry::{MAX_ENTRIES, NumberListEntry};
use crate::{
    resource::protected_callers::CallerNote,
    value::{
        phone_number::PhoneNumberPattern,
        text::{NotValid, text},
        time::Instant,
    },
    wire::{
        csv,
        json::UniqueJson,
        payload::{is_media_type, off_the_async_threads},
        problem::{Failure, Fault, MAX_FAULTS, ProblemCode},
    },
};

/// The maximum length of a file of entries, in bytes.
pub const MAX_FILE_BYTES: usize = 32 << 20;
/// The maximum number of lines of a file, which the published schema of faults limits too. Empty lines count.
const MAX_LINES: usize = 1 << 20;

text! {
    /// A file of entries as comma-separated values.
    NumberListCsv {
        meaning: "entries of a number list as comma-separated values (RFC 4180)",
        rule: "a header line with `pattern`, and `note` and `expires_at` if needed; then a line for each entry",
        length: 7..=33554432,
        pattern: r"^[\s\S]*$",
        example: "pattern,note,expires_at\r\n+3290*,Premium numbers,\r\n+3225126777,,2199-12-31T00:00:00Z\r\n",
    }
}

text! {
    /// A file of entries as lines of JSON.
    NumberListLines {
        meaning: "entries of a number list, each a JSON object on a line of its own",
        rule: "objects with `pattern`, and `note` and `expiresAt` if needed",
        length: 0..=33554432,
        pattern: r"^[\s\S]*$",
        example: "{\"pattern\":\"+3290*\",\"note\":\"Premium numbers\"}\n{\"pattern\":\"+3225126777\"}\n",
    }
}

/// The entries that replace those of a number list.
#[derive(ApiRequest)]
pub enum EntriesFile {
    /// Comma-separated values.
    Csv(CsvFile),
    /// Lines of JSON.
    Lines(LinesFile),
}

impl EntriesFile {
    /// The entries of the file, in its order.
    pub fn into_entries(self) -> Vec<NumberListEntry> {
        match self {
            Self::Csv(CsvFile(entries)) | Self::Lines(LinesFile(entries)) => entries,
        }
    }
}

/// A body of `text/csv`.
pub struct CsvFile(Vec<NumberListEntry>);

/// A body of `application/x-ndjson`.
pub struct LinesFile(Vec<NumberListEntry>);

macro_rules! file_payload {
    ($file:ident: $media_type:literal, $schema:ident, $read:ident) => {
        impl Payload for $file {
            const CONTENT_TYPE: &'static str = $media_type;

            fn check_content_type(content_type: &str) -> bool {
                is_media_type(content_type, Self::CONTENT_TYPE)
            }

            fn schema_ref() -> MetaSchemaRef {
                $schema::schema_ref()
            }

            fn register(registry: &mut Registry) {
                $schema::register(registry);
            }
        }

        impl ParsePayload for $file {
            const IS_REQUIRED: bool = true;

            async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
                let bytes = whole(body).await?;
                Ok(Self(off_the_async_threads(bytes.len(), move || $read(&bytes)).await?))
            }
        }
    };
}

file_payload!(CsvFile: "text/csv", NumberListCsv, read_csv);
file_payload!(LinesFile: "application/x-ndjson", NumberListLines, read_lines);

async fn whole(body: &mut RequestBody) -> poem::Result<Vec<u8>> {
    match body.take()?.into_bytes_limit(MAX_FILE_BYTES).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(ReadBodyError::PayloadTooLarge) => {
            let detail = format!("The body is longer than {MAX_FILE_BYTES} bytes.");
            Err(Failure::refused(ProblemCode::BodyTooLarge, detail).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// What has been read of a file.
#[derive(Default)]
struct Reading {
    entries: Vec<NumberListEntry>,
    patterns: HashSet<PhoneNumberPattern>,
    faults: Vec<Fault>,
}

/// The lines of a file with their numbers, from 1, without those that have nothing but white space.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let numbered = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    numbered.filter(|(_, line)| !line.trim_ascii().is_empty())
}

impl Reading {
    /// The entries, if every line of the file can be read as one by `read`.
    fn of<'a>(
        lines: impl Iterator<Item = (usize, &'a [u8])>,
        read: impl Fn(&'a [u8]) -> Result<NumberListEntry, String>,
    ) -> Result<Vec<NumberListEntry>, Failure> {
        let mut reading = Self::default();
        for (number, line) in lines {
            if number > MAX_LINES {
                let detail = format!("The file has more than {MAX_LINES} lines.");
                return Err(Failure::invalid(vec![Fault::on_line(number, detail)]));
            }
            if let Err(detail) = read(line).and_then(|entry| reading.add(entry)) {
                reading.faults.push(Fault::on_line(number, detail));
            }
            if reading.faults.len() >= MAX_FAULTS {
                break;
            }
            if reading.entries.len() > MAX_ENTRIES {
                let detail = format!("A number list can have {MAX_ENTRIES} entries; the file has more.");
                return Err(Failure::refused(ProblemCode::TooManyEntries, detail));
            }
        }
        if reading.faults.is_empty() { Ok(reading.entries) } else { Err(Failure::invalid(reading.faults)) }
    }

    fn add(&mut self, entry: NumberListEntry) -> Result<(), String> {
        if !self.patterns.insert(entry.pattern.clone()) {
            return Err("An earlier line has the same pattern; each may be in the file once.".to_owned());
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// A value that is absent when it is empty.
fn optional<T>(text: Option<&str>, parse: fn(&str) -> Result<T, NotValid>) -> Result<Option<T>, NotValid> {
    text.filter(|text| !str::is_empty(text)).map(parse).transpose()
}

fn entry(pattern: &str, note: Option<&str>, expires_at: Option<&str>) -> Result<NumberListEntry, String> {
    let pattern = PhoneNumberPattern::parse(pattern).map_err(|error| error.to_string())?;
    let note = optional(note, CallerNote::parse).map_err(|error| error.to_string())?;
    let expires_at = optional(expires_at, Instant::parse).map_err(|error| error.to_string())?;
    Ok(NumberListEntry::new(pattern, note, expires_at))
}

/// The places of the columns `pattern`, `note` and `expires_at`.
struct Columns {
    separator: char,
    count: usize,
    places: [Option<usize>; 3],
}

impl Columns {
    const NAMES: [&str; 3] = ["pattern", "note", "expires_at"];

    fn of(header: &[u8]) -> Result<Self, String> {
        let header = csv::text(header)?;
        let separator = csv::separator(header);
        let cells = csv::cells(header, separator)?;
        if let Some(unknown) = cells.iter().find(|cell| !Self::NAMES.contains(&&***cell)) {
            return Err(format!("The header has the column {unknown:?}; it must be `pattern,note,expires_at`."));
        }
        let places = Self::NAMES.map(|name| cells.iter().position(|cell| cell == name));
        if places[0].is_none() || places.iter().flatten().count() != cells.len() {
            return Err("The header must be `pattern,note,expires_at`; the last two may be left out.".to_owned());
        }
        Ok(Self { separator, count: cells.len(), places })
    }

    fn entry(&self, line: &[u8]) -> Result<NumberListEntry, String> {
        let cells = csv::cells(csv::text(line)?, self.separator)?;
        if cells.len() > self.count {
            return Err(format!("The line has {} cells, and the header {}.", cells.len(), self.count));
        }
        let [pattern, note, expires_at] = self.places.map(|place| cells.get(place?).map(|cell| &**cell));
        entry(pattern.unwrap_or_default(), note, expires_at)
    }
}

/// The entries of a file of comma-separated values.
fn read_csv(bytes: &[u8]) -> Result<Vec<NumberListEntry>, Failure> {
    let mut lines = lines(bytes);
    let (number, header) = lines.next().unwrap_or((1, b""));
    match Columns::of(header) {
        Ok(columns) => Reading::of(lines, |line| columns.entry(line)),
        Err(detail) => Err(Failure::invalid(vec![Fault::on_line(number.min(MAX_LINES), detail)])),
    }
}

/// The entries of a file of lines of JSON.
fn read_lines(bytes: &[u8]) -> Result<Vec<NumberListEntry>, Failure> {
    Reading::of(lines(bytes), entry_of_json)
}

fn entry_of_json(line: &[u8]) -> Result<NumberListEntry, String> {
    let UniqueJson(value) =
        serde_json::from_slice(line).map_err(|error| format!("Expected a JSON object: {error}."))?;
    let Value::Object(members) = value else { return Err("Expected a JSON object.".to_owned()) };
    if let Some(unknown) = members.keys().find(|name| !["pattern", "note", "expiresAt"].contains(&name.as_str())) {
        return Err(format!("The member {unknown:?} is not known here."));
    }
    let text = |name: &str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("`{name}` must be a string.")),
    };
    let pattern = text("pattern")?.ok_or("`pattern` is required.")?;
    entry(pattern, text("note")?, text("expiresAt")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(read: Result<Vec<NumberListEntry>, Failure>) -> Vec<(i32, String)> {
        let Err(Failure::Refused(refusal)) = read else { return Vec::new() };
        refusal.faults.into_iter().filter_map(|fault| Some((fault.line?, fault.detail))).collect()
    }

    fn lines_of_faults(read: Result<Vec<NumberListEntry>, Failure>) -> Vec<i32> {
        faults(read).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn both_forms_say_the_same_entries() {
        let csv = "\u{FEFF}pattern;note;expires_at\r\n+3290*;\"a;b\";\r\n\r\n100;;2027-01-01T01:00:00+01:00\r\n";
        let json = "{\"pattern\":\"+3290*\",\"note\":\"a;b\",\"expiresAt\":null}\n\n\
            {\"expiresAt\":\"2027-01-01T00:00:00Z\",\"pattern\":\"100\"}";
        let entries = read_csv(csv.as_bytes()).expect("a right file");
        assert_eq!(entries, read_lines(json.as_bytes()).expect("a right file"));
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1].expires_at.as_ref().map(Instant::as_str), Some("2027-01-01T00:00:00Z"));
    }

    #[test]
    fn every_faulty_line_is_named() {
        let csv = "pattern,note\n1\nx\n1\n2,a,b\n3,\"\n4,\u{7}\n\n5\n";
        assert_eq!(lines_of_faults(read_csv(csv.as_bytes())), [3, 4, 5, 6, 7]);
        let json =
            "{}\n[]\n{\"pattern\":1}\n{\"pattern\":\"1\",\"x\":2}\n{\"pattern\":\"1\"}\n\n{\"pattern\":\"1\"}\n{";
        assert_eq!(lines_of_faults(read_lines(json.as_bytes())), [1, 2, 3, 4, 7, 8]);
        assert_eq!(lines_of_faults(read_csv(b"pattern\n\xFF\n")), [2]);
    }

    #[test]
    fn the_header_is_required_and_holds_known_columns_once() {
        for wrong in ["", "1\n2\n", "note\n", "pattern,pattern\n", "pattern,comment\n", "pattern,\n"] {
            assert_eq!(lines_of_faults(read_csv(wrong.as_bytes())), [1], "{wrong}");
        }
        assert_eq!(read_csv(b"note,pattern\nx,1\n").map(|entries| entries.len()).ok(), Some(1));
    }

    #[test]
    fn the_first_hundred_faults_are_named() {
        let csv = format!("pattern\n{}", "x\n".repeat(200));
        assert_eq!(faults(read_csv(csv.as_bytes())).len(), MAX_FAULTS);
    }

    #[test]
    fn a_file_of_more_entries_than_a_list_can_have_is_refused() {
        let csv = |count| {
            let lines: String = (0..count).map(|number| format!("+32{number:09}\n")).collect();
            read_csv(format!("pattern\n{lines}").as_bytes())
        };
        assert_eq!(csv(MAX_ENTRIES).map(|entries| entries.len()).ok(), Some(MAX_ENTRIES));
        let Err(Failure::Refused(refusal)) = csv(MAX_ENTRIES + 1) else { unreachable!("there are too many") };
        assert_eq!(refusal.code, ProblemCode::TooManyEntries);
    }
}
