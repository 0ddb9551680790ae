//! The audit: what a change records of itself, and the port that reads it.

use std::time::Duration;

use async_trait::async_trait;
use call_acceptance_api::{
    access::Scope,
    resource::{
        audit::{AuditCursor, AuditEventList, AuditEvents, AuditFilter},
        token::TokenId,
    },
    value::{name::TenantId, owner::Owner},
    wire::{page::PageQuery, problem::Failure},
};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::{Done, Server};
use crate::store::{
    ConnectionTrait, StoreError, Transaction,
    audit::{self, Record},
    contents, ownership, token,
};

/// How often old events are looked for.
const CLEANING: Duration = Duration::from_secs(3600);

/// The record of a change of what stands at the path `below` under the owner.
pub(super) fn record<T: Serialize>(owner: &Owner, below: &[&str], before: Option<&T>, after: Option<&T>) -> Record {
    Record {
        scope: Scope::Of(owner.clone()),
        target: owner.path_of(below),
        before: before.map(json),
        after: after.map(json),
    }
}

pub(super) fn json(thing: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(thing).unwrap_or_default()
}

/// What an owner that is about to be deleted held.
pub(super) struct Emptied {
    records: Vec<Record>,
    revoked: Vec<TokenId>,
}

impl Emptied {
    /// The deletion, with the record of the owner's own removal behind those of what it held.
    pub(super) fn done(mut self, transaction: Transaction, own: Record) -> Done<()> {
        self.records.push(own);
        Done { transaction, value: (), records: self.records, revoked: self.revoked }
    }
}

/// Takes from the owner what must not outlive it: its tokens and, with `cascade`, all that it holds.
pub(super) async fn empty(db: &impl ConnectionTrait, owner: &Owner, cascade: bool) -> Result<Emptied, Failure> {
    let mut records = Vec::new();
    let revoked = token::delete_within(db, &Scope::Of(owner.clone())).await?;
    records.extend(revoked.iter().map(|kept| super::token::record(kept, Some(&kept.token), None)));
    if cascade {
        records.extend(contents::removals(db, owner).await?);
        ownership::empty(db, owner).await.map_err(StoreError::or_again)?;
    }
    Ok(Emptied { records, revoked: revoked.into_iter().map(|kept| kept.token.token_id).collect() })
}

#[async_trait]
impl AuditEvents for Server {
    async fn list(
        &self,
        tenant: TenantId,
        filter: AuditFilter,
        page: PageQuery<AuditCursor>,
    ) -> Result<AuditEventList, Failure> {
        Ok(audit::page(&self.db, &tenant, filter, page).await?)
    }
}

impl Server {
    /// Deletes the events that were kept as long as is configured, now and then.
    pub(super) async fn forget_events(&self) {
        let mut each = interval(CLEANING);
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            each.tick().await;
            if let Err(error) = audit::forget(&self.db, self.audit_retention).await {
                tracing::warn!(%error, "old audit events cannot be deleted");
            }
        }
    }
}
