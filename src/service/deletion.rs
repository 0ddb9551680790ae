//! Deleting an owner with what it holds in one transaction, and what must not be created in one that is being deleted.

use call_acceptance_api::{
    access::Scope,
    resource::{deletion::Deletion, token::TokenId},
    value::{name::TenantId, owner::Owner, time::Instant},
    wire::problem::{Failure, ProblemCode},
};

use super::{change::Done, record::token_record, server::Server, write::Written};
use crate::store::{
    ConnectionTrait, StoreError, Transaction,
    audit::Record,
    contents, deletion,
    feed::Change,
    ownership, policy, statistics,
    token::{self, KeptToken},
};

/// The contents of an owner that is about to be deleted.
pub(super) struct Emptied {
    records: Vec<Record>,
    revoked: Vec<TokenId>,
}

impl Emptied {
    /// The deletion, with the record of the owner's own removal behind those of what it held.
    pub(super) fn written<T>(mut self, value: T, owner: &Owner, own: Record) -> Written<T> {
        self.records.push(own);
        let changes = self.revoked.into_iter().map(Change::Token).chain([Change::Users(owner.clone())]);
        Written::new(value, self.records).concerning(changes)
    }

    /// As [`Self::written`], in a transaction of its own.
    pub(super) fn done<T>(self, transaction: Transaction, value: T, owner: &Owner, own: Record) -> Done<T> {
        let Written { value, records, changes } = self.written(value, owner, own);
        Done::new(transaction, value, records).concerning(changes)
    }
}

/// A record of the removal of each token, and what others must know of it.
pub(super) fn revocations(revoked: Vec<KeptToken>) -> Result<(Vec<Record>, Vec<TokenId>), Failure> {
    let records = revoked.iter().map(|kept| token_record(kept, Some(&kept.token), None)).collect::<Result<_, _>>()?;
    Ok((records, revoked.into_iter().map(|kept| kept.token.token_id).collect()))
}

/// Refuses a creation in an owner that is being deleted: else the deletion need not come to its end. It is checked
/// when the new row is there already, which waits for a deletion that begins.
pub(super) async fn check_creation(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), Failure> {
    deletion::covering(db, owner).await?.map_or(Ok(()), |running| Err(being_deleted(&running)))
}

/// As [`check_creation`], for creations anywhere in a tenant. It also refuses those in groups beside one that is being
/// deleted.
pub(super) async fn check_creations(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(), Failure> {
    deletion::in_tenant(db, tenant).await?.map_or(Ok(()), |running| Err(being_deleted(&running)))
}

fn being_deleted(running: &Deletion) -> Failure {
    let detail = format!("{} is being deleted; nothing is created in it until that is complete.", name(running));
    Failure::refused(ProblemCode::BeingDeleted, detail)
}

/// Refuses a token for an owner that is being deleted, as for one that is not there: creating a token has no other
/// refusal for it.
pub(super) async fn check_token(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), Failure> {
    let Some(running) = deletion::covering(db, owner).await? else { return Ok(()) };
    let code = if running.group_id.is_some() { ProblemCode::GroupNotFound } else { ProblemCode::TenantNotFound };
    Err(Failure::refused(code, format!("{} is being deleted; it gets no more tokens.", name(&running))))
}

fn name(running: &Deletion) -> String {
    match &running.group_id {
        Some(group) => format!("The group {:?}", group.as_str()),
        None => format!("The tenant {:?}", running.tenant_id.as_str()),
    }
}

impl Server {
    /// Takes from the owner what must not outlive it: its tokens and, with `cascade`, all that it holds. What deletes
    /// a part of it in the background has nothing left to do.
    pub(super) async fn empty(
        &self,
        db: &impl ConnectionTrait,
        owner: &Owner,
        cascade: bool,
    ) -> Result<Emptied, Failure> {
        deletion::complete(db, owner, &Instant::of(self.clock.now())).await?;
        let (mut records, revoked) = revocations(token::delete_within(db, &Scope::Of(owner.clone())).await?)?;
        records.extend(policy::removal(db, owner).await?);
        if cascade {
            if let Owner::Tenant(tenant) = owner {
                records.extend(policy::removals(db, tenant, None).await?);
            }
            records.extend(contents::removals(db, owner).await?);
            ownership::empty(db, owner).await.map_err(StoreError::or_retry)?;
        }
        statistics::delete_below(db, owner).await?;
        Ok(Emptied { records, revoked })
    }
}
