//! Who calls, and whether it may: the one place that every request to the API passes. The rule of each operation stands
//! beside it in the contract; an operation without one is open to nobody.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use call_acceptance_api::{
    access::{Actor, ActorKind, Identity, Role, Rule, Scope, forbidden},
    document::operations::{Route, route},
    value::name::composed,
    wire::problem::{Failure, ProblemCode, Refusal},
};
use percent_encoding::percent_decode_str;
use poem::{Endpoint, IntoResponse, Request, Response, http::header};
use poem_openapi::OperationId;

use super::{attempts::Attempts, request_log::RequestId};
use crate::service::{Credentials, Server, not_good};

/// What requests are let in by.
pub struct Gate {
    server: Arc<Server>,
    attempts: Attempts,
    /// Whom everybody is taken for, where nobody is asked.
    anyone: Option<Arc<Identity>>,
}

impl Gate {
    /// Lets in whom `service` knows; with `open`, everybody.
    pub fn new(server: Arc<Server>, attempts: Attempts, open: bool) -> Self {
        let anyone = Identity {
            kind: ActorKind::Anyone,
            actor: "anyone".to_owned(),
            role: Role::SystemAdmin,
            scope: Scope::System,
            read_only: false,
        };
        Self { server, attempts, anyone: open.then(|| anyone.into()) }
    }

    async fn identify(&self, request: &Request, at_call_time: bool) -> Result<Arc<Identity>, Failure> {
        if let Some(anyone) = &self.anyone {
            return Ok(anyone.clone());
        }
        let Some(header) = request.header(header::AUTHORIZATION.as_str()) else { return Err(no_credentials()) };
        let address = request.remote_addr().as_socket_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |at| at.ip());
        let credentials = credentials(header);
        if let Some(identity) = credentials.as_ref().and_then(|credentials| self.server.recall(credentials)) {
            return Ok(identity);
        }
        self.attempts.admit(address)?;
        let result = match &credentials {
            Some(credentials) => self.server.authenticate(credentials, at_call_time).await,
            None => Err(not_good()),
        };
        if let Err(Failure::Refused(Refusal { code: ProblemCode::Unauthenticated, .. })) = &result {
            self.attempts.failed(address)?;
        }
        result
    }
}

fn no_credentials() -> Failure {
    Failure::refused(
        ProblemCode::Unauthenticated,
        "The request must say who sends it: `Authorization: Bearer` with a token.",
    )
}

/// The credentials in an `Authorization` header (RFC 6750, section 2.1; RFC 7617).
fn credentials(header: &str) -> Option<Credentials> {
    let (scheme, text) = header.split_once(' ')?;
    let text = text.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::of_bearer(text));
    }
    let decoded = BASE64_STANDARD.decode(text).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Credentials::of_basic(id, secret)
}

/// Lets a request to the API pass, with who sends it, when its operation is open to that one.
pub async fn check<E: Endpoint>(gate: Arc<Gate>, next: Arc<E>, mut request: Request) -> poem::Result<Response> {
    let path = request.uri().path();
    if !path.starts_with("/api/") {
        return next.call(request).await.map(IntoResponse::into_response);
    }
    // Without an operation there is nothing to be done, which the router tells.
    let found = route(path);
    let operation = found.as_ref().and_then(|route| route.operation(request.method()));
    let named = |failure: Failure| {
        let mut error = poem::Error::from(failure);
        operation.into_iter().for_each(|operation| error.set_data(OperationId(operation.id)));
        error
    };
    let rule = operation.and_then(|operation| operation.access);
    let names = found.as_ref().map(names).unwrap_or_default();
    let at_call_time = rule.is_some_and(|rule| rule.roles().any(|role| role == Role::CallProcessing));
    let identity = gate.identify(&request, at_call_time).await.map_err(named)?;
    let mut answer = match operation {
        Some(_) if !opens(rule, &names, &identity) => Err(named(forbidden())),
        Some(operation) => {
            let id = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
            let caller = Actor { identity: identity.clone(), request_id: id.to_string(), operation: operation.id };
            request.extensions_mut().insert(caller);
            next.call(request).await.map(IntoResponse::into_response)
        }
        None => next.call(request).await.map(IntoResponse::into_response),
    };
    match &mut answer {
        Ok(answer) => answer.set_data(identity),
        Err(error) => error.set_data(identity),
    }
    answer
}

/// The tenant, the group and the user that the path of the request names, where it does.
fn names(route: &Route<'_>) -> [Option<String>; 3] {
    let decoded = |value: &str| composed(&percent_decode_str(value).decode_utf8_lossy());
    ["tenant_id", "group_id", "user_id"].map(|name| route.value(name).map(decoded))
}

/// Whether the rule opens an operation on what has these names to `identity`.
fn opens(rule: Option<Rule>, names: &[Option<String>; 3], identity: &Identity) -> bool {
    rule.is_some_and(|rule| rule.lets(identity, names.each_ref().map(Option::as_deref)))
}
