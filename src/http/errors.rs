//! Every error as a problem: those of the operations, and those that the framework makes itself.

use std::sync::Arc;

use call_acceptance_api::{
    access::Identity,
    document::operations::{Operation, Place, route},
    wire::{
        payload::MAX_BODY_BYTES,
        problem::{Failure, Fault, Problem, ProblemCode, Refusal},
    },
};
use percent_encoding::percent_decode_str;
use poem::{
    Endpoint, Error, IntoResponse, Request, Response,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{Method, StatusCode, header},
    web::Json,
};
use poem_openapi::{
    OperationId,
    error::{ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError},
};

use super::request_log::RequestId;

/// How long a caller waits before it asks again, in seconds.
const RETRY_AFTER: u32 = 1;
/// How to say who sends a request (RFC 6750, section 3). Basic is not offered: browsers would ask for a password.
const CHALLENGE: &str = "Bearer realm=\"call-acceptance\"";
const INVALID_TOKEN: &str = "Bearer realm=\"call-acceptance\", error=\"invalid_token\"";

/// What is kept of a request to explain its error.
struct Asked {
    id: RequestId,
    method: Method,
    path: String,
    query: Option<String>,
    /// Whether it said who sends it.
    authorized: bool,
}

/// Answers with a problem where the request failed.
pub async fn tell<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let authorized = request.headers().contains_key(header::AUTHORIZATION);
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().map(str::to_owned));
    let asked = Asked { id, method: request.method().clone(), path, query, authorized };
    match next.call(request).await {
        Ok(answer) => Ok(answer.into_response()),
        Err(error) => {
            let operation = error.data::<OperationId>().copied();
            let identity = error.data::<Arc<Identity>>().cloned();
            let failure = into_failure(error, &asked);
            log(&failure, &asked.id);
            let mut answer = problem(failure.into_refusal(), &asked);
            operation.into_iter().for_each(|operation| answer.set_data(operation));
            identity.into_iter().for_each(|identity| answer.set_data(identity));
            Ok(answer)
        }
    }
}

fn log(failure: &Failure, id: &RequestId) {
    match failure {
        Failure::Refused(_) => {}
        Failure::Unavailable(cause) => tracing::warn!(request_id = %id, %cause, "unavailable"),
        Failure::Internal(cause) => tracing::error!(request_id = %id, %cause, "internal error"),
    }
}

fn problem(refusal: Refusal, asked: &Asked) -> Response {
    let status = refusal.code.status();
    let retry_after = refusal.retry_after.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER));
    let body = Json(Problem::new(refusal, asked.id.as_str())).with_content_type("application/problem+json");
    let mut answer = body.with_status(status).into_response();
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = if asked.authorized { INVALID_TOKEN } else { CHALLENGE };
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(challenge));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(methods) = allowed(&asked.path).parse()
    {
        answer.headers_mut().insert(header::ALLOW, methods);
    }
    answer
}

/// The methods of a path, as `Allow` wants them. A path that the document does not know is a page: it is read only.
fn allowed(path: &str) -> String {
    let operations = route(path).map_or(&[][..], |route| route.operations);
    let mut methods: Vec<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
    if methods.is_empty() {
        methods.push("GET");
    }
    if let Some(get) = methods.iter().position(|method| *method == "GET") {
        methods.insert(get + 1, "HEAD");
    }
    methods.join(", ")
}

fn into_failure(error: Error, asked: &Asked) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    if error.is::<NotFoundError>() {
        return Failure::refused(
            ProblemCode::RouteNotFound,
            "There is nothing under this path; /docs/ shows what there is.",
        );
    }
    if error.is::<MethodNotAllowedError>() {
        let detail = format!("This path does not know the method {}; it knows {}.", asked.method, allowed(&asked.path));
        return Failure::refused(ProblemCode::MethodNotAllowed, detail);
    }
    if error.is::<poem::error::ParsePathError>() {
        let detail = "The path is not percent-encoded UTF-8.";
        return Failure::invalid(vec![Fault::of_parameter("path", detail)]);
    }
    if let Some(ParsePathError { name, .. }) = error.downcast_ref() {
        return bad_path_parameter(name, asked);
    }
    if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
        return bad_parameter(name, asked);
    }
    if error.is::<ContentTypeError>() {
        let detail = format!("The body must be sent as `Content-Type: {}`.", media_type(asked));
        return Failure::refused(ProblemCode::UnsupportedMediaType, detail);
    }
    if let Some(ReadBodyError::PayloadTooLarge) = error.downcast_ref() {
        return Failure::refused(ProblemCode::BodyTooLarge, format!("The body is longer than {MAX_BODY_BYTES} bytes."));
    }
    if let Some(ReadBodyError::Io(_)) = error.downcast_ref() {
        return Failure::refused(ProblemCode::MalformedJson, "The body did not arrive whole.");
    }
    if error.is::<ParseRequestPayloadError>() {
        return Failure::Internal(format!("a body passed its schema and was not parsed: {error}").into());
    }
    Failure::Internal(format!("error without a kind: {error}").into())
}

fn operation(asked: &Asked) -> Option<&'static Operation> {
    route(&asked.path)?.operation(&asked.method)
}

/// The media type that the operation takes.
fn media_type(asked: &Asked) -> &'static str {
    operation(asked).and_then(|operation| operation.body).map_or("application/json", |body| body.media_type)
}

/// poem-openapi counts the parameters of a path, `param0`, `param1`; the document names them in the same order.
fn bad_path_parameter(counted: &str, asked: &Asked) -> Failure {
    let place: Option<usize> = counted.strip_prefix("param").and_then(|place| place.parse().ok());
    let parameter = operation(asked).zip(place).and_then(|(it, place)| it.parameters_in(Place::Path).nth(place));
    bad_parameter(parameter.map_or("path", |parameter| parameter.name), asked)
}

fn bad_parameter(name: &str, asked: &Asked) -> Failure {
    let mut parameters = operation(asked).into_iter().flat_map(|operation| &operation.parameters);
    let parameter = parameters.find(|parameter| parameter.name.eq_ignore_ascii_case(name));
    let right = parameter.map_or("", |parameter| &parameter.rule);
    let given = parameter.filter(|parameter| parameter.place == Place::Query).map(|_| query_value(name, asked));
    let wrong = match given {
        Some(None) => format!("The parameter `{name}` is required."),
        Some(Some(value)) if has_lost_plus(&value) => format!(
            "The parameter `{name}` has a space where its offset begins, since a `+` in a URL means a space; write \
            `%2B`."
        ),
        _ => format!("The parameter `{name}` is not valid."),
    };
    Failure::invalid(vec![Fault::of_parameter(name, format!("{wrong} {right}").trim_end())])
}

fn query_value(name: &str, asked: &Asked) -> Option<String> {
    let mut given = asked.query.as_deref()?.split('&').filter_map(|given| given.split_once('='));
    let (_, value) = given.find(|(given, _)| *given == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// Whether `value` is a time whose offset began with a `+` (RFC 3339) before the URL was read.
fn has_lost_plus(value: &str) -> bool {
    value
        .rsplit_once(' ')
        .is_some_and(|(time, offset)| time.contains('T') && offset.len() == 5 && offset.as_bytes()[2] == b':')
}
