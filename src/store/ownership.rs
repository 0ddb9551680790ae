//! Ownership: deleting the contents of an owner, and finding out which of its parents is missing.

use call_acceptance_api::value::owner::{Level, Owner};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, Func},
};

use super::{
    column::owner_columns,
    entity::{criteria, groups, number_lists, schedules, user_services, users},
    error::StoreError,
    group, tenant, user,
};

/// The first of tenant, group and user that does not exist; `None` if all do.
pub async fn missing(db: &impl ConnectionTrait, owner: &Owner) -> Result<Option<Level>, StoreError> {
    let mut from_above: Vec<Owner> = owner.with_parents().collect();
    from_above.reverse();
    for owner in from_above {
        let there = match &owner {
            Owner::Tenant(tenant) => tenant::find(db, tenant).await?.is_some(),
            Owner::Group(path) => group::find(db, path).await?.is_some(),
            Owner::User(path) => user::find(db, path).await?.is_some(),
        };
        if !there {
            return Ok(Some(owner.level()));
        }
    }
    Ok(None)
}

/// The rows of a table that belong to the owner itself, in the form of the table's unique index of names, so that the
/// index is used.
pub(super) fn owned<C: ColumnTrait>(owner: &Owner, of_tenant: C, of_group: C, of_user: C) -> Condition {
    let (tenant, group, user) = owner_columns(owner);
    let is = |column: C, id: Option<String>| {
        Expr::expr(Func::coalesce([Expr::col(column), Expr::cust("''")])).eq(id.unwrap_or_default())
    };
    Condition::all().add(of_tenant.eq(tenant)).add(is(of_group, group)).add(is(of_user, user))
}

/// The rows of a table that belong to the owner or to something below it.
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

/// Deletes everything below the owner, but neither the owner itself nor its statistics.
pub async fn empty(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), StoreError> {
    criteria::Entity::delete_many().filter(below!(criteria, owner)).exec(db).await?;
    schedules::Entity::delete_many().filter(below!(schedules, owner)).exec(db).await?;
    number_lists::Entity::delete_many().filter(below!(number_lists, owner)).exec(db).await?;
    user_services::Entity::delete_many().filter(below!(user_services, owner)).exec(db).await?;
    if !matches!(owner, Owner::User(_)) {
        users::Entity::delete_many().filter(below!(users, owner)).exec(db).await?;
    }
    if let Owner::Tenant(tenant) = owner {
        groups::Entity::delete_many().filter(groups::Column::TenantId.eq(tenant.as_str())).exec(db).await?;
    }
    Ok(())
}
