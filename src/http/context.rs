//! The context of a request, which all stages of the pipeline use.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Instant,
};

use call_acceptance_api::{
    access::Identity,
    document::operations::{Operation, Route, route},
    value::name::composed,
};
use percent_encoding::percent_decode_str;
use poem::{
    Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
};
use uuid::Uuid;

use super::client::client_address;
use crate::{
    config::Networks,
    telemetry::traces::{TraceIdentifier, TraceParent},
};

/// The header field with the request identifier.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header field with the trace of the client.
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// Maximum length of a client's request identifier, in bytes.
const LONGEST_ID: usize = 128;

/// A request as received, its operation and, after authentication, its actor.
pub struct RequestContext {
    /// Time of arrival.
    pub started: Instant,
    /// The request identifier.
    pub id: RequestId,
    /// Address of the client: the last one in the chain that is not a trusted proxy.
    pub client_address: IpAddr,
    /// The HTTP method.
    pub method: Method,
    /// The path and query.
    pub uri: Uri,
    /// Whether the request has credentials, valid or not.
    pub has_credentials: bool,
    /// The route of the path in the document.
    pub route: Option<Route>,
    /// The operation; `None` for pages and unknown paths.
    pub operation: Option<&'static Operation>,
    /// The trace of the client, if it has one.
    pub parent: Option<TraceParent>,
    /// The identifier of the request's trace, if it is in one.
    pub trace: Option<TraceIdentifier>,
    /// The actor; set by the access check.
    pub identity: OnceLock<Arc<Identity>>,
}

impl RequestContext {
    /// The context of `request`, which may have come through `trusted` proxies; `new_id` makes an identifier if the
    /// client sent none.
    pub fn of(request: &Request, trusted: &Networks, new_id: impl FnOnce() -> Uuid) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let route = route(uri.path());
        let operation = route.as_ref().and_then(|route| route.operation(&method));
        let id = RequestId::of(request, new_id);
        Self {
            started: Instant::now(),
            id,
            client_address: client_address(request, trusted),
            method,
            uri,
            has_credentials: request.headers().contains_key(header::AUTHORIZATION),
            route,
            operation,
            parent: trace_parent(request.headers()),
            trace: None,
            identity: OnceLock::new(),
        }
    }

    /// Whether the request is for the API, which requires credentials.
    pub fn is_api(&self) -> bool {
        self.uri.path().starts_with("/api/")
    }

    /// Whether the request is for a health operation.
    pub fn is_health(&self) -> bool {
        self.uri.path().starts_with("/health/")
    }

    /// Whether the body is a file of many things.
    pub fn takes_file(&self) -> bool {
        self.operation.is_some_and(Operation::takes_file)
    }

    /// Whether the body is a file of any size.
    pub fn takes_stream(&self) -> bool {
        self.operation.is_some_and(Operation::takes_stream)
    }

    /// The percent-encoded value of the path parameter `parameter`.
    pub fn path_parameter(&self, parameter: &str) -> Option<&str> {
        self.route.as_ref()?.value(self.uri.path(), parameter)
    }

    /// The name that the path parameter `parameter` has.
    pub fn name(&self, parameter: &str) -> Option<String> {
        let value = self.path_parameter(parameter)?;
        Some(composed(&percent_decode_str(value).decode_utf8_lossy()).into_owned())
    }
}

/// The trace of the client; none if it names several.
fn trace_parent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut parents = headers.get_all(TRACE_PARENT).iter();
    let parent = TraceParent::parse(parents.next()?.to_str().ok()?);
    parent.filter(|_| parents.next().is_none())
}

/// The request identifier: the client's if it is well-formed, else a new one.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The identifier as a header value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    fn of(request: &Request, new_id: impl FnOnce() -> Uuid) -> Self {
        let given = request.headers().get(REQUEST_ID).filter(|id| has_right_form(id.as_bytes())).cloned();
        given.map_or_else(|| new_id().into(), Self)
    }
}

impl From<Uuid> for RequestId {
    fn from(id: Uuid) -> Self {
        let mut text = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).expect("an identifier has no control characters"))
    }
}

fn has_right_form(id: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:/+=@-".contains(byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.iter().all(allowed)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
