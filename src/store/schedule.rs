//! Schedules of tenants, groups and users.

use std::collections::{HashMap, HashSet};

use call_acceptance_api::{
    resource::{
        criteria::ScheduleReference,
        schedule::{Schedule, ScheduleCreate, ScheduleFolder, ScheduleType, ScheduleUpdate, period::Period},
    },
    value::{
        name::ScheduleName,
        owner::{Owner, UserPath},
    },
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    prelude::{Json, Uuid},
    sea_query::LockType,
};

use super::{
    column::{owner_columns, owner_of, value},
    criteria as of_criteria,
    entity::{
        criteria,
        schedules::{ActiveModel, Column, Entity, Model},
    },
    error::StoreError,
    ownership::owned,
};

impl TryFrom<Model> for Schedule {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let Model { tenant_id: _, schedule_id: _, group_id: _, user_id: _, kind: _, name, periods } = row;
        Ok(Self { name: value(name)?, periods: serde_json::from_value(periods).map_err(StoreError::corrupt)? })
    }
}

fn kind_name(kind: ScheduleType) -> &'static str {
    match kind {
        ScheduleType::Time => "Time",
        ScheduleType::Holiday => "Holiday",
    }
}

fn key(folder: &ScheduleFolder) -> Condition {
    owned(&folder.owner, Column::TenantId, Column::GroupId, Column::UserId).add(Column::Kind.eq(kind_name(folder.kind)))
}

/// The names of at most `limit` schedules of the folder after `after`, in order.
pub async fn names(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<ScheduleName>, StoreError> {
    let mut query =
        Entity::find().select_only().column(Column::Name).filter(key(folder)).order_by_asc(Column::Name).limit(limit);
    if let Some(after) = after {
        query = query.filter(Column::Name.gt(after));
    }
    let names: Vec<String> = query.into_tuple().all(db).await?;
    names.into_iter().map(value).collect()
}

/// The number of schedules in the folder.
pub async fn count(db: &impl ConnectionTrait, folder: &ScheduleFolder) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(key(folder)).count(db).await?)
}

/// Inserts a schedule under a new key.
pub async fn insert(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    id: Uuid,
    schedule: ScheduleCreate,
) -> Result<Schedule, StoreError> {
    let ScheduleCreate { name, periods } = schedule;
    let (tenant_id, group_id, user_id) = owner_columns(&folder.owner);
    let row = ActiveModel {
        tenant_id: Set(tenant_id),
        schedule_id: Set(id),
        group_id: Set(group_id),
        user_id: Set(user_id),
        kind: Set(kind_name(folder.kind).to_owned()),
        name: Set(name.into()),
        periods: Set(serde_json::to_value(periods).map_err(StoreError::corrupt)?),
    };
    row.insert(db).await?.try_into()
}

/// The schedule, if it exists.
pub async fn find(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    name: &ScheduleName,
) -> Result<Option<Schedule>, StoreError> {
    let row = Entity::find().filter(key(folder)).filter(Column::Name.eq(name.as_str())).one(db).await?;
    row.map(Schedule::try_from).transpose()
}

/// The schedules that `references` name as seen from `user`; `None` if they name none.
fn named(user: &UserPath, references: impl IntoIterator<Item = ScheduleReference>) -> Option<Select<Entity>> {
    let owner = Owner::User(user.clone());
    let folder = |reference: &ScheduleReference| {
        Some(ScheduleFolder { owner: owner.at_level(reference.level)?, kind: reference.kind })
    };
    let mut folders: HashMap<ScheduleFolder, HashSet<String>> = HashMap::new();
    for reference in references {
        if let Some(folder) = folder(&reference) {
            folders.entry(folder).or_default().insert(reference.name.into());
        }
    }
    in_folders(folders)
}

/// The schedules with these names in their folders; `None` if there are no names.
fn in_folders(folders: HashMap<ScheduleFolder, HashSet<String>>) -> Option<Select<Entity>> {
    if folders.is_empty() {
        return None;
    }
    let wanted = folders
        .into_iter()
        .fold(Condition::any(), |any, (folder, names)| any.add(key(&folder).add(Column::Name.is_in(names))));
    Some(Entity::find().filter(wanted))
}

/// The keys of the schedules that `references` name as seen from `user`, if they exist, in one statement. They are
/// locked against renaming and deletion until the end of the transaction.
pub async fn lock_ids(
    db: &impl ConnectionTrait,
    user: &UserPath,
    references: impl IntoIterator<Item = ScheduleReference>,
) -> Result<HashMap<ScheduleReference, Uuid>, StoreError> {
    let Some(named) = named(user, references) else { return Ok(HashMap::new()) };
    // In the order of keys, so that concurrent writers cannot deadlock.
    let rows = named.order_by_asc(Column::ScheduleId).lock(LockType::Share).all(db).await?;
    rows.iter().map(|row| Ok((reference(row)?, row.schedule_id))).collect()
}

