//! Refuses requests that poem would misinterpret: a path that is not UTF-8 or has an empty segment, or a query
//! parameter that is unknown or repeated and not a list. A slash at the end of the path is optional.

use std::collections::HashSet;

use call_acceptance_api::{
    document::operations::{Operation, Parameter, ParameterType, Place},
    wire::problem::{Failure, Fault, MAX_FAULTS, ProblemCode},
};
use percent_encoding::percent_decode_str;
use poem::{
    Request,
    http::{Uri, uri::PathAndQuery},
};

use super::context::RequestContext;

/// Refuses such a request, and removes a slash at the end of the path.
pub fn check(request: &mut Request, context: &RequestContext) -> Result<(), Failure> {
    let path = context.uri.path();
    if path.as_bytes().windows(2).any(|pair| pair == b"//") {
        let detail = "The path has an empty segment; names must not be empty.";
        return Err(Failure::refused(ProblemCode::RouteNotFound, detail));
    }
    if path.contains('%') && percent_decode_str(path).decode_utf8().is_err() {
        let detail = "The path is not percent-encoded UTF-8.";
        return Err(Failure::invalid(vec![Fault::of_parameter("path", detail)]));
    }
    if let Some(operation) = context.operation
        && context.uri.query().is_some()
    {
        check_query(request, operation)?;
    }
    if context.route.is_some()
        && let Some(uri) = without_slash(&context.uri)
    {
        *request.uri_mut() = uri;
    }
    Ok(())
}

fn check_query(request: &Request, operation: &Operation) -> Result<(), Failure> {
    let given: Vec<(String, String)> = request.params().unwrap_or_default();
    let known: Vec<&Parameter> = operation.parameters_in(Place::Query).collect();
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (name, _) in &given {
        match known.iter().find(|parameter| parameter.name == name) {
            None => {
                let known: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
                let right = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let detail =
                    format!("This operation does not support the query parameter {name:?}; it supports {right}.");
                faults.push(Fault::of_parameter(name, detail));
            }
            Some(parameter) if parameter.kind != ParameterType::List && !seen.insert(name) => {
                let detail = format!("The query parameter {name:?} appears twice; it is allowed once.");
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
    let without = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    without.ok().map(Uri::from)
}
