//! The audit trail of a tenant.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::audit::{AuditCursor, AuditEventList, AuditEvents, AuditFilter, Refused},
    value::{name::TenantId, owner::Owner},
    wire::{page::PageQuery, problem::Failure},
};

use super::server::Server;
use crate::store::audit;

#[async_trait]
impl AuditEvents for Server {
    async fn list(
        &self,
        tenant: TenantId,
        filter: AuditFilter,
        page: PageQuery<AuditCursor>,
    ) -> Result<AuditEventList, Failure> {
        let (tenant, filter, page) = (&tenant, &filter, &page);
        self.read(|db| async move { Ok(audit::page(&db, tenant, filter.clone(), page.clone()).await?) }).await
    }
}

impl Server {
    /// Notes for the audit that `by` was refused something of `owner`; of very many refusals, some are only counted.
    pub fn note_refusal(&self, by: Actor, owner: Owner, why: Refused) {
        self.refusals.note(by, owner, why);
    }
}