/// As [`lock_ids`], of schedules of any owners.
pub async fn lock_all(
    db: &impl ConnectionTrait,
    schedules: Vec<(ScheduleFolder, ScheduleName)>,
) -> Result<HashMap<(ScheduleFolder, ScheduleName), Uuid>, StoreError> {
    let mut folders: HashMap<ScheduleFolder, HashSet<String>> = HashMap::new();
    for (folder, name) in schedules {
        folders.entry(folder).or_default().insert(name.into());
    }
    let Some(these) = in_folders(folders) else { return Ok(HashMap::new()) };
    let rows = these.order_by_asc(Column::ScheduleId).lock(LockType::Share).all(db).await?;
    rows.into_iter().map(|row| Ok(((folder(&row)?, value(row.name)?), row.schedule_id))).collect()
}

/// The keys and periods of the schedules that `references` name as seen from `user`, if they exist, in one statement.
pub async fn find_periods(
    db: &impl ConnectionTrait,
    user: &UserPath,
    references: impl IntoIterator<Item = ScheduleReference>,
) -> Result<Vec<(ScheduleReference, Uuid, Vec<Period>)>, StoreError> {
    let Some(named) = named(user, references) else { return Ok(Vec::new()) };
    let found = |row: Model| {
        let (reference, id) = (reference(&row)?, row.schedule_id);
        Ok((reference, id, Schedule::try_from(row)?.periods))
    };
    named.all(db).await?.into_iter().map(found).collect()
}

fn reference(row: &Model) -> Result<ScheduleReference, StoreError> {
    let ScheduleFolder { owner, kind } = folder(row)?;
    Ok(ScheduleReference { level: owner.level(), name: value(row.name.clone())?, kind })
}

/// The schedule with its key, if it exists, locked against other writers until the end of the transaction.
pub async fn lock(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    name: &ScheduleName,
) -> Result<Option<(Uuid, Schedule)>, StoreError> {
    let query = Entity::find().filter(key(folder)).filter(Column::Name.eq(name.as_str()));
    let Some(row) = query.lock(LockType::NoKeyUpdate).one(db).await? else { return Ok(None) };
    Ok(Some((row.schedule_id, row.try_into()?)))
}

/// The folder of a row.
pub(super) fn folder(row: &Model) -> Result<ScheduleFolder, StoreError> {
    folder_of(&row.kind, &row.tenant_id, [row.group_id.as_deref(), row.user_id.as_deref()])
}

/// The folder of a row with this kind and this owner.
pub(super) fn folder_of(
    kind: &str,
    tenant: &str,
    [group, user]: [Option<&str>; 2],
) -> Result<ScheduleFolder, StoreError> {
    let kind = [ScheduleType::Time, ScheduleType::Holiday].into_iter().find(|known| kind_name(*known) == kind);
    let kind = kind.ok_or_else(|| StoreError::Internal("a schedule is of no type".into()))?;
    Ok(ScheduleFolder { owner: owner_of(tenant, group, user)?, kind })
}

/// Merges `update` into the schedule with this key.
pub async fn update(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    id: Uuid,
    update: ScheduleUpdate,
) -> Result<Option<Schedule>, StoreError> {
    let ScheduleUpdate { name: _, new_name, periods } = update;
    let (tenant, ..) = owner_columns(&folder.owner);
    let key = Condition::all().add(Column::TenantId.eq(tenant)).add(Column::ScheduleId.eq(id));
    let mut row = <ActiveModel as ActiveModelTrait>::default();
    if let Some(new_name) = new_name {
        row.name = Set(new_name.into());
    }
    if let Some(periods) = periods {
        row.periods = Set(serde_json::to_value(periods).map_err(StoreError::corrupt)? as Json);
    }
    let found = match row.is_changed() {
        true => Entity::update_many().set(row).filter(key).exec_with_returning(db).await?.into_iter().next(),
        false => Entity::find().filter(key).one(db).await?,
    };
    found.map(Schedule::try_from).transpose()
}

/// Deletes the schedule with this key; fails with a reference error while criteria refer to it.
pub async fn delete(db: &impl ConnectionTrait, folder: &ScheduleFolder, id: Uuid) -> Result<(), StoreError> {
    let (tenant, ..) = owner_columns(&folder.owner);
    Entity::delete_many().filter(Column::TenantId.eq(tenant)).filter(Column::ScheduleId.eq(id)).exec(db).await?;
    Ok(())
}

fn refers_to(id: Uuid) -> Condition {
    Condition::any().add(criteria::Column::TimeScheduleId.eq(id)).add(criteria::Column::HolidayScheduleId.eq(id))
}

/// At most `limit` criteria that refer to the schedule: group, user and name of each.
pub async fn references(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    id: Uuid,
    limit: u64,
) -> Result<Vec<(String, String, String)>, StoreError> {
    of_criteria::referring(db, folder.owner.tenant(), refers_to(id), limit).await
}

/// Raises the revisions of the services whose criteria refer to the schedule, since their responses change.
pub async fn raise_revisions(db: &impl ConnectionTrait, folder: &ScheduleFolder, id: Uuid) -> Result<(), StoreError> {
    of_criteria::raise_revisions(db, folder.owner.tenant(), refers_to(id)).await
}
