//! Number lists of tenants, groups and users. `number_list_entries.rs` has their entries.

use std::collections::{HashMap, HashSet};

use call_acceptance_api::{
    access::Scope,
    resource::{
        criteria::NumberListReference,
        number_list::{NumberList, NumberListCreate, NumberListPath, NumberListUpdate},
    },
    value::{
        name::{NumberListName, TenantId},
        owner::{Owner, UserPath},
        phone_number::Region,
    },
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
    prelude::Uuid,
    sea_query::{Expr, LockType, Query},
};

use super::{
    audit::Record,
    column::{column, initial, optional, owner_columns, owner_of, value},
    criteria as of_criteria,
    entity::{
        criteria, criteria_number_lists as references,
        number_lists::{ActiveModel, Column, Entity, Model},
        tenants,
    },
    error::StoreError,
    ownership::owned,
};

/// The key of a number list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberListKey {
    /// The tenant that it belongs to, at whatever level.
    pub tenant: TenantId,
    /// Its identifier, which stays when it is renamed.
    pub id: Uuid,
}

/// A stored number list.
#[derive(Debug, Clone)]
pub struct KeptNumberList {
    /// Its key.
    pub key: NumberListKey,
    /// The list as it is shown.
    pub list: NumberList,
}

impl TryFrom<Model> for KeptNumberList {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model { tenant_id, list_id, group_id: _, user_id: _, name, description, entry_count, revision: _ } = row;
        Ok(Self {
            key: NumberListKey { tenant: value(tenant_id)?, id: list_id },
            list: NumberList {
                name: value(name)?,
                description: optional(description)?,
                entry_count: entry_count.try_into().map_err(StoreError::corrupt)?,
            },
        })
    }
}

/// The rows of the owner, without those below it.
fn of(owner: &Owner) -> Condition {
    owned(owner, Column::TenantId, Column::GroupId, Column::UserId)
}

pub(super) fn key(key: &NumberListKey) -> Condition {
    Condition::all().add(Column::TenantId.eq(key.tenant.as_str())).add(Column::ListId.eq(key.id))
}

/// The owner of a row.
pub(super) fn owner(row: &Model) -> Result<Owner, StoreError> {
    owner_of(&row.tenant_id, row.group_id.as_deref(), row.user_id.as_deref())
}

/// The names of at most `limit` number lists of the owner after `after`, in order.
pub async fn names(
    db: &impl ConnectionTrait,
    owner: &Owner,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<NumberListName>, StoreError> {
    let query = Entity::find().select_only().column(Column::Name).filter(of(owner));
    let behind = Condition::all().add_option(after.map(|after| Column::Name.gt(after)));
    let names: Vec<String> = query.filter(behind).order_by_asc(Column::Name).limit(limit).into_tuple().all(db).await?;
    names.into_iter().map(value).collect()
}

/// The number of number lists of the owner.
pub async fn count(db: &impl ConnectionTrait, owner: &Owner) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(of(owner)).count(db).await?)
}

/// Inserts a number list without entries under a new key.
pub async fn insert(
    db: &impl ConnectionTrait,
    owner: &Owner,
    id: Uuid,
    create: NumberListCreate,
) -> Result<KeptNumberList, StoreError> {
    let (tenant_id, group_id, user_id) = owner_columns(owner);
    let row = ActiveModel {
        tenant_id: Set(tenant_id),
        list_id: Set(id),
        group_id: Set(group_id),
        user_id: Set(user_id),
        name: Set(create.name.into()),
        description: initial(create.description),
        entry_count: Set(0),
        revision: Set(0),
    };
    row.insert(db).await?.try_into()
}

/// The number list, if it exists.
pub async fn find(db: &impl ConnectionTrait, path: &NumberListPath) -> Result<Option<KeptNumberList>, StoreError> {
    one(db, path, None).await
}

