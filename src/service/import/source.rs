//! Reads a file in batches of lines. What is in memory is bounded, whatever the file is.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
};

use call_acceptance_api::{
    resource::transfer::{
        import::{ImportError, ImportForm},
        line::{Line, MAX_LINE_BYTES},
        users_csv::UsersCsv,
    },
    resource::user_service::{ServiceName, UserServicePath},
    value::name::TenantId,
    wire::{
        problem::{Failure, Fault, Refusal},
        validation::BodySchemas,
    },
};
use serde_json::Value;

use super::names::{self, Name, Names};

/// Maximum number of lines of a batch.
const MOST_LINES: usize = 1000;
/// Maximum length of the lines of a batch in bytes, unless it is a single line.
const MOST_BYTES: usize = 2 << 20;
/// How much is read at once.
const BUFFER: usize = 256 << 10;

/// A line of a file.
#[derive(Debug)]
pub(super) struct Unit {
    /// Its number, from 1.
    pub(super) number: i64,
    /// What it says: one thing, or a user with services; or its faults.
    pub(super) parsed: Result<Vec<Line>, Vec<ImportError>>,
}

/// The lines of a batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) units: Vec<Unit>,
    /// Where in the file the batch ends.
    pub(super) end: u64,
}

/// A file that is read from its start to its end, perhaps several times.
pub(super) struct Source {
    reader: BufReader<File>,
    form: ImportForm,
    tenant: TenantId,
    schemas: &'static BodySchemas,
    /// The header of a table.
    header: Option<UsersCsv>,
    /// Whether the header cannot be read, so that nothing can.
    has_no_header: bool,
    /// The number of lines read so far, and where they end.
    number: i64,
    offset: u64,
    /// What the lines name, if that matters.
    names: Option<Names>,
}

/// The faults of a line with this number.
pub(super) fn errors(number: i64, refusal: Refusal, form: ImportForm) -> Vec<ImportError> {
    let Refusal { code, detail, faults, .. } = refusal;
    let error = |pointer: Option<String>, detail: String| ImportError { line: number, code, detail, pointer };
    if faults.is_empty() {
        return vec![error(None, detail)];
    }
    let of = |Fault { pointer, detail, .. }: Fault| {
        // A row of a table has no such places.
        error(pointer.filter(|pointer| form == ImportForm::Lines && !pointer.is_empty()), detail)
    };
    faults.into_iter().map(of).collect()
}

/// The faults of a failure while a line is parsed.
fn faults(number: i64, failure: Failure, form: ImportForm) -> Vec<ImportError> {
    if !matches!(failure, Failure::Refused(_)) {
        tracing::error!(error = %failure, "a line of an import cannot be parsed");
    }
    errors(number, failure.into_refusal(), form)
}

impl Source {
    /// A source over a file of this form for the tenant.
    pub(super) fn new(file: File, form: ImportForm, tenant: TenantId, schemas: &'static BodySchemas) -> Self {
        let reader = BufReader::with_capacity(BUFFER, file);
        Self { reader, form, tenant, schemas, header: None, has_no_header: false, number: 0, offset: 0, names: None }
    }

