//! Requests that poem would take for something else than they are: an empty segment in the path, a query parameter
//! that is unknown or stands twice. The slash at the end of a path may be there or not.

use std::sync::Arc;

use call_acceptance_api::{
    document::operations::{Place, route},
    wire::problem::{Failure, Fault, ProblemCode},
};
use poem::{Endpoint, IntoResponse, Request, Response, http::Uri};

/// Refuses such a request, and hands on any other without the slash at its end.
pub async fn check<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<Response> {
    let path = request.uri().path();
    if path.contains("//") {
        let detail = "The path has an empty segment; a name in it must not be empty.";
        return Err(Failure::refused(ProblemCode::RouteNotFound, detail).into());
    }
    if path.starts_with("/api/") || path.starts_with("/health/") {
        check_query(&request)?;
        if let Some(uri) = without_slash(request.uri()) {
            *request.uri_mut() = uri;
        }
    }
    next.call(request).await.map(IntoResponse::into_response)
}

fn check_query(request: &Request) -> Result<(), Failure> {
    if request.uri().query().is_none() {
        return Ok(());
    }
    let found = route(request.uri().path()).and_then(|route| route.operation(request.method()));
    let Some(operation) = found else { return Ok(()) };
    let given: Vec<(String, String)> = request.params().unwrap_or_default();
    let known: Vec<&str> = operation.parameters_in(Place::Query).map(|parameter| parameter.name).collect();
    let mut faults = Vec::new();
    for (at, (name, _)) in given.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let right =
                if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
            faults.push(Fault::of_parameter(
                name,
                format!("This operation does not know the query parameter {name:?}; {right}."),
            ));
        } else if given[..at].iter().any(|(before, _)| before == name) {
            faults.push(Fault::of_parameter(
                name,
                format!("The query parameter {name:?} stands twice; it is taken once."),
            ));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::invalid(faults)) }
}

fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}
