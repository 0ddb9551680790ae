//! Records of changes, as the audit keeps them.

use call_acceptance_api::{access::Scope, resource::token::Token, value::owner::Owner, wire::problem::Failure};
use serde::Serialize;

use crate::store::{audit::Record, token::KeptToken};

/// The record of a change of what stands at the path `below` under the owner.
///
/// # Errors
/// A thing that cannot be written as JSON, which no value of the contract is.
pub(super) fn record<T: Serialize>(
    owner: &Owner,
    below: &[&str],
    before: Option<&T>,
    after: Option<&T>,
) -> Result<Record, Failure> {
    Ok(Record {
        scope: Scope::Of(owner.clone()),
        target: owner.path_of(below),
        before: before.map(json).transpose()?,
        after: after.map(json).transpose()?,
    })
}

/// The record of a change of a token.
///
/// # Errors
/// As [`record`].
pub(super) fn token_record(kept: &KeptToken, before: Option<&Token>, after: Option<&Token>) -> Result<Record, Failure> {
    Ok(Record {
        scope: kept.scope.clone(),
        target: format!("/api/v1/tokens/{}/", kept.token.token_id),
        before: before.map(json).transpose()?,
        after: after.map(json).transpose()?,
    })
}

fn json(thing: &impl Serialize) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(thing).map_err(|error| Failure::Internal(error.into()))
}