/// The number list, if it exists, locked against other writers until the end of the transaction.
pub async fn lock(db: &impl ConnectionTrait, path: &NumberListPath) -> Result<Option<KeptNumberList>, StoreError> {
    one(db, path, Some(LockType::NoKeyUpdate)).await
}

async fn one(
    db: &impl ConnectionTrait,
    path: &NumberListPath,
    lock: Option<LockType>,
) -> Result<Option<KeptNumberList>, StoreError> {
    let mut query = Entity::find().filter(of(&path.owner)).filter(Column::Name.eq(path.name.as_str()));
    if let Some(lock) = lock {
        query = query.lock(lock);
    }
    query.one(db).await?.map(KeptNumberList::try_from).transpose()
}

/// Merges `update` into the number list.
pub async fn update(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    update: NumberListUpdate,
) -> Result<Option<KeptNumberList>, StoreError> {
    let NumberListUpdate { name: _, new_name, description } = update;
    let mut row = ActiveModel { description: column(description), ..Default::default() };
    if let Some(new_name) = new_name {
        row.name = Set(new_name.into());
    }
    let found = match row.is_changed() {
        true => Entity::update_many().set(row).filter(key(list)).exec_with_returning(db).await?.into_iter().next(),
        false => Entity::find().filter(key(list)).one(db).await?,
    };
    found.map(KeptNumberList::try_from).transpose()
}

/// Deletes the number list with its entries; fails with a reference error while criteria refer to it.
pub async fn delete(db: &impl ConnectionTrait, list: &NumberListKey) -> Result<(), StoreError> {
    Entity::delete_many().filter(key(list)).exec(db).await?;
    Ok(())
}

/// Notes that the entries have changed, and that there are `count` now.
pub async fn note_entries(db: &impl ConnectionTrait, list: &NumberListKey, count: usize) -> Result<(), StoreError> {
    let count = i64::try_from(count).map_err(StoreError::corrupt)?;
    Entity::update_many()
        .col_expr(Column::EntryCount, Expr::val(count))
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .filter(key(list))
        .exec(db)
        .await?;
    Ok(())
}

/// The number lists that `references` name as seen from `user`; `None` if they name none.
fn named(user: &UserPath, references: impl IntoIterator<Item = NumberListReference>) -> Option<Select<Entity>> {
    let from = Owner::User(user.clone());
    let mut owners: HashMap<Owner, HashSet<String>> = HashMap::new();
    for NumberListReference { level, name } in references {
        if let Some(owner) = from.at_level(level) {
            owners.entry(owner).or_default().insert(name.into());
        }
    }
    with_names(owners)
}

/// The number lists with these names of their owners; `None` if there are no names.
fn with_names(owners: HashMap<Owner, HashSet<String>>) -> Option<Select<Entity>> {
    if owners.is_empty() {
        return None;
    }
    let wanted = owners
        .into_iter()
        .fold(Condition::any(), |any, (owner, names)| any.add(of(&owner).add(Column::Name.is_in(names))));
    Some(Entity::find().filter(wanted))
}

/// As [`lock_ids`], of lists of any owners.
pub async fn lock_all(
    db: &impl ConnectionTrait,
    lists: Vec<NumberListPath>,
) -> Result<HashMap<NumberListPath, Uuid>, StoreError> {
    let mut owners: HashMap<Owner, HashSet<String>> = HashMap::new();
    for NumberListPath { owner, name } in lists {
        owners.entry(owner).or_default().insert(name.into());
    }
    let Some(these) = with_names(owners) else { return Ok(HashMap::new()) };
    let rows = these.order_by_asc(Column::ListId).lock(LockType::Share).all(db).await?;
    let path = |row: Model| Ok((NumberListPath { owner: owner(&row)?, name: value(row.name)? }, row.list_id));
    rows.into_iter().map(path).collect()
}

