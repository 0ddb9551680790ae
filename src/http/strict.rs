//! Requests that poem would take for something else than they are: an empty segment in the path, a query parameter
//! that is unknown, or stands twice and is no list. The slash at the end of a path may be there or not.

use std::{collections::HashSet, sync::Arc};

use call_acceptance_api::{
    document::operations::{Parameter, ParameterType, Place, route},
    wire::problem::{Failure, Fault, MAX_FAULTS, ProblemCode},
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
    let known: Vec<&Parameter> = operation.parameters_in(Place::Query).collect();
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (name, _) in &given {
        match known.iter().find(|parameter| parameter.name == name) {
            None => {
                let known: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
                let right = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let detail = format!("This operation does not know the query parameter {name:?}; it takes {right}.");
                faults.push(Fault::of_parameter(name, detail));
            }
            Some(parameter) if parameter.kind != ParameterType::List && !seen.insert(name) => {
                let detail = format!("The query parameter {name:?} stands twice; it is taken once.");
                faults.push(Fault::of_parameter(name, detail));
            }
            Some(_) => {}
        }
        if faults.len() >= MAX_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::invalid(faults)) }
}

fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}