    /// Returns to the start, to read the file again; what its lines name is collected if `with_names`.
    pub(super) fn rewind(&mut self, with_names: bool) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(0))?;
        (self.header, self.has_no_header, self.number, self.offset) = (None, false, 0, 0);
        self.names = with_names.then(Names::new);
        Ok(())
    }

    /// What the lines named, when all are read.
    pub(super) fn take_names(&mut self) -> Option<Names> {
        let mut names = self.names.take()?;
        names.sort();
        Some(names)
    }

    /// The form of the file.
    pub(super) fn form(&self) -> ImportForm {
        self.form
    }

    /// Whether the file says which services users have.
    pub(super) fn has_services(&self) -> bool {
        self.header.as_ref().is_none_or(UsersCsv::has_services)
    }

    /// The next lines; `None` at the end of the file. Blocks.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<Batch>> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let mut line = Vec::new();
        while !self.has_no_header && batch.units.len() < MOST_LINES && bytes < MOST_BYTES {
            let offset = self.offset;
            if !self.read_line(&mut line)? {
                if batch.units.is_empty() {
                    return Ok(None);
                }
                break;
            }
            bytes += line.len();
            batch.units.extend(self.unit(&line, offset));
        }
        if self.has_no_header && batch.units.is_empty() {
            return Ok(None);
        }
        batch.end = self.offset;
        Ok(Some(batch))
    }

    /// Reads a line without its end; of one that is too long, so much that it shows. `false` at the end of the file.
    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let start = self.offset;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(buffer.len());
            let room = (MAX_LINE_BYTES + 2).saturating_sub(line.len());
            line.extend_from_slice(&buffer[..length.min(room)]);
            let consumed = length + usize::from(end.is_some());
            self.reader.consume(consumed);
            self.offset += consumed as u64;
            if end.is_some() {
                break;
            }
        }
        if self.offset == start {
            return Ok(false);
        }
        self.number += 1;
        if self.number == 1 && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        Ok(true)
    }

    /// What a line says; `None` if it is empty, or the header of a table.
    fn unit(&mut self, line: &[u8], offset: u64) -> Option<Unit> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let parsed = match self.form {
            ImportForm::Lines => self.line(line, offset),
            ImportForm::Users => self.row(line, offset)?,
        };
        let number = self.number;
        Some(Unit { number, parsed: parsed.map_err(|failure| faults(number, failure, self.form)) })
    }

    fn line(&mut self, line: &[u8], offset: u64) -> Result<Vec<Line>, Failure> {
        let parsed = Line::parse(line, &self.tenant, self.schemas);
        if let Some(names) = &mut self.names {
            match &parsed {
                Ok(line) => names::of_line(line, &self.tenant).iter().for_each(|name| names.add(name, offset, false)),
                Err(_) => match names::of_faulty(line, &self.tenant) {
                    Some(name) => name.iter().for_each(|name| names.add(name, offset, true)),
                    None => names.add_uncertain(),
                },
            }
        }
        parsed.map(|line| vec![line])
    }

    /// The lines of a row of a table; `None` if it says nothing, or is the header.
    fn row(&mut self, row: &[u8], offset: u64) -> Option<Result<Vec<Line>, Failure>> {
        let Some(header) = &self.header else {
            return match UsersCsv::of(row) {
                Ok(header) => {
                    self.header = Some(header);
                    None
                }
                Err(failure) => {
                    self.has_no_header = true;
                    Some(Err(failure))
                }
            };
        };
        let parsed = header.row(row, &self.tenant, self.schemas);
        if parsed.as_ref().is_ok_and(Vec::is_empty) {
            return None;
        }
        if let Some(names) = &mut self.names {
            match &parsed {
                Ok(lines) => lines
                    .iter()
                    .filter_map(|line| names::of_line(line, &self.tenant))
                    .for_each(|name| names.add(&name, offset, false)),
                Err(_) => match header.user(row, &self.tenant) {
                    Some(user) => {
                        for service in ServiceName::ALL {
                            let service = UserServicePath { user: user.clone(), service };
                            names.add(&Name::Service(service), offset, true);
                        }
                    }
                    None => names.add_uncertain(),
                },
            }
        }
        Some(parsed)
    }

    /// Whether the file is a table whose header cannot be read, so that nothing can.
    pub(super) fn has_no_header(&self) -> bool {
        self.has_no_header
    }

    /// The patterns on the lines that begin at these places, which are of one number list.
    pub(super) fn patterns(&mut self, offsets: &[u64]) -> io::Result<HashSet<String>> {
        let mut patterns = HashSet::new();
        let mut line = Vec::new();
        for offset in offsets {
            self.reader.seek(SeekFrom::Start(*offset))?;
            self.read_line(&mut line)?;
            let text = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line);
            let Ok(value) = serde_json::from_slice::<Value>(text) else { continue };
            let entries = value["entries"].as_array().into_iter().flatten();
            patterns.extend(entries.filter_map(|entry| entry["pattern"].as_str()).map(str::to_owned));
        }
        Ok(patterns)
    }
}
