//! Errors: what went wrong ([`Failure`]), and how it is told ([`Problem`], RFC 9457).
//!
//! To add a kind of error, add a code to the table of [`ProblemCode`], and name it in the `Fails` of the operations
//! that can answer it.

mod code;

use std::{error::Error, fmt};

pub use code::ProblemCode;

use poem::{error::ResponseError, http::StatusCode};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

/// An error answer, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Object, Serialize)]
pub struct Problem {
    /// Address of a page about the kind of problem, for people.
    #[oai(rename = "type", validator(max_length = 100, pattern = "^/problems/[a-z_]+$"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words, the same for every occurrence.
    #[oai(validator(max_length = 100))]
    pub title: String,
    /// The HTTP status of the answer.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    pub status: i32,
    /// What went wrong this time, and what would be right.
    #[oai(validator(max_length = 10000))]
    pub detail: String,
    /// The identifier of the request, as in `X-Request-Id` and in the server's log.
    #[oai(validator(max_length = 128, pattern = "^[A-Za-z0-9._:/+=@-]+$"))]
    pub instance: String,
    /// The stable code of the kind of problem.
    pub code: ProblemCode,
    /// Each fault of an invalid request; left out for other problems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, validator(max_items = 100))]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// The answer of the request `instance` that is refused as `refusal` says.
    pub fn new(refusal: Refusal, instance: &str) -> Self {
        Self {
            kind: refusal.code.path(),
            title: refusal.code.title().to_owned(),
            status: refusal.code.status().as_u16().into(),
            detail: cut(refusal.detail, MAX_DETAIL),
            instance: instance.to_owned(),
            code: refusal.code,
            errors: refusal.faults.into_iter().take(MAX_FAULTS).collect(),
        }
    }
}

/// The greatest number of faults that an answer names.
pub const MAX_FAULTS: usize = 100;

/// Lengths that the document states, in characters. What the caller sent can be longer, and is then cut.
const MAX_POINTER: usize = 1000;
const MAX_PARAMETER: usize = 200;
const MAX_FAULT: usize = 2000;
const MAX_DETAIL: usize = 10000;

fn cut(text: impl Into<String>, most: usize) -> String {
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

/// One fault of an invalid request.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) of the faulty value in a JSON body; empty for the body itself. Left out for other
    /// faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 1000, pattern = "^(/[^/]*)*$"))]
    pub pointer: Option<String>,
    /// Name of the faulty parameter of the path, the query or the header. Left out for a fault in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 200))]
    pub parameter: Option<String>,
    /// Number of the faulty line in a body of lines, from 1; that on which a folded one starts. Left out for other
    /// faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "1"), maximum(value = "1048577")))]
    pub line: Option<i32>,
    /// What is wrong and what would be right.
    #[oai(validator(max_length = 2000))]
    pub detail: String,
}

impl Fault {
    /// A fault of the value at `pointer` in the body.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: Some(cut(pointer, MAX_POINTER)), ..Self::new(detail) }
    }

    /// A fault of the parameter `name`.
    pub fn of_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: Some(cut(name, MAX_PARAMETER)), ..Self::new(detail) }
    }

    /// A fault on the line `number` of the body, counted from 1.
    pub fn on_line(number: usize, detail: impl Into<String>) -> Self {
        Self { line: Some(i32::try_from(number).unwrap_or(i32::MAX)), ..Self::new(detail) }
    }

    fn new(detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: None, line: None, detail: cut(detail, MAX_FAULT) }
    }
}

/// A request that is refused: text for the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of problem.
    pub code: ProblemCode,
    /// What went wrong this time, and what would be right.
    pub detail: String,
    /// Each fault of an invalid request.
    pub faults: Vec<Fault>,
    /// After how many seconds the request may be sent again, where that is known.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal with its code and text.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), retry_after: None }
    }
}

