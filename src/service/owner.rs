//! Errors for missing owners.

use call_acceptance_api::{
    resource::user_service::UserServicePath,
    value::owner::{Level, Owner},
    wire::problem::{Failure, ProblemCode},
};

use crate::store::{ConnectionTrait, ownership};

/// The error for the first of tenant, group and user that does not exist.
pub(super) async fn check_owner(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), Failure> {
    match ownership::missing(db, owner).await? {
        Some(level) => Err(missing_owner(owner, level)),
        None => Ok(()),
    }
}

/// The error for a service that the user does not have.
pub(super) fn not_assigned(path: &UserServicePath) -> Failure {
    let detail = format!("The user {:?} does not have the service {}.", path.user.user.as_str(), path.service.as_str());
    Failure::refused(ProblemCode::ServiceNotAssigned, detail)
}

/// The error for `owner` when the part at `level` is missing.
pub(super) fn missing_owner(owner: &Owner, level: Level) -> Failure {
    let [tenant, group, user] = owner.names().map(Option::unwrap_or_default);
    let (code, detail) = match level {
        Level::Tenant => (ProblemCode::TenantNotFound, format!("There is no tenant {tenant:?}.")),
        Level::Group => (ProblemCode::GroupNotFound, format!("The tenant {tenant:?} has no group {group:?}.")),
        Level::User => {
            (ProblemCode::UserNotFound, format!("The group {group:?} of the tenant {tenant:?} has no user {user:?}."))
        }
    };
    Failure::refused(code, detail)
}

/// The error for an owner that was not found, whichever of its parents is missing.
pub(super) async fn not_found(db: &impl ConnectionTrait, owner: &Owner) -> Failure {
    match check_owner(db, owner).await {
        Err(failure) => failure,
        // It was created by a concurrent request after the statement that did not find it.
        Ok(()) => missing_owner(owner, owner.level()),
    }
}
