//! Tenants.

use async_trait::async_trait;
use call_acceptance_api::{
    name::TenantId,
    page::PageQuery,
    problem::{Failure, ProblemCode},
    schedule::Owner,
    tenant::{Tenant, TenantCreate, TenantList, TenantUpdate, Tenants},
};

use super::Service;
use crate::store::{StoreError, ownership, tenant};

fn not_found(tenant: &TenantId) -> Failure {
    super::missing_owner(ProblemCode::TenantNotFound, &Owner::Tenant(tenant.clone()))
}

#[async_trait]
impl Tenants for Service {
    async fn list(&self, page: PageQuery<TenantId>) -> Result<TenantList, Failure> {
        Ok(tenant::page(&self.db, page).await?)
    }

    async fn create(&self, create: TenantCreate) -> Result<Tenant, Failure> {
        let taken = format!("There is a tenant {:?} already.", create.tenant_id.as_str());
        tenant::insert(&self.db, create).await.map_err(|error| error.or_taken(ProblemCode::TenantExists, taken))
    }

    async fn view(&self, tenant: TenantId) -> Result<Tenant, Failure> {
        tenant::find(&self.db, &tenant).await?.ok_or_else(|| not_found(&tenant))
    }

    async fn update(&self, tenant: TenantId, update: TenantUpdate) -> Result<Tenant, Failure> {
        let (tenant, update) = (&tenant, &update);
        self.change(&Owner::Tenant(tenant.clone()), |tx| async move {
            let updated = tenant::update(&tx, tenant, update.clone()).await?.ok_or_else(|| not_found(tenant))?;
            Ok((tx, updated))
        })
        .await
    }

    async fn delete(&self, tenant: TenantId, cascade: bool) -> Result<(), Failure> {
        let (tenant, owner) = (&tenant, &Owner::Tenant(tenant.clone()));
        self.change(owner, |tx| async move {
            if cascade {
                ownership::empty(&tx, owner).await.map_err(StoreError::or_again)?;
            }
            match tenant::delete(&tx, tenant).await {
                Ok(true) => Ok((tx, ())),
                Ok(false) => Err(not_found(tenant)),
                Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_again()),
                Err(StoreError::Reference(_)) => {
                    let detail = format!(
                        "The tenant {:?} still has groups or schedules; `cascade=true` deletes them too.",
                        tenant.as_str()
                    );
                    Err(Failure::refused(ProblemCode::TenantInUse, detail))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }
}
