//! Tables of users as spreadsheets write them: comma-separated values, see [`csv`]. A row says the same as the line of
//! a user and lines of its services.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{
    line::{Line, MAX_LINE_BYTES},
    parse::Members,
};
use crate::{
    resource::user_service::ServiceName,
    value::{
        name::{GroupId, TenantId, UserId},
        owner::UserPath,
    },
    wire::{
        csv,
        problem::{Failure, Fault, MAX_FAULTS, ProblemCode},
        validation::BodySchemas,
    },
};

/// The name of the criteria that holds the numbers of a row.
pub const IMPORTED: &str = "imported";

/// What separates the names and numbers in a cell.
const LIST_SEPARATOR: char = ';';

/// The columns, each with the member of a user that its cells are. The last three are lists.
const COLUMNS: [(&str, &str); 11] = [
    ("group_id", "groupId"),
    ("user_id", "userId"),
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("email_address", "emailAddress"),
    ("phone_number", "phoneNumber"),
    ("extension", "extension"),
    ("time_zone", "timeZone"),
    (SERVICES, ""),
    (ACCEPT_NUMBERS, ""),
    (REJECT_NUMBERS, ""),
];
/// The number of columns that must be there; they are the first.
const REQUIRED: usize = 2;
/// The number of columns that are members of a user; they are the first.
const MEMBERS: usize = 8;

const SERVICES: &str = "services";
const ACCEPT_NUMBERS: &str = "accept_numbers";
const REJECT_NUMBERS: &str = "reject_numbers";

/// Services with the column of the numbers of their criteria.
const NUMBERS: [(ServiceName, &str); 2] =
    [(ServiceName::SelectiveCallAcceptance, ACCEPT_NUMBERS), (ServiceName::SelectiveCallRejection, REJECT_NUMBERS)];

/// The header of a table of users, by which its rows are read.
#[derive(Debug, Clone)]
pub struct UsersCsv {
    separator: char,
    /// The names of the columns, in the order of the table.
    columns: Vec<&'static str>,
}

impl UsersCsv {
    /// Reads the first line of a table, with or without a byte order mark and the end of the line.
    ///
    /// # Errors
    /// A refusal that says what is wrong with the header.
    pub fn of(header: &[u8]) -> Result<Self, Failure> {
        let header = header.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(header);
        Self::columns(header).map_err(|detail| Failure::invalid(vec![Fault::of_text(detail)]))
    }

    fn columns(header: &[u8]) -> Result<Self, String> {
        let header = text(header)?;
        let separator = csv::separator(header);
        let mut columns: Vec<&'static str> = Vec::new();
        for cell in csv::cells(header, separator)? {
            let Some((column, _)) = COLUMNS.into_iter().find(|(column, _)| *column == cell) else {
                let known: Vec<_> = COLUMNS.iter().map(|(column, _)| format!("`{column}`")).collect();
                let start: String = cell.chars().take(60).collect();
                return Err(format!("The header has the column {start:?}; known columns are {}.", known.join(", ")));
            };
            if columns.contains(&column) {
                return Err(format!("The header has the column `{column}` twice."));
            }
            columns.push(column);
        }
        match COLUMNS[..REQUIRED].iter().find(|(column, _)| !columns.contains(column)) {
            Some((missing, _)) => Err(format!("The header has no column `{missing}`.")),
            None => Ok(Self { separator, columns }),
        }
    }

    /// What a row says, with or without the end of the line: the user, then its services. A service with numbers has
    /// one criteria, [`IMPORTED`], and need not be named in `services`. An empty cell says nothing, and a row of empty
    /// cells neither: for that there are no lines.
    ///
    /// # Errors
    /// A refusal with all the faults of the row, each with its column in the text.
    pub fn row(&self, row: &[u8], tenant: &TenantId, schemas: &BodySchemas) -> Result<Vec<Line>, Failure> {
        if row.trim_ascii_end().len() > MAX_LINE_BYTES {
            let detail = format!("The line is longer than {MAX_LINE_BYTES} bytes.");
            return Err(Failure::refused(ProblemCode::BodyTooLarge, detail));
        }
        let cells = self.cells(row).map_err(|detail| Failure::invalid(vec![Fault::of_text(detail)]))?;
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(Vec::new());
        }
        Row { columns: &self.columns, cells, tenant, schemas, lines: Vec::new(), faults: Vec::new() }.read()
    }

    /// The user that a row names, also if the rest of the row is faulty; `None` if that cannot be read.
    pub fn user(&self, row: &[u8], tenant: &TenantId) -> Option<UserPath> {
        let cells = csv::cells(text(row).ok()?, self.separator).ok()?;
        let cell = |column: &str| cells.get(self.columns.iter().position(|known| *known == column)?);
        let group = GroupId::parse(cell(COLUMNS[0].0)?).ok()?;
        let user = UserId::parse(cell(COLUMNS[1].0)?).ok()?;
        Some(UserPath { tenant: tenant.clone(), group, user })
    }

    /// Whether the table says which services a user has.
    pub fn has_services(&self) -> bool {
        [SERVICES, ACCEPT_NUMBERS, REJECT_NUMBERS].iter().any(|column| self.columns.contains(column))
    }

    fn cells<'a>(&self, row: &'a [u8]) -> Result<Vec<Cow<'a, str>>, String> {
        let cells = csv::cells(text(row)?, self.separator)?;
        if cells.len() <= self.columns.len() {
            return Ok(cells);
        }
        let (found, expected) = (cells.len(), self.columns.len());
        let hint = if self.separator == LIST_SEPARATOR { "; write lists with `;` in quotes" } else { "" };
        Err(format!("The line has {found} cells, and the header {expected}{hint}."))
    }
}

