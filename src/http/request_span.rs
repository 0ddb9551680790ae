//! The span of a request (semantic conventions for HTTP servers). It has no path and no client, which name users.

use poem::{
    Request,
    http::{Method, StatusCode},
};
use tracing::{Span, field::Empty};

use super::context::RequestContext;

/// Methods that a span names; others are `_OTHER`, since a client can make up any.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// The span of a request; disabled, and free, if there are no traces.
pub fn begin(request: &Request, context: &RequestContext) -> Span {
    // The arguments are worked out only for a span that is made.
    tracing::info_span!(parent: None, "request", otel.name = name(context), otel.kind = "server",
        otel.status_code = Empty, http.request.method = method(context).unwrap_or("_OTHER"),
        http.route = context.operation.map(|operation| operation.path), http.response.status_code = Empty,
        url.scheme = request.scheme().as_str(), "error.type" = Empty,
        call_acceptance.operation = context.operation.map(|operation| operation.id))
}

/// Records the status. A client's mistake is no error of the server.
pub fn end(span: &Span, status: StatusCode) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR").record("error.type", status.as_str());
    }
}

fn method(context: &RequestContext) -> Option<&'static str> {
    METHODS.iter().find(|method| **method == context.method).map(Method::as_str)
}

fn name(context: &RequestContext) -> String {
    let method = method(context).unwrap_or("HTTP");
    context.operation.map_or(method.to_owned(), |operation| format!("{method} {}", operation.path))
}
