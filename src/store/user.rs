//! Users.

use std::collections::{HashMap, HashSet};

use call_acceptance_api::{
    resource::user::{User, UserCreate, UserList, UserUpdate},
    value::{
        name::{TenantId, UserId},
        owner::{GroupPath, UserPath},
    },
    wire::page::PageQuery,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{OnConflict, Query},
};
use serde_json::json;

use super::{
    batch::is_among,
    column::{column, cut, initial, optional, value},
    entity::users::{ActiveModel, Column, Entity, Model},
    error::StoreError,
    rows::Rows,
};

impl TryFrom<Model> for User {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model {
            tenant_id: _,
            group_id: _,
            user_id,
            first_name,
            last_name,
            email_address,
            phone_number,
            extension,
            time_zone,
        } = row;
        Ok(Self {
            user_id: value(user_id)?,
            first_name: optional(first_name)?,
            last_name: optional(last_name)?,
            email_address: optional(email_address)?,
            phone_number: optional(phone_number)?,
            extension: optional(extension)?,
            time_zone: optional(time_zone)?,
        })
    }
}

fn group_key(group: &GroupPath) -> Condition {
    Condition::all().add(Column::TenantId.eq(group.tenant.as_str())).add(Column::GroupId.eq(group.group.as_str()))
}

fn key(user: &UserPath) -> Condition {
    let UserPath { tenant, group, user } = user;
    group_key(&GroupPath { tenant: tenant.clone(), group: group.clone() }).add(Column::UserId.eq(user.as_str()))
}

/// A page of the group's users.
pub async fn page(
    db: &impl ConnectionTrait,
    group: &GroupPath,
    page: PageQuery<UserId>,
) -> Result<UserList, StoreError> {
    let limit = page.limit.get();
    let mut query = Entity::find().filter(group_key(group)).order_by_asc(Column::UserId).limit(limit + 1);
    if let Some(after) = page.after {
        query = query.filter(Column::UserId.gt(after.as_str()));
    }
    let mut rows = query.all(db).await?;
    let more = cut(&mut rows, limit);
    let users = rows.into_iter().map(User::try_from).collect::<Result<Vec<_>, _>>()?;
    let next = users.last().filter(|_| more).map(|user| user.user_id.clone());
    Ok(UserList { users, next })
}

/// Inserts a user.
pub async fn insert(db: &impl ConnectionTrait, group: &GroupPath, user: UserCreate) -> Result<User, StoreError> {
    row(group, user).insert(db).await?.try_into()
}

fn row(group: &GroupPath, user: UserCreate) -> ActiveModel {
    let UserCreate { user_id, first_name, last_name, email_address, phone_number, extension, time_zone } = user;
    ActiveModel {
        tenant_id: Set(group.tenant.to_string()),
        group_id: Set(group.group.to_string()),
        user_id: Set(user_id.into()),
        first_name: initial(first_name),
        last_name: initial(last_name),
        email_address: initial(email_address),
        phone_number: initial(phone_number),
        extension: initial(extension),
        time_zone: initial(time_zone),
    }
}

fn path(tenant: &TenantId, (group, user): (String, String)) -> Result<UserPath, StoreError> {
    Ok(UserPath { tenant: tenant.clone(), group: value(group)?, user: value(user)? })
}

/// Inserts those of the tenant's users that do not exist; who they are.
pub async fn insert_new(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    users: &[(&GroupPath, &UserCreate)],
) -> Result<HashSet<UserPath>, StoreError> {
    let rows: Vec<_> = users.iter().map(|(group, user)| row(group, (*user).clone())).collect();
    let unless_there = OnConflict::columns([Column::TenantId, Column::GroupId, Column::UserId]).do_nothing().to_owned();
    let mut inserted = HashSet::with_capacity(users.len());
    for insert in Rows::of(&rows).insertions(db.get_database_backend()) {
        let mut insert = insert?;
        insert.on_conflict(unless_there.clone());
        insert.returning(Query::returning().columns([Column::GroupId, Column::UserId]));
        for row in db.query_all(&insert).await? {
            inserted.insert(path(tenant, row.try_get_many_by_index()?)?);
        }
    }
    Ok(inserted)
}

/// Those of these users of a tenant who exist.
pub async fn find_all(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    users: &[&UserPath],
) -> Result<HashMap<UserPath, User>, StoreError> {
    let keys = users.iter().map(|user| json!([user.group, user.user])).collect();
    let these = is_among::<Entity>(db.get_database_backend(), &[Column::GroupId, Column::UserId], &keys);
    let rows = Entity::find().filter(Column::TenantId.eq(tenant.as_str())).filter(these).all(db).await?;
    let found = |row: Model| {
        let path = path(tenant, (row.group_id.clone(), row.user_id.clone()))?;
        Ok((path, User::try_from(row)?))
    };
    rows.into_iter().map(found).collect()
}

/// The user, if it exists.
pub async fn find(db: &impl ConnectionTrait, user: &UserPath) -> Result<Option<User>, StoreError> {
    let row = Entity::find().filter(key(user)).one(db).await?;
    row.map(User::try_from).transpose()
}

/// The user, if it exists, locked until the end of the transaction, so that nobody changes it or adds to it.
pub async fn lock(db: &impl ConnectionTrait, user: &UserPath) -> Result<Option<User>, StoreError> {
    let row = Entity::find().filter(key(user)).lock_exclusive().one(db).await?;
    row.map(User::try_from).transpose()
}

/// Merges `update` into the user; returns the user after the update, if it exists.
pub async fn update(
    db: &impl ConnectionTrait,
    user: &UserPath,
    update: UserUpdate,
) -> Result<Option<User>, StoreError> {
    let UserUpdate { user_id: _, first_name, last_name, email_address, phone_number, extension, time_zone } = update;
    let row = ActiveModel {
        first_name: column(first_name),
        last_name: column(last_name),
        email_address: column(email_address),
        phone_number: column(phone_number),
        extension: column(extension),
        time_zone: column(time_zone),
        ..Default::default()
    };
    if !row.is_changed() {
        return find(db, user).await;
    }
    let rows = Entity::update_many().set(row).filter(key(user)).exec_with_returning(db).await?;
    rows.into_iter().next().map(User::try_from).transpose()
}

/// Deletes the user, who must have no services and schedules; returns whether it existed.
pub async fn delete(db: &impl ConnectionTrait, user: &UserPath) -> Result<bool, StoreError> {
    let deleted = Entity::delete_many().filter(key(user)).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}