fn keys(rows: Vec<Model>) -> Result<HashMap<NumberListReference, Uuid>, StoreError> {
    let reference = |row: Model| {
        let level = owner(&row)?.level();
        Ok((NumberListReference { level, name: value(row.name)? }, row.list_id))
    };
    rows.into_iter().map(reference).collect()
}

/// The keys of the number lists that `references` name as seen from `user`, as far as they exist, in one statement.
pub async fn find_ids(
    db: &impl ConnectionTrait,
    user: &UserPath,
    references: impl IntoIterator<Item = NumberListReference>,
) -> Result<HashMap<NumberListReference, Uuid>, StoreError> {
    let Some(named) = named(user, references) else { return Ok(HashMap::new()) };
    keys(named.all(db).await?)
}

/// As [`find_ids`]. The lists are locked against renaming and deletion until the end of the transaction.
pub async fn lock_ids(
    db: &impl ConnectionTrait,
    user: &UserPath,
    references: impl IntoIterator<Item = NumberListReference>,
) -> Result<HashMap<NumberListReference, Uuid>, StoreError> {
    let Some(named) = named(user, references) else { return Ok(HashMap::new()) };
    // In the order of keys, so that concurrent writers cannot deadlock.
    keys(named.order_by_asc(Column::ListId).lock(LockType::Share).all(db).await?)
}

/// Whether a criteria refers to the list.
fn refers_to(list: &NumberListKey) -> Condition {
    let mut references_of = Query::select();
    references_of.expr(Expr::val(1)).from(references::Entity);
    for (of_reference, of_criteria) in [
        (references::Column::TenantId, criteria::Column::TenantId),
        (references::Column::GroupId, criteria::Column::GroupId),
        (references::Column::UserId, criteria::Column::UserId),
        (references::Column::Service, criteria::Column::Service),
        (references::Column::Position, criteria::Column::Position),
    ] {
        let same = Expr::col((references::Entity, of_reference)).equals((criteria::Entity, of_criteria));
        references_of.and_where(same);
    }
    references_of.and_where(references::Column::ListId.eq(list.id));
    Condition::all().add(Expr::exists(references_of))
}

/// At most `limit` criteria that refer to the number list: group, user and name of each.
pub async fn references(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
    limit: u64,
) -> Result<Vec<(String, String, String)>, StoreError> {
    of_criteria::referring(db, &list.tenant, refers_to(list), limit).await
}

/// Raises the revisions of the services whose criteria refer to the list, since their responses change.
pub async fn raise_revisions(db: &impl ConnectionTrait, list: &NumberListKey) -> Result<(), StoreError> {
    of_criteria::raise_revisions(db, &list.tenant, refers_to(list)).await
}

/// What a compiled number list depends on beside its entries: its revision, and the region of its tenant.
pub async fn version(
    db: &impl ConnectionTrait,
    list: &NumberListKey,
) -> Result<Option<(i64, Option<Region>)>, StoreError> {
    let tenant: sea_orm::RelationDef =
        Entity::belongs_to(tenants::Entity).from(Column::TenantId).to(tenants::Column::TenantId).into();
    let query = Entity::find()
        .select_only()
        .column(Column::Revision)
        .column(tenants::Column::Region)
        .join(sea_orm::JoinType::InnerJoin, tenant)
        .filter(key(list));
    let row: Option<(i64, Option<String>)> = query.into_tuple().one(db).await?;
    row.map(|(revision, region)| Ok((revision, optional(region)?))).transpose()
}

/// The record of the removal of the number list of a row.
pub(super) fn removal(row: Model) -> Result<Record, StoreError> {
    let owner = owner(&row)?;
    let list = KeptNumberList::try_from(row)?.list;
    let path = NumberListPath { owner, name: list.name.clone() };
    Ok(Record {
        scope: Scope::Of(path.owner.clone()),
        target: path.owner.path_of(&path.segments()),
        before: Some(serde_json::to_string(&list).map_err(StoreError::corrupt)?),
        after: None,
    })
}