/// The text of a line, which may have its end.
fn text(line: &[u8]) -> Result<&str, &'static str> {
    csv::text(line.strip_suffix(b"\n").unwrap_or(line))
}

/// A row that is being read.
struct Row<'a> {
    columns: &'a [&'static str],
    cells: Vec<Cow<'a, str>>,
    tenant: &'a TenantId,
    schemas: &'a BodySchemas,
    lines: Vec<Line>,
    faults: Vec<Fault>,
}

impl Row<'_> {
    fn read(mut self) -> Result<Vec<Line>, Failure> {
        let members = COLUMNS[..MEMBERS].iter().filter_map(|(column, member)| Some((*member, self.cell(column)?)));
        let user: Map<_, _> = members.map(|(member, cell)| (member.to_owned(), cell.into())).collect();
        let owner: Map<_, _> =
            user.clone().into_iter().filter(|(member, _)| ["groupId", "userId"].contains(&member.as_str())).collect();
        self.add("user", user, |pointer| {
            let member = pointer.strip_prefix('/')?;
            COLUMNS.into_iter().find(|(_, known)| *known == member).map(|(column, _)| format!("`{column}`"))
        })?;
        for service in self.services() {
            let mut line = owner.clone();
            line.insert("service".to_owned(), service.as_str().into());
            let column = NUMBERS.into_iter().find(|(known, _)| *known == service).map(|(_, column)| column);
            if let Some(column) = column {
                line.insert("criteria".to_owned(), self.criteria(column));
            }
            self.add("service", line, |pointer| place_of_number(column?, pointer))?;
        }
        match self.faults.is_empty() {
            true => Ok(self.lines),
            false => {
                self.faults.truncate(MAX_FAULTS);
                Err(Failure::invalid(self.faults))
            }
        }
    }

    /// The cell of the column, if it is not empty.
    fn cell(&self, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|known| *known == column)?;
        self.cells.get(at).map(|cell| &**cell).filter(|cell| !cell.is_empty())
    }

    /// The parts of the cell of the column; empty ones do not count.
    fn list(&self, column: &str) -> impl Iterator<Item = &str> {
        let parts = self.cell(column).into_iter().flat_map(|cell| cell.split(LIST_SEPARATOR));
        parts.map(str::trim).filter(|part| !part.is_empty())
    }

    /// The services that the row names or has numbers for, each once.
    fn services(&mut self) -> Vec<ServiceName> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.list(SERVICES).map(|name| ServiceName::parse(name).ok_or(name)).partition(Result::is_ok);
        let known: Vec<_> = known.into_iter().flatten().collect();
        let names = ServiceName::ALL.map(|service| format!("\"{service}\"")).join(", ");
        let faults = unknown.into_iter().filter_map(Result::err).take(MAX_FAULTS).map(|name| {
            let start: String = name.chars().take(60).collect();
            Fault::of_text(format!("Column `{SERVICES}`: {start:?} is not one of {names}."))
        });
        let faults: Vec<_> = faults.collect();
        self.faults.extend(faults);
        let has_numbers =
            |service| NUMBERS.into_iter().any(|(of, column)| of == service && self.list(column).next().is_some());
        ServiceName::ALL.into_iter().filter(|service| known.contains(service) || has_numbers(*service)).collect()
    }

    fn criteria(&self, column: &str) -> Value {
        let numbers: Vec<_> = self.list(column).collect();
        if numbers.is_empty() {
            return json!([]);
        }
        json!([{ "name": IMPORTED, "fromDnCriteria": { "selection": "Specified Only", "phoneNumbers": numbers } }])
    }

    /// Adds the line of this kind, or its faults; those that have no place in the row are those of an earlier line.
    fn add(
        &mut self,
        kind: &str,
        mut line: Map<String, Value>,
        place: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Failure> {
        line.insert("kind".to_owned(), kind.into());
        match Members::new(line, self.tenant, self.schemas).line() {
            Ok(line) => self.lines.push(line),
            Err(Failure::Refused(refusal)) => {
                let placed = refusal.faults.into_iter().filter_map(|fault| {
                    let place = place(&fault.pointer?)?;
                    Some(Fault::of_text(format!("Column {place}: {}", fault.detail)))
                });
                self.faults.extend(placed);
                if self.faults.is_empty() {
                    self.faults.push(Fault::of_text(refusal.detail));
                }
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

/// Where the value at `pointer` in the line of a service is in the row, if it is in the column of its numbers.
fn place_of_number(column: &str, pointer: &str) -> Option<String> {
    let at = pointer.strip_prefix("/criteria/0/fromDnCriteria/phoneNumbers")?;
    Some(match at.strip_prefix('/').and_then(|at| at.parse::<usize>().ok()) {
        Some(at) => format!("`{column}`, number {}", at + 1),
        None => format!("`{column}`"),
    })
}
