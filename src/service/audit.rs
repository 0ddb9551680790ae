//! The audit of a tenant.

use async_trait::async_trait;
use call_acceptance_api::{
    resource::audit::{AuditCursor, AuditEventList, AuditEvents, AuditFilter},
    value::name::TenantId,
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
        Ok(audit::page(&self.db, &tenant, filter, page).await?)
    }
}
