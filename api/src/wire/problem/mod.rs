//! Errors: the internal [`Failure`], and the [`Problem`] that is sent (RFC 9457).
//!
//! To add a kind of error, add a code to the table of [`ProblemCode`], and name it in the `Fails` of the operations
//! that return it.

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

/// An error response, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Object, Serialize)]
pub struct Problem {
    /// Address of a page about the kind of problem.
    #[oai(rename = "type", validator(max_length = 100, pattern = "^/problems/[a-z_]+$"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// Summary of the kind of problem, the same for every occurrence.
    #[oai(validator(max_length = 100))]
    pub title: String,
    /// HTTP status of the response.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    pub status: i32,
    /// What went wrong in this request, and what would be right.
    #[oai(validator(max_length = 10000))]
    pub detail: String,
    /// Identifier of the request, as in `X-Request-Id` and in the server's log.
    #[oai(validator(max_length = 128, pattern = "^[A-Za-z0-9._:/+=@-]+$"))]
    pub instance: String,
    /// Stable code of the kind of problem.
    pub code: ProblemCode,
    /// The faults of an invalid request; left out for other problems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, validator(max_items = 100))]
    pub errors: Vec<Fault>,
}

impl Problem {
    /// The response to the request `instance` for `refusal`.
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

/// The maximum number of faults in a response.
pub const MAX_FAULTS: usize = 100;

/// Maximum lengths in the document, in characters. Longer texts from the request are cut.
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
    /// JSON Pointer (RFC 6901) to the faulty value in a JSON body; empty for the body itself. Left out for other
    /// faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 1000, pattern = "^(/[^/]*)*$"))]
    pub pointer: Option<String>,
    /// Name of the faulty path parameter, query parameter or header field. Left out for a fault in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_length = 200))]
    pub parameter: Option<String>,
    /// Number of the faulty line in a body of lines, from 1; for a folded line, the number of its first line. Left out
    /// for other faults.
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
        Self { pointer: Some(cut(pointer, MAX_POINTER)), ..Self::of_text(detail) }
    }

    /// The same fault of a body that is part of another one, in which it stands at `pointer`.
    pub fn below(self, pointer: &str) -> Self {
        let pointer = self.pointer.map(|own| cut(format!("{pointer}{own}"), MAX_POINTER));
        Self { pointer, ..self }
    }

    /// A fault of the parameter `name`.
    pub fn of_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: Some(cut(name, MAX_PARAMETER)), ..Self::of_text(detail) }
    }

    /// A fault on the line `number` of the body, counted from 1.
    pub fn on_line(number: usize, detail: impl Into<String>) -> Self {
        Self { line: Some(i32::try_from(number).unwrap_or(i32::MAX)), ..Self::of_text(detail) }
    }

    /// A fault whose text alone says where it is.
    pub(crate) fn of_text(detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: None, line: None, detail: cut(detail, MAX_FAULT) }
    }
}

/// The error of a refused request, for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of problem.
    pub code: ProblemCode,
    /// What went wrong in this request, and what would be right.
    pub detail: String,
    /// The faults of an invalid request.
    pub faults: Vec<Fault>,
    /// Seconds after which the client may retry, if known.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal with its code and text.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), retry_after: None }
    }
}

/// Why an operation failed. The text for the client and the cause for the log are separate, so that no internals leak.
#[derive(Debug)]
pub enum Failure {
    /// The request is refused; the client receives the text.
    Refused(Refusal),
    /// The database is unavailable; the cause is logged.
    Unavailable(Box<dyn Error + Send + Sync>),
    /// An internal error; the cause is logged.
    Internal(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A refusal with its code and text.
    pub fn refused(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(code, detail))
    }

    /// An invalid request with these faults.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [fault] => fault.detail.clone(),
            faults => format!("{} faults were found; `errors` lists them.", faults.len()),
        };
        Self::Refused(Refusal { faults, ..Refusal::new(ProblemCode::InvalidRequest, detail) })
    }

    /// The same failure about a body that is part of another one, in which it stands at `pointer`.
    pub fn below(self, pointer: &str) -> Self {
        match self {
            Self::Refused(refusal) => {
                let faults = refusal.faults.into_iter().map(|fault| fault.below(pointer)).collect();
                Self::Refused(Refusal { faults, ..refusal })
            }
            other => other,
        }
    }

    /// The error for the client.
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

/// The bit set of `codes`, for [`Fails`].
pub const fn codes(codes: &[ProblemCode]) -> u64 {
    let mut set = 0;
    let mut at = 0;
    while at < codes.len() {
        set |= codes[at].bit();
        at += 1;
    }
    set
}

/// Codes of operations that read a body.
pub const BODY: u64 =
    codes(&[ProblemCode::MalformedJson, ProblemCode::BodyTooLarge, ProblemCode::UnsupportedMediaType]);
/// Codes of operations below a tenant.
pub const TENANT: u64 = codes(&[ProblemCode::TenantNotFound]);
/// Codes of operations below a group.
pub const GROUP: u64 = TENANT | codes(&[ProblemCode::GroupNotFound]);
/// Codes of operations below a user.
pub const USER: u64 = GROUP | codes(&[ProblemCode::UserNotFound]);
/// Codes of operations on the user's service.
pub const SERVICE: u64 = USER | codes(&[ProblemCode::ServiceNotAssigned]);
/// Codes of all operations.
const EVERY: u64 = codes(&[
    ProblemCode::InvalidRequest,
    ProblemCode::InternalError,
    ProblemCode::DatabaseUnavailable,
    ProblemCode::RequestTimeout,
]);

/// The failure of an operation that returns the problems in `CODES` (see [`codes`]) and those of all operations.
pub struct Fails<const CODES: u64>(Failure);

impl<const CODES: u64> Fails<CODES> {
    /// The codes by their status, in rising order.
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
