//! Audit records of changes.

use call_acceptance_api::{access::Scope, resource::token::Token, value::owner::Owner, wire::problem::Failure};
use serde::Serialize;
use serde_json::Value;

use crate::store::{audit::Record, token::KeptToken};

/// The record of a change of the resource at the path `below` under the owner.
///
/// # Errors
/// If a value cannot be serialized as JSON; values of the contract always can.
pub(super) fn record<T: Serialize>(
    owner: &Owner,
    below: &[&str],
    before: Option<&T>,
    after: Option<&T>,
) -> Result<Record, Failure> {
    let (before, after) = match (before, after) {
        (Some(before), Some(after)) => {
            let (before, after) = difference(tree(before)?, tree(after)?);
            (Some(before.to_string()), Some(after.to_string()))
        }
        (before, after) => (before.map(json).transpose()?, after.map(json).transpose()?),
    };
    Ok(Record { scope: Scope::Of(owner.clone()), target: owner.path_of(below), before, after })
}

/// For an update, only the members that differ, so that the size of an event depends on the change and not on the
/// resource. Created and deleted resources are recorded whole.
fn difference(before: Value, after: Value) -> (Value, Value) {
    let (mut before, mut after) = match (before, after) {
        (Value::Object(before), Value::Object(after)) => (before, after),
        other => return other,
    };
    let shared: Vec<String> = before.keys().filter(|name| after.contains_key(*name)).cloned().collect();
    for name in shared {
        let (Some(old), Some(new)) = (before.remove(&name), after.remove(&name)) else { continue };
        if old != new {
            let (old, new) = difference(old, new);
            before.insert(name.clone(), old);
            after.insert(name, new);
        }
    }
    (Value::Object(before), Value::Object(after))
}

/// The record of a change of a token.
///
/// # Errors
/// See [`record`].
pub(super) fn token_record(kept: &KeptToken, before: Option<&Token>, after: Option<&Token>) -> Result<Record, Failure> {
    Ok(Record {
        scope: kept.scope.clone(),
        target: format!("/api/v1/tokens/{}/", kept.token.token_id),
        before: before.map(json).transpose()?,
        after: after.map(json).transpose()?,
    })
}

fn json(thing: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(thing).map_err(|error| Failure::Internal(error.into()))
}

fn tree(thing: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(thing).map_err(|error| Failure::Internal(error.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_recorded_by_the_members_that_differ() {
        for (before, after, old, new) in [
            (json!({ "a": 1, "b": 2 }), json!({ "a": 1, "b": 3 }), json!({ "b": 2 }), json!({ "b": 3 })),
            (json!({ "a": 1 }), json!({ "b": 1 }), json!({ "a": 1 }), json!({ "b": 1 })),
            (
                json!({ "a": { "b": 1, "c": [1] } }),
                json!({ "a": { "b": 1, "c": [2] } }),
                json!({ "a": { "c": [1] } }),
                json!({ "a": { "c": [2] } }),
            ),
            (json!({ "a": { "b": 1 } }), json!({ "a": 1 }), json!({ "a": { "b": 1 } }), json!({ "a": 1 })),
            (json!({ "a": 1 }), json!({ "a": 1 }), json!({}), json!({})),
        ] {
            assert_eq!(difference(before, after), (old, new));
        }
    }
}
