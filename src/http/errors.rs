//! Turns all errors into problems: those of operations, and those of the framework.

use call_acceptance_api::{
    document::operations::{Operation, Place},
    wire::{
        payload::MAX_BODY_BYTES,
        problem::{Failure, Fault, Problem, ProblemCode, Refusal},
    },
};
use percent_encoding::percent_decode_str;
use poem::{
    Error, IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{StatusCode, header},
    web::Json,
};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError};

use super::context::{RequestContext, RequestId};

/// `Retry-After` in seconds, if nothing else is known.
const RETRY_AFTER: u32 = 1;
/// `WWW-Authenticate` (RFC 6750, section 3). Basic is not offered, since browsers would ask for a password.
const CHALLENGE: &str = "Bearer realm=\"call-acceptance\"";
const INVALID_TOKEN: &str = "Bearer realm=\"call-acceptance\", error=\"invalid_token\"";

/// The problem response to a failed request.
pub fn answer(error: Error, context: &RequestContext) -> Response {
    let failure = into_failure(error, context);
    log(&failure, &context.id);
    problem(failure.into_refusal(), context)
}

fn log(failure: &Failure, id: &RequestId) {
    match failure {
        Failure::Refused(_) => {}
        Failure::Unavailable(cause) => tracing::warn!(request_id = %id, %cause, "unavailable"),
        Failure::Internal(cause) => tracing::error!(request_id = %id, %cause, "internal error"),
    }
}

fn problem(refusal: Refusal, context: &RequestContext) -> Response {
    let status = refusal.code.status();
    let retry_after = refusal.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER));
    let body = Json(Problem::new(refusal, context.id.as_str())).with_content_type("application/problem+json");
    let mut answer = body.with_status(status).into_response();
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = if context.has_credentials { INVALID_TOKEN } else { CHALLENGE };
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(challenge));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(methods) = allowed(context).parse()
    {
        answer.headers_mut().insert(header::ALLOW, methods);
    }
    answer
}

/// The methods of a path for `Allow`. A path that is not in the document is a page, which is read-only.
fn allowed(context: &RequestContext) -> String {
    let operations = context.route.as_ref().map_or(&[][..], |route| route.operations);
    let mut methods: Vec<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
    if methods.is_empty() {
        methods.push("GET");
    }
    if let Some(get) = methods.iter().position(|method| *method == "GET") {
        methods.insert(get + 1, "HEAD");
    }
    methods.join(", ")
}

fn into_failure(error: Error, context: &RequestContext) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    if error.is::<NotFoundError>() {
        return Failure::refused(
            ProblemCode::RouteNotFound,
            "There is nothing under this path; /docs/ lists the paths.",
        );
    }
    if error.is::<MethodNotAllowedError>() {
        let detail =
            format!("This path does not support the method {}; it supports {}.", context.method, allowed(context));
        return Failure::refused(ProblemCode::MethodNotAllowed, detail);
    }
    if let Some(ParsePathError { name, .. }) = error.downcast_ref() {
        return bad_path_parameter(name, context);
    }
    if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
        return bad_parameter(name, context);
    }
    if error.is::<ContentTypeError>() {
        let detail = format!("The body must be sent as `Content-Type: {}`.", media_types(context));
        return Failure::refused(ProblemCode::UnsupportedMediaType, detail);
    }
    if let Some(ReadBodyError::PayloadTooLarge) = error.downcast_ref() {
        return Failure::refused(ProblemCode::BodyTooLarge, format!("The body is longer than {MAX_BODY_BYTES} bytes."));
    }
    if let Some(ReadBodyError::Io(_)) = error.downcast_ref() {
        return Failure::refused(ProblemCode::MalformedJson, "The body is incomplete.");
    }
    if error.is::<ParseRequestPayloadError>() {
        return Failure::Internal(format!("a body is valid by its schema but cannot be parsed: {error}").into());
    }
    Failure::Internal(format!("unknown kind of error: {error}").into())
}

/// The media types that the operation accepts, one or the other.
fn media_types(context: &RequestContext) -> String {
    context.operation.into_iter().flat_map(Operation::media_types).collect::<Vec<_>>().join("` or `")
}

/// Translates poem-openapi's parameter names, `param0`, `param1`, by their position in the path.
fn bad_path_parameter(counted: &str, context: &RequestContext) -> Failure {
    let place: Option<usize> = counted.strip_prefix("param").and_then(|place| place.parse().ok());
    let parameter = context.operation.zip(place).and_then(|(it, place)| it.parameters_in(Place::Path).nth(place));
    bad_parameter(parameter.map_or("path", |parameter| parameter.name), context)
}

fn bad_parameter(name: &str, context: &RequestContext) -> Failure {
    let mut parameters = context.operation.into_iter().flat_map(|operation| &operation.parameters);
    let parameter = parameters.find(|parameter| parameter.name.eq_ignore_ascii_case(name));
    let right = parameter.map_or("", |parameter| &parameter.rule);
    let given = parameter.filter(|parameter| parameter.place == Place::Query).map(|_| query_value(name, context));
    let wrong = match given {
        Some(None) => format!("The parameter `{name}` is required."),
        Some(Some(value)) if has_lost_plus(&value) => format!(
            "The parameter `{name}` has a space where its offset begins, since a `+` in a query is decoded as a space; \
             write `%2B`."
        ),
        _ => format!("The parameter `{name}` is not valid."),
    };
    Failure::invalid(vec![Fault::of_parameter(name, format!("{wrong} {right}").trim_end())])
}

fn query_value(name: &str, context: &RequestContext) -> Option<String> {
    let mut given = context.uri.query()?.split('&').filter_map(|given| given.split_once('='));
    let (_, value) = given.find(|(given, _)| *given == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// Whether `value` is an RFC 3339 time whose offset began with `+` before the query was decoded.
fn has_lost_plus(value: &str) -> bool {
    value
        .rsplit_once(' ')
        .is_some_and(|(time, offset)| time.contains('T') && offset.len() == 5 && offset.as_bytes()[2] == b':')
}
