//! Groups.

use call_acceptance_api::{
    resource::group::{Group, GroupCreate, GroupList, GroupUpdate},
    value::{
        name::{GroupId, TenantId},
        owner::GroupPath,
    },
    wire::page::PageQuery,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};

use super::{
    column::{column, cut, initial, optional, value},
    entity::groups::{ActiveModel, Column, Entity, Model},
    error::StoreError,
};

impl TryFrom<Model> for Group {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model { tenant_id: _, group_id, group_name, time_zone } = row;
        Ok(Self { group_id: value(group_id)?, group_name: optional(group_name)?, time_zone: optional(time_zone)? })
    }
}

fn key(group: &GroupPath) -> Condition {
    Condition::all().add(Column::TenantId.eq(group.tenant.as_str())).add(Column::GroupId.eq(group.group.as_str()))
}

/// A page of the tenant's groups.
pub async fn page(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    page: PageQuery<GroupId>,
) -> Result<GroupList, StoreError> {
    let limit = page.limit.get();
    let mut query =
        Entity::find().filter(Column::TenantId.eq(tenant.as_str())).order_by_asc(Column::GroupId).limit(limit + 1);
    if let Some(after) = page.after {
        query = query.filter(Column::GroupId.gt(after.as_str()));
    }
    let mut rows = query.all(db).await?;
    let more = cut(&mut rows, limit);
    let groups = rows.into_iter().map(Group::try_from).collect::<Result<Vec<_>, _>>()?;
    let next = groups.last().filter(|_| more).map(|group| group.group_id.clone());
    Ok(GroupList { groups, next })
}

/// Inserts a group.
pub async fn insert(db: &impl ConnectionTrait, tenant: &TenantId, group: GroupCreate) -> Result<Group, StoreError> {
    let GroupCreate { group_id, group_name, time_zone } = group;
    let row = ActiveModel {
        tenant_id: Set(tenant.to_string()),
        group_id: Set(group_id.into()),
        group_name: initial(group_name),
        time_zone: initial(time_zone),
    };
    row.insert(db).await?.try_into()
}

/// The group, if it exists.
pub async fn find(db: &impl ConnectionTrait, group: &GroupPath) -> Result<Option<Group>, StoreError> {
    let row = Entity::find().filter(key(group)).one(db).await?;
    row.map(Group::try_from).transpose()
}

/// The group, if it exists, locked until the end of the transaction, so that nobody changes it or adds to it.
pub async fn lock(db: &impl ConnectionTrait, group: &GroupPath) -> Result<Option<Group>, StoreError> {
    let row = Entity::find().filter(key(group)).lock_exclusive().one(db).await?;
    row.map(Group::try_from).transpose()
}

/// Whether the group is there; it stays there, and no deletion of it begins, until the end of the transaction.
pub async fn hold(db: &impl ConnectionTrait, group: &GroupPath) -> Result<bool, StoreError> {
    Ok(Entity::find().filter(key(group)).lock(LockType::KeyShare).one(db).await?.is_some())
}

/// Merges `update` into the group; returns the group after the update, if it exists.
pub async fn update(
    db: &impl ConnectionTrait,
    group: &GroupPath,
    update: GroupUpdate,
) -> Result<Option<Group>, StoreError> {
    let GroupUpdate { group_id: _, group_name, time_zone } = update;
    let row = ActiveModel { group_name: column(group_name), time_zone: column(time_zone), ..Default::default() };
    if !row.is_changed() {
        return find(db, group).await;
    }
    let rows = Entity::update_many().set(row).filter(key(group)).exec_with_returning(db).await?;
    rows.into_iter().next().map(Group::try_from).transpose()
}

/// Deletes the group, which must be empty; returns whether it existed.
pub async fn delete(db: &impl ConnectionTrait, group: &GroupPath) -> Result<bool, StoreError> {
    let deleted = Entity::delete_many().filter(key(group)).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}
