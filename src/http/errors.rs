//! Every error as a problem: those of the operations, and those that the framework makes itself.

use std::sync::Arc;

use call_acceptance_api::{
    access::Identity,
    document::DOCUMENT,
    wire::{
        payload::MAX_BODY_BYTES,
        problem::{Failure, Fault, Problem, ProblemCode, Refusal},
    },
};
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

use super::{operations, request_log::RequestId};

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
    /// Whether it said who sends it.
    authorized: bool,
}

/// Answers with a problem where the request failed.
pub async fn tell<E: Endpoint>(next: Arc<E>, request: Request) -> poem::Result<Response> {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let authorized = request.headers().contains_key(header::AUTHORIZATION);
    let asked = Asked { id, method: request.method().clone(), path: request.uri().path().to_owned(), authorized };
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
    let (status, _) = refusal.code.meaning();
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
    let mut methods: Vec<String> =
        operations::at(path).iter().map(|operation| operation.method.to_uppercase()).collect();
    if methods.is_empty() {
        methods.push("GET".to_owned());
    }
    if let Some(get) = methods.iter().position(|method| method == "GET") {
        methods.insert(get + 1, "HEAD".to_owned());
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

/// The media type that the operation takes.
fn media_type(asked: &Asked) -> &'static str {
    let operation = operations::find(asked.method.as_str(), &asked.path);
    let content = operation.and_then(|operation| operation.object.pointer("/requestBody/content")?.as_object());
    content.and_then(|content| content.keys().next()).map_or("application/json", String::as_str)
}

/// poem-openapi counts the parameters of a path, `param0`, `param1`; the document names them in the same order.
fn bad_path_parameter(counted: &str, asked: &Asked) -> Failure {
    let operation = operations::find(asked.method.as_str(), &asked.path);
    let place: Option<usize> = counted.strip_prefix("param").and_then(|place| place.parse().ok());
    let name = operation.zip(place).and_then(|(operation, place)| operation.parameters("path").nth(place));
    bad_parameter(name.unwrap_or("path"), asked)
}

fn bad_parameter(name: &str, asked: &Asked) -> Failure {
    let operation = operations::find(asked.method.as_str(), &asked.path);
    let parameters = operation.and_then(|operation| operation.object["parameters"].as_array()).into_iter().flatten();
    let parameter = parameters
        .into_iter()
        .find(|parameter| parameter["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    let schema = parameter.map(|parameter| &parameter["schema"]);
    let named = schema
        .and_then(|schema| schema["$ref"].as_str())
        .and_then(|name| DOCUMENT.pointer(name.trim_start_matches('#')));
    let right = match named.or(schema) {
        Some(schema) if schema["description"].is_string() => {
            schema["description"].as_str().unwrap_or_default().to_owned()
        }
        Some(schema) => format!("It must be a {}.", schema["type"].as_str().unwrap_or_default()),
        None => String::new(),
    };
    let detail = format!("The parameter `{name}` is not valid. {right}");
    Failure::invalid(vec![Fault::of_parameter(name, detail.trim_end())])
}
