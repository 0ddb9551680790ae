//! Tenants.

use call_acceptance_api::{
    resource::tenant::{Tenant, TenantCreate, TenantList, TenantUpdate},
    value::name::TenantId,
    wire::page::PageQuery,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};

use super::{
    column::{column, cut, initial, optional, switch, value},
    entity::tenants::{ActiveModel, Column, Entity, Model},
    error::StoreError,
};

impl TryFrom<Model> for Tenant {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model { tenant_id, name, region, time_zone, record_refused_calls } = row;
        Ok(Self {
            tenant_id: value(tenant_id)?,
            name: optional(name)?,
            region: optional(region)?,
            time_zone: optional(time_zone)?,
            record_refused_calls: record_refused_calls.filter(|record| *record),
        })
    }
}

/// A page of the tenants.
pub async fn page(db: &impl ConnectionTrait, page: PageQuery<TenantId>) -> Result<TenantList, StoreError> {
    let limit = page.limit.get();
    let mut query = Entity::find().order_by_asc(Column::TenantId).limit(limit + 1);
    if let Some(after) = page.after {
        query = query.filter(Column::TenantId.gt(after.as_str()));
    }
    let mut rows = query.all(db).await?;
    let more = cut(&mut rows, limit);
    let tenants = rows.into_iter().map(Tenant::try_from).collect::<Result<Vec<_>, _>>()?;
    let next = tenants.last().filter(|_| more).map(|tenant| tenant.tenant_id.clone());
    Ok(TenantList { tenants, next })
}

/// Inserts a tenant.
pub async fn insert(db: &impl ConnectionTrait, tenant: TenantCreate) -> Result<Tenant, StoreError> {
    let TenantCreate { tenant_id, name, region, time_zone, record_refused_calls } = tenant;
    let row = ActiveModel {
        tenant_id: Set(tenant_id.into()),
        name: initial(name),
        region: initial(region),
        time_zone: initial(time_zone),
        record_refused_calls: Set(record_refused_calls.initial()),
    };
    row.insert(db).await?.try_into()
}

/// The tenant, if it exists.
pub async fn find(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = Entity::find_by_id(tenant.as_str()).one(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// The tenant, if it exists, locked until the end of the transaction, so that nobody changes it or adds to it.
pub async fn lock(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = Entity::find_by_id(tenant.as_str()).lock_exclusive().one(db).await?;
    row.map(Tenant::try_from).transpose()
}

/// Whether the tenant is there; it stays there, and no deletion of it begins, until the end of the transaction.
pub async fn hold(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<bool, StoreError> {
    Ok(Entity::find_by_id(tenant.as_str()).lock(LockType::KeyShare).one(db).await?.is_some())
}

/// Merges `update` into the tenant; returns the tenant after the update, if it exists.
pub async fn update(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    update: TenantUpdate,
) -> Result<Option<Tenant>, StoreError> {
    let TenantUpdate { tenant_id: _, name, region, time_zone, record_refused_calls } = update;
    let row = ActiveModel {
        name: column(name),
        region: column(region),
        time_zone: column(time_zone),
        record_refused_calls: switch(record_refused_calls),
        ..Default::default()
    };
    if !row.is_changed() {
        return find(db, tenant).await;
    }
    let rows =
        Entity::update_many().set(row).filter(Column::TenantId.eq(tenant.as_str())).exec_with_returning(db).await?;
    rows.into_iter().next().map(Tenant::try_from).transpose()
}

/// Deletes the tenant, which must be empty; returns whether it existed.
pub async fn delete(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<bool, StoreError> {
    let deleted = Entity::delete_by_id(tenant.as_str()).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}
