//! What the server does: the ports of the contract, one file per resource. Rules and transaction boundaries are here;
//! SQL is in the store, HTTP is in front.

mod audit;
mod authentication;
mod decision;
mod group;
mod identities;
mod schedule;
mod selective_call_acceptance;
mod snapshots;
mod tenant;
mod token;
mod user;
mod user_service;

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    config::Config,
    identity::oidc::Verifier,
    store::{
        self, Connection, ConnectionTrait, Transaction,
        audit::{self as audit_events, Record},
        feed::{self, Change},
        ownership,
    },
};
use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{health::Readiness, token::TokenId},
    value::owner::{Owner, UserPath},
    wire::problem::{Failure, ProblemCode},
};

use identities::Identities;
use snapshots::Snapshots;

pub use authentication::{Credentials, not_good};

/// The server behind the contract.
pub struct Server {
    db: Connection,
    clock: Arc<dyn Clock>,
    snapshots: Arc<Snapshots>,
    identities: Arc<Identities>,
    verifier: Option<Verifier>,
    audit_retention: Duration,
}

/// What a change did, in a transaction that is still open.
struct Done<T> {
    transaction: Transaction,
    value: T,
    /// What it did to each thing; a thing that is as it was before is not recorded.
    records: Vec<Record>,
    /// The tokens that are good no more.
    revoked: Vec<TokenId>,
}

impl<T> Done<T> {
    fn new(transaction: Transaction, value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { transaction, value, records: records.into(), revoked: Vec::new() }
    }
}

impl Server {
    /// A server over the database `db`, which takes time and identifiers from `clock`.
    pub fn new(db: Connection, clock: Arc<dyn Clock>, config: &Config) -> Self {
        let identities = Arc::new(Identities::default());
        let snapshots = Arc::new(Snapshots::of(db.clone(), config.decisions, identities.clone()));
        let verifier = config.oidc.clone().map(|oidc| Verifier::new(oidc, clock.clone()));
        Self { db, clock, snapshots, identities, verifier, audit_retention: config.audit_retention }
    }

    /// Follows what other instances change and keeps the house, for as long as the future is polled.
    pub async fn watch(&self) {
        tokio::join!(self.snapshots.watch(), self.note_uses(), self.forget_events());
    }

    /// The database outside `transaction`, which is given up and holds its connection no more: whoever has one must not wait
    /// for another.
    async fn outside(&self, transaction: Transaction) -> Result<&Connection, Failure> {
        store::give_up(transaction).await?;
        Ok(&self.db)
    }

    /// Does `work` in one transaction, as [`store::transaction`], with its records in the audit, done by `by`. Calls to the
    /// users of `owner` may be decided otherwise after it, here at once, and by other instances within the staleness;
    /// the same goes for the tokens that it revokes.
    async fn change<T, W, F>(&self, by: &Actor, owner: Option<&Owner>, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<Done<T>, Failure>>,
    {
        let (work, id) = (&work, self.clock.new_id());
        let changed = store::transaction(&self.db, |transaction| async move {
            let Done { transaction, value, mut records, revoked } = work(transaction).await?;
            records.retain(|record| record.before != record.after);
            audit_events::insert(&transaction, by, &records, || self.clock.new_id()).await?;
            let tokens = revoked.iter().map(|token| (self.clock.new_id(), Change::Token(token.clone())));
            let users = owner.map(|owner| (id, Change::Users(owner.clone())));
            feed::note(&transaction, &tokens.chain(users).collect::<Vec<_>>()).await?;
            Ok((transaction, (value, revoked)))
        })
        .await;
        // Not on success only: a commit whose answer was lost may have been done.
        if let Some(owner) = owner {
            self.snapshots.forget_own(owner, id);
        }
        let (value, revoked) = changed?;
        revoked.iter().for_each(|token| self.identities.forget(token));
        Ok(value)
    }
}

#[async_trait]
impl Readiness for Server {
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
