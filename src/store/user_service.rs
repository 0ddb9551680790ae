//! The service of a user and its revision. The row is what writers of the user's criteria lock.

use call_acceptance_api::{value::owner::UserPath, wire::precondition::Revision};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use super::{
    StoreError,
    entity::user_services::{ActiveModel, Column, Entity},
};

/// How the service is named in the table.
pub(super) const SERVICE: &str = "selective_call_acceptance";

fn key(user: &UserPath) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(user.tenant.as_str()))
        .add(Column::GroupId.eq(user.group.as_str()))
        .add(Column::UserId.eq(user.user.as_str()))
        .add(Column::Service.eq(SERVICE))
}

/// Whether the user has the service.
pub async fn is_assigned(db: &impl ConnectionTrait, user: &UserPath) -> Result<bool, StoreError> {
    Ok(Entity::find().filter(key(user)).one(db).await?.is_some())
}

/// Gives the service to the user, unless it is there already; whether it was given.
pub async fn insert(db: &impl ConnectionTrait, user: &UserPath, revision: Revision) -> Result<bool, StoreError> {
    let row = ActiveModel {
        tenant_id: Set(user.tenant.to_string()),
        group_id: Set(user.group.to_string()),
        user_id: Set(user.user.to_string()),
        service: Set(SERVICE.to_owned()),
        revision: Set(revision.0),
    };
    let unless_there = OnConflict::columns([Column::TenantId, Column::GroupId, Column::UserId, Column::Service])
        .do_nothing()
        .to_owned();
    Ok(Entity::insert(row).on_conflict(unless_there).exec_without_returning(db).await? > 0)
}

/// Raises the revision and so locks the service until the end of the transaction; the revision after that, if the
/// user has the service.
pub async fn raise_revision(db: &impl ConnectionTrait, user: &UserPath) -> Result<Option<Revision>, StoreError> {
    let raised = Entity::update_many().col_expr(Column::Revision, Expr::col(Column::Revision).add(1)).filter(key(user));
    let rows = raised.exec_with_returning(db).await?;
    Ok(rows.first().map(|row| Revision(row.revision)))
}

/// Takes the service from the user, who has no criteria.
pub async fn delete(db: &impl ConnectionTrait, user: &UserPath) -> Result<(), StoreError> {
    Entity::delete_many().filter(key(user)).exec(db).await?;
    Ok(())
}
