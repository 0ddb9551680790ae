//! Access rules in the published document.

use serde_json::{Map, Value, json};

use super::walk::operations_mut;
use crate::{access::Rule, wire::problem::ProblemCode};

/// The problems of requests that are refused before they reach an operation.
const BEFORE_AN_OPERATION: [ProblemCode; 4] = [
    ProblemCode::Unauthenticated,
    ProblemCode::Forbidden,
    ProblemCode::TooManyAttempts,
    ProblemCode::ProviderUnavailable,
];

/// Turns each operation's access rule, which its security requirement spells, into OpenAPI: security schemes, responses
/// of refused requests, and the rule in `x-access` and in the description.
pub(super) fn secure(document: &mut Value) {
    for operation in operations_mut(document) {
        let spelled = operation["security"][0].as_object().and_then(|requirement| requirement.keys().next());
        let rule = spelled.and_then(|text| serde_json::from_str(text).ok()).and_then(|rule| Rule::from_json(&rule));
        let Some(rule) = rule else { continue };
        operation["security"] = json!([{ "token": [] }, { "basic": [] }]);
        operation["x-access"] = rule.to_json();
        let description = operation["description"].as_str().unwrap_or_default().trim_end();
        operation["description"] = format!("{description}\n\n{}", rule.describe()).into();
        if let Some(responses) = operation["responses"].as_object_mut() {
            let of_changes = rule.changes().then_some(ProblemCode::TooManyWrites);
            BEFORE_AN_OPERATION.into_iter().chain(of_changes).for_each(|code| add_answer(responses, code));
            responses.sort_keys();
        }
    }
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of this server, `ca_<id>_<secret>`, or an access token (JWT) of the OpenID \
                provider that it trusts.",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The same token as user name (`<id>`) and password (`<secret>`), for clients that \
                support nothing else.",
        },
    });
}

/// Adds the problem to the response with its status.
fn add_answer(responses: &mut Map<String, Value>, code: ProblemCode) {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let content = json!({ "application/problem+json": { "schema": schema } });
    let answer =
        responses.entry(code.status().as_str()).or_insert_with(|| json!({ "description": "", "content": content }));
    let known = answer["description"].as_str().unwrap_or_default();
    answer["description"] = format!("{known} `{code}`: {}.", code.title()).trim_start().into();
}
