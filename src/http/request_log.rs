//! The request's identifier, and one line of the log for each request.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Instant,
};

use call_acceptance_api::access::Identity;
use poem::{Endpoint, IntoResponse, Request, Response, http::HeaderValue};
use poem_openapi::OperationId;
use regex::Regex;
use uuid::Uuid;

const HEADER: &str = "X-Request-Id";

/// The identifier of a request: the caller's if it is sane, else a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(request: &Request) -> Self {
        let sane = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/+=@-".contains(&byte))
        };
        match request.header(HEADER).filter(sane) {
            Some(id) => Self(id.to_owned()),
            None => Self(Uuid::now_v7().to_string()),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A phone number, as a path can name one: seven digits and more, with or without the percent-encoded `+`.
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(%2[Bb]|\b)([0-9]{3})[0-9]{2,}([0-9]{2})\b").expect("the pattern is right"));
/// A token, should somebody put one into a path.
static SECRET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(ca_[0-9a-f]{32}_)[A-Za-z0-9_-]+").expect("the pattern is right"));

/// The path as it may be logged: neither numbers nor secrets in full.
fn masked(path: &str) -> String {
    let without_secrets = SECRET.replace_all(path, "${1}…");
    NUMBER.replace_all(&without_secrets, "$1$2…$3").into_owned()
}

/// Gives the request its identifier, and logs the answer.
pub async fn log<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<Response> {
    let started = Instant::now();
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let (method, path) = (request.method().clone(), masked(request.uri().path()));
    let mut answer = next.call(request).await?.into_response();
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        answer.headers_mut().insert(HEADER, value);
    }
    let operation = answer.data::<OperationId>().map_or("-", |operation| operation.0);
    let actor = answer.data::<Arc<Identity>>().map_or("-", |identity| &identity.actor);
    let duration_ms = started.elapsed().as_micros() as f64 / 1000.0;
    tracing::info!(operation, actor, %method, path, status = answer.status().as_u16(), duration_ms, request_id = %id,
    "request");
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_secrets_are_not_logged_in_full() {
        for (path, logged) in [
            ("/users/%2B3225550100/services/", "/users/%2B322…00/services/"),
            ("/users/3225550100%40example.com/", "/users/322…00%40example.com/"),
            ("/users/jane/", "/users/jane/"),
            ("/users/100/", "/users/100/"),
            ("/tokens/0193a0c03a527c408a3e7f2b9f6d1c55/", "/tokens/0193a0c03a527c408a3e7f2b9f6d1c55/"),
            ("/ca_0193a0c03a527c408a3e7f2b9f6d1c55_a-Z_9", "/ca_0193a0c03a527c408a3e7f2b9f6d1c55_…"),
        ] {
            assert_eq!(masked(path), logged);
        }
    }
}
