//! Who owns what: emptying an owner, and finding out which of its parents is missing.

use call_acceptance_api::{
    value::owner::{GroupPath, Owner},
    wire::problem::ProblemCode,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    StoreError,
    entity::{criteria, groups, schedules, user_services, users},
    group, tenant, user,
};

/// The first of tenant, group and user that is not there; `None` when all are.
pub async fn missing(db: &impl ConnectionTrait, owner: &Owner) -> Result<Option<ProblemCode>, StoreError> {
    let (tenant_id, group_path, user_path) = match owner {
        Owner::Tenant(tenant) => (tenant, None, None),
        Owner::Group(path) => (&path.tenant, Some(path.clone()), None),
        Owner::User(path) => {
            (&path.tenant, Some(GroupPath { tenant: path.tenant.clone(), group: path.group.clone() }), Some(path))
        }
    };
    if tenant::find(db, tenant_id).await?.is_none() {
        return Ok(Some(ProblemCode::TenantNotFound));
    }
    if let Some(path) = group_path
        && group::find(db, &path).await?.is_none()
    {
        return Ok(Some(ProblemCode::GroupNotFound));
    }
    if let Some(path) = user_path
        && user::find(db, path).await?.is_none()
    {
        return Ok(Some(ProblemCode::UserNotFound));
    }
    Ok(None)
}

/// The rows of a table that are the owner's or of what it holds.
macro_rules! below {
    ($table:ident, $owner:expr) => {
        match $owner {
            call_acceptance_api::value::owner::Owner::Tenant(tenant) => {
                sea_orm::Condition::all().add($table::Column::TenantId.eq(tenant.as_str()))
            }
            call_acceptance_api::value::owner::Owner::Group(path) => sea_orm::Condition::all()
                .add($table::Column::TenantId.eq(path.tenant.as_str()))
                .add($table::Column::GroupId.eq(path.group.as_str())),
            call_acceptance_api::value::owner::Owner::User(path) => sea_orm::Condition::all()
                .add($table::Column::TenantId.eq(path.tenant.as_str()))
                .add($table::Column::GroupId.eq(path.group.as_str()))
                .add($table::Column::UserId.eq(path.user.as_str())),
        }
    };
}

pub(super) use below;

/// Deletes all that the owner holds, the owner itself aside.
pub async fn empty(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), StoreError> {
    criteria::Entity::delete_many().filter(below!(criteria, owner)).exec(db).await?;
    schedules::Entity::delete_many().filter(below!(schedules, owner)).exec(db).await?;
    user_services::Entity::delete_many().filter(below!(user_services, owner)).exec(db).await?;
    if !matches!(owner, Owner::User(_)) {
        users::Entity::delete_many().filter(below!(users, owner)).exec(db).await?;
    }
    if let Owner::Tenant(tenant) = owner {
        groups::Entity::delete_many().filter(groups::Column::TenantId.eq(tenant.as_str())).exec(db).await?;
    }
    Ok(())
}
