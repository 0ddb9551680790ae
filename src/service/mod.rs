//! What the server does: the ports of the contract, one file per resource. Rules and transaction boundaries are here;
//! SQL is in the store, HTTP is in front.

mod decision;
mod group;
mod schedule;
mod selective_call_acceptance;
mod snapshots;
mod tenant;
mod user;
mod user_service;

use std::sync::Arc;

use crate::{
    clock::Clock,
    config::DecisionConfig,
    store::{self, Connection, ConnectionTrait, Transaction, feed, ownership},
};
use async_trait::async_trait;
use call_acceptance_api::{
    health::Readiness,
    name::UserPath,
    problem::{Failure, ProblemCode},
    schedule::Owner,
};

use snapshots::Snapshots;

/// The server behind the contract.
pub struct Service {
    db: Connection,
    clock: Arc<dyn Clock>,
    snapshots: Arc<Snapshots>,
}

impl Service {
    /// A server over the database `db`, which takes time and identifiers from `clock`.
    pub fn new(db: Connection, clock: Arc<dyn Clock>, decisions: DecisionConfig) -> Self {
        let snapshots = Arc::new(Snapshots::of(db.clone(), decisions));
        Self { db, clock, snapshots }
    }

    /// Follows what other instances change, for as long as the future is polled.
    pub async fn watch(&self) {
        self.snapshots.watch().await;
    }

    /// Does `work` in one transaction, as [`store::transaction`]; calls to the users of `owner` may be decided otherwise
    /// after it, here at once, and by other instances within the staleness.
    async fn change<T, W, F>(&self, owner: &Owner, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<(Transaction, T), Failure>>,
    {
        let work = &work;
        let changed = store::transaction(&self.db, |tx| async move {
            let (tx, done) = work(tx).await?;
            feed::note(&tx, self.clock.new_id(), owner).await?;
            Ok((tx, done))
        })
        .await;
        // Not on success only: a commit whose answer was lost may have been done.
        self.snapshots.forget(owner);
        changed
    }
}

#[async_trait]
impl Readiness for Service {
    async fn ready(&self) -> Result<(), Failure> {
        Ok(store::ping(&self.db).await?)
    }
}

/// The refusal for the first of tenant, group and user that is not there.
async fn check_owner(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), Failure> {
    match ownership::missing(db, owner).await? {
        Some(code) => Err(missing_owner(code, owner)),
        None => Ok(()),
    }
}

fn not_assigned(user: &UserPath) -> Failure {
    let detail = format!("The user {:?} does not have the service Selective Call Acceptance.", user.user.as_str());
    Failure::refused(ProblemCode::ServiceNotAssigned, detail)
}

fn missing_owner(code: ProblemCode, owner: &Owner) -> Failure {
    let (tenant, group, user) = match owner {
        Owner::Tenant(tenant) => (tenant.as_str(), "", ""),
        Owner::Group(path) => (path.tenant.as_str(), path.group.as_str(), ""),
        Owner::User(path) => (path.tenant.as_str(), path.group.as_str(), path.user.as_str()),
    };
    let detail = match code {
        ProblemCode::TenantNotFound => format!("There is no tenant {tenant:?}."),
        ProblemCode::GroupNotFound => format!("The tenant {tenant:?} has no group {group:?}."),
        _ => format!("The group {group:?} of the tenant {tenant:?} has no user {user:?}."),
    };
    Failure::refused(code, detail)
}

/// The refusal for an owner that was not found, whichever of its parents is missing.
async fn not_found(db: &impl ConnectionTrait, owner: &Owner) -> Failure {
    match check_owner(db, owner).await {
        Err(failure) => failure,
        // It came back since it was not found; the caller may well have sent both requests at once.
        Ok(()) => {
            let code = match owner {
                Owner::Tenant(_) => ProblemCode::TenantNotFound,
                Owner::Group(_) => ProblemCode::GroupNotFound,
                Owner::User(_) => ProblemCode::UserNotFound,
            };
            missing_owner(code, owner)
        }
    }
}