/// What an operation did not do, and why. Text for the outside and context for the log are different members, so
/// that nothing internal can leak.
#[derive(Debug)]
pub enum Failure {
    /// The request is refused; the caller is told.
    Refused(Refusal),
    /// The database does not answer; the cause is for the log.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// The server failed; the cause is for the log.
    Internal(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A refusal with its code and text.
    pub fn refused(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(code, detail))
    }

    /// A request with these faults.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [fault] => fault.detail.clone(),
            faults => format!("{} faults were found; `errors` lists them.", faults.len()),
        };
        Self::Refused(Refusal { faults, ..Refusal::new(ProblemCode::InvalidRequest, detail) })
    }

    /// What the caller is told.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Unavailable(_) => Refusal::new(
                ProblemCode::DatabaseUnavailable,
                "The database does not answer at the moment; try again after the time in `Retry-After`.",
            ),
            Self::Internal(_) => Refusal::new(
                ProblemCode::InternalError,
                "The server could not do this; the operator finds the cause in the log under the identifier in \
                `instance`.",
            ),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => f.write_str(&refusal.detail),
            Self::Unavailable(cause) | Self::Internal(cause) => cause.fmt(f),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Unavailable(cause) | Self::Internal(cause) => cause.source(),
        }
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => refusal.code.status(),
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The set of `codes`, for [`Fails`].
pub const fn codes(codes: &[ProblemCode]) -> u64 {
    let mut set = 0;
    let mut at = 0;
    while at < codes.len() {
        set |= codes[at].bit();
        at += 1;
    }
    set
}

/// Codes of an operation that reads a body.
pub const BODY: u64 =
    codes(&[ProblemCode::MalformedJson, ProblemCode::BodyTooLarge, ProblemCode::UnsupportedMediaType]);
/// Codes of an operation below a tenant.
pub const TENANT: u64 = codes(&[ProblemCode::TenantNotFound]);
/// Codes of an operation below a group.
pub const GROUP: u64 = TENANT | codes(&[ProblemCode::GroupNotFound]);
/// Codes of an operation below a user.
pub const USER: u64 = GROUP | codes(&[ProblemCode::UserNotFound]);
/// Codes of an operation on the user's service.
pub const SERVICE: u64 = USER | codes(&[ProblemCode::ServiceNotAssigned]);
/// Codes of every operation.
const EVERY: u64 = codes(&[
    ProblemCode::InvalidRequest,
    ProblemCode::InternalError,
    ProblemCode::DatabaseUnavailable,
    ProblemCode::RequestTimeout,
]);

/// The failure of an operation that can answer just the problems in `CODES` (see [`codes`]) and those that every
/// operation can.
pub struct Fails<const CODES: u64>(Failure);

impl<const CODES: u64> Fails<CODES> {
    /// The codes, by the status that they come with, in rising order.
    fn by_status() -> Vec<(u16, Vec<ProblemCode>)> {
        let mut statuses: Vec<(u16, Vec<ProblemCode>)> = Vec::new();
        for code in ProblemCode::ALL.into_iter().filter(|code| (CODES | EVERY) & code.bit() != 0) {
            let status = code.status().as_u16();
            match statuses.iter_mut().find(|(known, _)| *known == status) {
                Some((_, codes)) => codes.push(code),
                None => statuses.push((status, vec![code])),
            }
        }
        statuses.sort_by_key(|(status, _)| *status);
        statuses
    }
}

impl<const CODES: u64> From<Failure> for Fails<CODES> {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl<const CODES: u64> From<Fails<CODES>> for poem::Error {
    fn from(fails: Fails<CODES>) -> Self {
        fails.0.into()
    }
}

impl<const CODES: u64> ApiResponse for Fails<CODES> {
    fn meta() -> MetaResponses {
        let describe = |codes: &[ProblemCode]| {
            let lines = codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title()));
            lines.collect::<Vec<_>>().join(" ")
        };
        let responses = Self::by_status().into_iter().map(|(status, codes)| MetaResponse {
            description: describe(&codes).leak(),
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/problem+json", schema: Problem::schema_ref() }],
            headers: vec![],
        });
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}
