//! Tenants.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        deletion::Deletion,
        tenant::{Tenant, TenantCreate, TenantList, TenantUpdate, Tenants},
    },
    value::{
        name::TenantId,
        owner::{Level, Owner},
    },
    wire::{
        page::PageQuery,
        problem::{Failure, ProblemCode},
    },
};

use super::{
    cascade::Begun,
    change::Done,
    owner::missing_owner,
    record::record,
    server::Server,
    write::{Unwritten, Written},
};
use crate::store::{ConnectionTrait, StoreError, feed::Change, tenant};

fn not_found(tenant: &TenantId) -> Failure {
    missing_owner(&Owner::Tenant(tenant.clone()), Level::Tenant)
}

/// Updates a tenant in a transaction.
pub(super) async fn update_tenant(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    update: &TenantUpdate,
) -> Result<Written<Tenant>, Unwritten> {
    let owner = Owner::Tenant(tenant.clone());
    let before = tenant::lock(db, tenant).await?.ok_or_else(|| not_found(tenant))?;
    let after = tenant::update(db, tenant, update.clone()).await?.ok_or_else(|| not_found(tenant))?;
    let record = record(&owner, &[], Some(&before), Some(&after))?;
    let same_calls = before.region == after.region && before.record_refused_calls == after.record_refused_calls;
    let change = match (same_calls, before.time_zone == after.time_zone) {
        (false, _) => Some(Change::Users(owner)),
        (true, false) => Some(Change::TimeZone(owner)),
        (true, true) => None,
    };
    Ok(Written::new(after, [record]).concerning(change))
}

#[async_trait]
impl Tenants for Server {
    async fn list(&self, page: PageQuery<TenantId>) -> Result<TenantList, Failure> {
        let page = &page;
        self.read(|db| async move { Ok(tenant::page(&db, page.clone()).await?) }).await
    }

    async fn create(&self, by: &Actor, create: TenantCreate) -> Result<Tenant, Failure> {
        let (create, owner) = (&create, &Owner::Tenant(create.tenant_id.clone()));
        self.change(by, |tx| async move {
            let taken = format!("There is already a tenant {:?}.", create.tenant_id.as_str());
            let created = tenant::insert(&tx, create.clone()).await;
            let created = created.map_err(|error| error.or_conflict(ProblemCode::TenantExists, taken))?;
            let record = record(owner, &[], None, Some(&created))?;
            Ok(Done::new(tx, created, [record]))
        })
        .await
    }

    async fn view(&self, tenant: TenantId) -> Result<Tenant, Failure> {
        tenant::find(&self.db, &tenant).await?.ok_or_else(|| not_found(&tenant))
    }

    async fn update(&self, by: &Actor, tenant: TenantId, update: TenantUpdate) -> Result<Tenant, Failure> {
        let (tenant, update) = (&tenant, &update);
        self.change(by, |tx| async move {
            let updated = update_tenant(&tx, tenant, update).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn delete(&self, by: &Actor, tenant: TenantId, cascade: bool) -> Result<Option<Deletion>, Failure> {
        let (tenant, owner) = (&tenant, &Owner::Tenant(tenant.clone()));
        let deleted = self.change(by, |tx| async move {
            let before = tenant::lock(&tx, tenant).await?.ok_or_else(|| not_found(tenant))?;
            let tx = match self.begin_deletion(tx, by, owner, cascade).await? {
                Begun::Background(deletion) => return Ok(deletion),
                Begun::Here(tx) => tx,
            };
            let emptied = self.empty(&tx, owner, cascade).await?;
            match tenant::delete(&tx, tenant).await {
                Ok(_) => Ok(emptied.done(tx, None, owner, record(owner, &[], Some(&before), None)?)),
                Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_retry()),
                Err(StoreError::Reference(_)) => {
                    let detail = format!(
                        "The tenant {:?} still has groups, schedules or number lists; `cascade=true` deletes them too.",
                        tenant.as_str()
                    );
                    Err(Failure::refused(ProblemCode::TenantInUse, detail))
                }
                Err(error) => Err(error.into()),
            }
        });
        self.begun(deleted.await?)
    }
}
