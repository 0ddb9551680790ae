//! The line of the log for each request.

use std::sync::LazyLock;

use poem::Response;
use regex::Regex;

use super::context::RequestContext;

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

/// Writes the line of a request that was answered.
pub fn write(answer: &Response, context: &RequestContext) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let operation = context.operation.map_or("-", |operation| operation.id);
    let actor = context.identity.get().map_or("-", |identity| &identity.actor);
    let (method, path) = (&context.method, masked(context.uri.path()));
    let duration_ms = context.started.elapsed().as_micros() as f64 / 1000.0;
    tracing::info!(operation, actor, %method, path, status = answer.status().as_u16(), duration_ms,
        request_id = %context.id, "request");
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
