//! The services of users with their revisions. A writer of the service locks its row.

use std::collections::HashSet;

use call_acceptance_api::{
    resource::{
        criteria::OutsideSchedules,
        user_service::{ServiceName, UserServicePath},
    },
    value::owner::UserPath,
    wire::precondition::Revision,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict, Query},
};

use super::{
    audit::instant,
    column::{microseconds, value},
    entity::user_services::{ActiveModel, Column, Entity},
    error::StoreError,
    prepared::Prepared,
    row::Columns,
    rows::Rows,
};
use crate::rules::service::{KeptService, Settings};

/// The columns of [`SettingsRow`].
pub(super) const SETTINGS: [Column; 3] = [Column::SwitchedOn, Column::SuspendedUntil, Column::AcceptsOutsideSchedules];

/// The members of a service beside its criteria, as they are kept.
pub(super) struct SettingsRow {
    switched_on: Option<bool>,
    suspended_until: Option<i64>,
    accepts_outside_schedules: Option<bool>,
}

impl SettingsRow {
    /// The next columns of a row, in the order of [`SETTINGS`].
    pub(super) fn next(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            switched_on: columns.next()?,
            suspended_until: columns.next()?,
            accepts_outside_schedules: columns.next()?,
        })
    }

    /// The members of the row.
    pub(super) fn kept(self) -> Result<Settings, StoreError> {
        let accepts = self.accepts_outside_schedules.unwrap_or_default();
        Ok(Settings {
            active: self.switched_on.unwrap_or_default(),
            suspended_until: self.suspended_until.map(instant).transpose()?,
            outside_schedules: if accepts { OutsideSchedules::Accept } else { OutsideSchedules::Reject },
        })
    }
}

fn of_user(user: &UserPath) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(user.tenant.as_str()))
        .add(Column::GroupId.eq(user.group.as_str()))
        .add(Column::UserId.eq(user.user.as_str()))
}

pub(super) fn key(path: &UserServicePath) -> Condition {
    of_user(&path.user).add(Column::Service.eq(path.service.segment()))
}

/// The values of [`key`] in the order of their placeholders.
pub(super) fn key_values(path: &UserServicePath) -> [&str; 4] {
    let UserServicePath { user, service } = path;
    [user.tenant.as_str(), user.group.as_str(), user.user.as_str(), service.segment()]
}

/// The service with this column value.
pub(super) fn service(column: &str) -> Result<ServiceName, StoreError> {
    ServiceName::from_segment(column).ok_or_else(|| StoreError::Internal("a row is of no service".into()))
}

/// The services that the user has.
pub async fn assigned(db: &impl ConnectionTrait, user: &UserPath) -> Result<Vec<ServiceName>, StoreError> {
    let rows: Vec<String> =
        Entity::find().select_only().column(Column::Service).filter(of_user(user)).into_tuple().all(db).await?;
    rows.iter().map(|row| service(row)).collect()
}

/// The revision of the service, if the user has it.
pub async fn revision(db: &impl ConnectionTrait, path: &UserServicePath) -> Result<Option<Revision>, StoreError> {
    static STATEMENT: Prepared = Prepared::new();
    let backend = db.get_database_backend();
    let build = || Entity::find().select_only().column(Column::Revision).filter(key(path)).build(backend);
    let statement = STATEMENT.with(backend, key_values(path).map(Into::into), build);
    let row = db.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(Revision))
}

/// Assigns the service to the user; returns whether it was not assigned before.
pub async fn insert(db: &impl ConnectionTrait, path: &UserServicePath, revision: Revision) -> Result<bool, StoreError> {
    let row = row(path, revision, <ActiveModel as ActiveModelTrait>::default());
    Ok(Entity::insert(row).on_conflict(unless_there()).exec_without_returning(db).await? > 0)
}

fn row(path: &UserServicePath, revision: Revision, settings: ActiveModel) -> ActiveModel {
    let UserServicePath { user, service } = path;
    ActiveModel {
        tenant_id: Set(user.tenant.to_string()),
        group_id: Set(user.group.to_string()),
        user_id: Set(user.user.to_string()),
        service: Set(service.segment().to_owned()),
        revision: Set(revision.0),
        ..settings
    }
}

fn unless_there() -> OnConflict {
    OnConflict::columns([Column::TenantId, Column::GroupId, Column::UserId, Column::Service]).do_nothing().to_owned()
}

/// Assigns services to those users who do not have them; which these are. Criteria are not written.
pub async fn insert_new(
    db: &impl ConnectionTrait,
    services: &[(&UserServicePath, &KeptService)],
    revision: Revision,
) -> Result<HashSet<UserServicePath>, StoreError> {
    let new = |(path, service): &(&UserServicePath, &KeptService)| row(path, revision, of_settings(&service.settings));
    let rows: Vec<_> = services.iter().map(new).collect();
    let mut inserted = HashSet::with_capacity(rows.len());
    for insert in Rows::of(&rows).insertions(db.get_database_backend()) {
        let mut insert = insert?;
        let key = [Column::TenantId, Column::GroupId, Column::UserId, Column::Service];
        insert.on_conflict(unless_there()).returning(Query::returning().columns(key));
        for row in db.query_all(&insert).await? {
            let (tenant, group, user, kind): (String, String, String, String) = row.try_get_many_by_index()?;
            let user = UserPath { tenant: value(tenant)?, group: value(group)?, user: value(user)? };
            inserted.insert(UserServicePath { user, service: service(&kind)? });
        }
    }
    Ok(inserted)
}

fn of_settings(settings: &Settings) -> ActiveModel {
    ActiveModel {
        switched_on: Set(settings.active.then_some(true)),
        suspended_until: Set(settings.suspended_until.as_ref().map(microseconds)),
        accepts_outside_schedules: Set((settings.outside_schedules == OutsideSchedules::Accept).then_some(true)),
        ..<ActiveModel as ActiveModelTrait>::default()
    }
}

/// Raises the revision, which locks the service until the end of the transaction; returns the new revision, if the user
/// has the service.
pub async fn raise_revision(db: &impl ConnectionTrait, path: &UserServicePath) -> Result<Option<Revision>, StoreError> {
    static STATEMENT: Prepared = Prepared::new();
    let backend = db.get_database_backend();
    let build = || {
        let raised = Expr::cust("\"revision\" + 1");
        let mut raise = Entity::update_many().col_expr(Column::Revision, raised).filter(key(path)).into_query();
        backend.build(raise.returning_col(Column::Revision))
    };
    let row = db.query_one_raw(STATEMENT.with(backend, key_values(path).map(Into::into), build)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(Revision))
}

/// Writes the members of the service beside its criteria.
pub async fn write_settings(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    settings: &Settings,
) -> Result<(), StoreError> {
    Entity::update_many().set(of_settings(settings)).filter(key(path)).exec(db).await?;
    Ok(())
}

/// Takes the service, which has no criteria, from the user.
pub async fn delete(db: &impl ConnectionTrait, path: &UserServicePath) -> Result<(), StoreError> {
    Entity::delete_many().filter(key(path)).exec(db).await?;
    Ok(())
}
