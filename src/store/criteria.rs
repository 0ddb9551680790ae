//! Criteria, with the schedules and number lists that they refer to.

use call_acceptance_api::{
    resource::{
        criteria::{FromDnCriteria, NumberListReference, ScheduleReference, Selection},
        schedule::ScheduleType,
        user_service::UserServicePath,
    },
    value::{
        name::{CriteriaName, NumberListName, TenantId},
        owner::{Level, UserPath},
        phone_number::PhoneNumberPattern,
    },
    wire::precondition::{Revision, Versioned},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, IntoActiveModel,
    Iterable, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef, Select, Statement, Value,
    prelude::Uuid,
    sea_query::{Alias, Expr, Query},
    sqlx::types::Json,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    audit::instant,
    batch::is_among,
    column::{microseconds, optional, value},
    entity::{criteria, criteria_number_lists as references, schedules, user_services},
    error::StoreError,
    prepared::Prepared,
    row::Columns,
    rows::insert_all,
    user_service::{self, SettingsRow},
};
use crate::rules::{
    criteria::{KeptCriteria, ScheduleLink, Step},
    service::KeptService,
};

/// The alias of the time schedule in [`with_criteria`].
pub(super) const TIME: &str = "time_schedule";
/// As [`TIME`].
pub(super) const HOLIDAY: &str = "holiday_schedule";

/// A number list that a criteria refers to.
#[derive(Deserialize)]
struct NumberListRow {
    id: Uuid,
    level: String,
    name: NumberListName,
}

/// The columns that [`with_criteria`] adds; all are null for a service without criteria.
pub(super) struct Row {
    position: Option<i32>,
    name: Option<String>,
    active: Option<bool>,
    do_not_perform_action: Option<bool>,
    any_caller: Option<bool>,
    include_anonymous_callers: Option<bool>,
    include_unavailable_callers: Option<bool>,
    phone_numbers: Option<Vec<PhoneNumberPattern>>,
    time_schedule_id: Option<Uuid>,
    time_schedule_group: Option<String>,
    time_schedule_user: Option<String>,
    time_schedule_name: Option<String>,
    holiday_schedule_id: Option<Uuid>,
    holiday_schedule_group: Option<String>,
    holiday_schedule_user: Option<String>,
    holiday_schedule_name: Option<String>,
    forwarded: Option<bool>,
    include_internal_callers: Option<bool>,
    description: Option<String>,
    valid_from: Option<i64>,
    valid_until: Option<i64>,
    number_lists: Vec<NumberListRow>,
    pub(super) created_revision: Option<i64>,
}

impl Row {
    /// The next columns of a row, in the order of [`with_criteria`].
    pub(super) fn next(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        let row = Self::without_number_lists(columns)?;
        let number_lists = columns.next::<Option<_>>()?.map(|Json(lists)| lists);
        Ok(Self { number_lists: number_lists.unwrap_or_default(), ..row })
    }

    /// The next columns of a row, in the order of [`with_columns`].
    pub(super) fn without_number_lists(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            position: columns.next()?,
            name: columns.next()?,
            active: columns.next()?,
            do_not_perform_action: columns.next()?,
            any_caller: columns.next()?,
            include_anonymous_callers: columns.next()?,
            include_unavailable_callers: columns.next()?,
            phone_numbers: columns.next::<Option<_>>()?.map(|Json(numbers)| numbers),
            time_schedule_id: columns.next()?,
            holiday_schedule_id: columns.next()?,
            forwarded: columns.next()?,
            include_internal_callers: columns.next()?,
            description: columns.next()?,
            valid_from: columns.next()?,
            valid_until: columns.next()?,
            created_revision: columns.next()?,
            time_schedule_group: columns.next()?,
            time_schedule_user: columns.next()?,
            time_schedule_name: columns.next()?,
            holiday_schedule_group: columns.next()?,
            holiday_schedule_user: columns.next()?,
            holiday_schedule_name: columns.next()?,
            number_lists: Vec::new(),
        })
    }
}

/// The service with its criteria in creation order and its revision, in one statement; `None` if the user does not have
/// the service. With `name` only the criteria of that name.
pub async fn load(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    name: Option<&CriteriaName>,
) -> Result<Option<Versioned<KeptService>>, StoreError> {
    let rows = db.query_all_raw(selection(db.get_database_backend(), path, name)).await?;
    let mut service: Option<Versioned<KeptService>> = None;
    for row in &rows {
        let mut columns = Columns::of(row);
        let revision = Revision(columns.next()?);
        let settings = SettingsRow::next(&mut columns)?.kept()?;
        let service = service.get_or_insert_with(|| {
            let value = KeptService { settings, ..KeptService::new(path.service) };
            Versioned { revision, value }
        });
        service.value.criteria.extend(kept(Row::next(&mut columns)?)?);
    }
    Ok(service)
}

/// The statement that [`load`] runs.
fn selection(backend: DbBackend, path: &UserServicePath, name: Option<&CriteriaName>) -> Statement {
    static ALL: Prepared = Prepared::new();
    static ONE: Prepared = Prepared::new();
    let build = || {
        let mut criteria = of_service();
        if let Some(name) = name {
            let name = name.as_str().to_owned();
            criteria = criteria.on_condition(move |_, _| Condition::all().add(criteria::Column::Name.eq(name.clone())));
        }
        let service = user_services::Entity::find().select_only().column(user_services::Column::Revision);
        let service = service.columns(user_service::SETTINGS);
        let query = with_criteria(backend, service, criteria).filter(user_service::key(path));
        query.order_by_asc(criteria::Column::Position).build(backend)
    };
    let values = name.map(CriteriaName::as_str).into_iter().chain(user_service::key_values(path));
    let prepared = if name.is_some() { &ONE } else { &ALL };
    prepared.with(backend, values.map(Into::into), build)
}

/// The services that meet `these`, in the order of their keys, each with its criteria in the order of creation.
pub(super) async fn load_all(
    db: &impl ConnectionTrait,
    these: Condition,
) -> Result<Vec<(UserServicePath, KeptService)>, StoreError> {
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    let services = user_services::Entity::find().select_only().columns([TenantId, GroupId, UserId, Service]);
    let services = services.columns(user_service::SETTINGS);
    let mut query = with_criteria(db.get_database_backend(), services, of_service()).filter(these);
    for column in [TenantId, GroupId, UserId, Service] {
        query = query.order_by_asc(column);
    }
    let query = query.order_by_asc(criteria::Column::Position);
    let rows = db.query_all_raw(query.build(db.get_database_backend())).await?;
    let mut services: Vec<(UserServicePath, KeptService)> = Vec::new();
    for row in &rows {
        let mut columns = Columns::of(row);
        let (tenant, group, user) = (value(columns.next()?)?, value(columns.next()?)?, value(columns.next()?)?);
        let service = user_service::service(columns.next()?)?;
        let path = UserServicePath { user: UserPath { tenant, group, user }, service };
        let settings = SettingsRow::next(&mut columns)?.kept()?;
        if services.last().is_none_or(|(last, _)| *last != path) {
            let service = KeptService { settings, ..KeptService::new(path.service) };
            services.push((path, service));
        }
        if let (Some(criteria), Some((_, service))) = (kept(Row::next(&mut columns)?)?, services.last_mut()) {
            service.criteria.push(criteria);
        }
    }
    Ok(services)
}

/// Adds the columns of [`Row`] for each of the `criteria` of a service, joined by [`of_service`].
pub(super) fn with_criteria<E: EntityTrait>(backend: DbBackend, query: Select<E>, criteria: RelationDef) -> Select<E> {
    with_columns(query.join(JoinType::LeftJoin, criteria)).expr_as(Expr::cust(number_lists(backend)), "number_lists")
}

/// Adds the columns of [`Row`] to a query that reads criteria, without the number lists that they refer to.
pub(super) fn with_columns<E: EntityTrait>(mut query: Select<E>) -> Select<E> {
    query = query
        .columns([
            criteria::Column::Position,
            criteria::Column::Name,
            criteria::Column::Active,
            criteria::Column::DoNotPerformAction,
            criteria::Column::AnyCaller,
            criteria::Column::IncludeAnonymousCallers,
            criteria::Column::IncludeUnavailableCallers,
            criteria::Column::PhoneNumbers,
            criteria::Column::TimeScheduleId,
            criteria::Column::HolidayScheduleId,
            criteria::Column::Forwarded,
            criteria::Column::IncludeInternalCallers,
            criteria::Column::Description,
            criteria::Column::ValidFrom,
            criteria::Column::ValidUntil,
            criteria::Column::CreatedRevision,
        ])
        .join_as(JoinType::LeftJoin, schedule_by(criteria::Column::TimeScheduleId), Alias::new(TIME))
        .join_as(JoinType::LeftJoin, schedule_by(criteria::Column::HolidayScheduleId), Alias::new(HOLIDAY));
    for schedule in [TIME, HOLIDAY] {
        for (column, part) in [
            (schedules::Column::GroupId, "group"),
            (schedules::Column::UserId, "user"),
            (schedules::Column::Name, "name"),
        ] {
            query = query.expr_as(Expr::col((Alias::new(schedule), column)), format!("{schedule}_{part}"));
        }
    }
    query
}

/// The number lists that a criteria refers to, as a JSON array in their order.
fn number_lists(backend: DbBackend) -> String {
    let (array, object, id) = match backend {
        DbBackend::Sqlite => ("json_group_array", "json_object", "hex(l.list_id)"),
        _ => ("json_agg", "json_build_object", "l.list_id"),
    };
    let same = ["tenant_id", "group_id", "user_id", "service", "position"];
    let same = same.map(|column| format!("r.{column} = \"criteria\".\"{column}\"")).join(" AND ");
    format!(
        "(SELECT {array}({object}('id', {id}, 'level', CASE WHEN l.user_id IS NOT NULL THEN 'User' \
         WHEN l.group_id IS NOT NULL THEN 'Group' ELSE 'Tenant' END, 'name', l.name) ORDER BY r.place) \
         FROM criteria_number_lists AS r JOIN number_lists AS l ON l.tenant_id = r.tenant_id AND l.list_id = r.list_id \
         WHERE {same})"
    )
}

/// The criteria of a service.
pub(super) fn of_service() -> RelationDef {
    use criteria::Column as Criteria;
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    user_services::Entity::belongs_to(criteria::Entity)
        .from((TenantId, GroupId, UserId, Service))
        .to((Criteria::TenantId, Criteria::GroupId, Criteria::UserId, Criteria::Service))
        .into()
}

fn schedule_by(column: criteria::Column) -> RelationDef {
    criteria::Entity::belongs_to(schedules::Entity)
        .from((criteria::Column::TenantId, column))
        .to((schedules::Column::TenantId, schedules::Column::ScheduleId))
        .into()
}

/// The criteria of a row; `None` for a service without criteria.
pub(super) fn kept(row: Row) -> Result<Option<KeptCriteria>, StoreError> {
    let (Some(position), Some(name), Some(phone_numbers)) = (row.position, row.name, row.phone_numbers) else {
        return Ok(None);
    };
    let flag = |flag: Option<bool>| flag.unwrap_or_default();
    let from_dn_criteria = FromDnCriteria {
        selection: match (flag(row.any_caller), flag(row.forwarded)) {
            (true, _) => Selection::Any,
            (false, true) => Selection::Forwarded,
            (false, false) => Selection::SpecifiedOnly,
        },
        include_anonymous_callers: flag(row.include_anonymous_callers),
        include_unavailable_callers: flag(row.include_unavailable_callers),
        include_internal_callers: flag(row.include_internal_callers),
        phone_numbers,
        number_lists: Vec::new(),
    };
    let (keys, number_lists) = listed(row.number_lists)?;
    let from_dn_criteria = FromDnCriteria { number_lists, ..from_dn_criteria };
    let time = (row.time_schedule_id, row.time_schedule_group, row.time_schedule_user, row.time_schedule_name);
    let holiday =
        (row.holiday_schedule_id, row.holiday_schedule_group, row.holiday_schedule_user, row.holiday_schedule_name);
    Ok(Some(KeptCriteria {
        position,
        name: value(name)?,
        description: optional(row.description)?,
        active: flag(row.active),
        valid_from: row.valid_from.map(instant).transpose()?,
        valid_until: row.valid_until.map(instant).transpose()?,
        do_not_perform_action: flag(row.do_not_perform_action),
        from_dn_criteria,
        number_lists: keys,
        time_schedule: link(time, ScheduleType::Time)?,
        holiday_schedule: link(holiday, ScheduleType::Holiday)?,
    }))
}

/// The keys of the number lists, and the lists as the user sees them.
fn listed(lists: Vec<NumberListRow>) -> Result<(Vec<Uuid>, Vec<NumberListReference>), StoreError> {
    let mut keys = Vec::new();
    let mut references = Vec::new();
    for NumberListRow { id, level, name } in lists {
        let level = Level::ALL.into_iter().find(|known| known.as_str() == level);
        let level = level.ok_or_else(|| StoreError::Internal("a number list is of no level".into()))?;
        keys.push(id);
        references.push(NumberListReference { level, name });
    }
    Ok((keys, references))
}

type LinkColumns = (Option<Uuid>, Option<String>, Option<String>, Option<String>);

fn link((id, group, user, name): LinkColumns, kind: ScheduleType) -> Result<Option<ScheduleLink>, StoreError> {
    let (Some(id), Some(name)) = (id, name) else { return Ok(None) };
    let level = match (group, user) {
        (_, Some(_)) => Level::User,
        (Some(_), None) => Level::Group,
        (None, None) => Level::Tenant,
    };
    Ok(Some(ScheduleLink { id, reference: ScheduleReference { level, name: value(name)?, kind } }))
}

/// Carries out a step of a plan, which leads to this revision of the service.
pub async fn apply(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    revision: Revision,
    step: &Step,
) -> Result<(), StoreError> {
    match step {
        Step::Insert(criteria) => {
            let mut row = row(path, criteria)?;
            row.created_revision = Some(revision.0);
            row.into_active_model().insert(db).await?;
            insert_number_lists(db, path, criteria).await?;
        }
        Step::Update(criteria) => {
            let updated = db.execute_raw(update(db.get_database_backend(), row(path, criteria)?)).await?;
            if updated.rows_affected() == 0 {
                return Err(StoreError::Internal("a criteria to be updated is gone".into()));
            }
        }
        Step::Delete(position) => {
            criteria::Entity::delete_many()
                .filter(of(path))
                .filter(criteria::Column::Position.eq(*position))
                .exec(db)
                .await?;
        }
    }
    Ok(())
}

/// The statement that writes the row of a criteria over the one at its position, but for when that was created.
fn update(backend: DbBackend, row: criteria::Model) -> Statement {
    use criteria::Column::{CreatedRevision, GroupId, Position, Service, TenantId, UserId};
    static STATEMENT: Prepared = Prepared::new();
    let row = row.into_active_model();
    let cells = |columns: Vec<_>| -> Vec<(criteria::Column, Value)> {
        columns.into_iter().filter_map(|column| Some((column, row.get(column).into_value()?))).collect()
    };
    let key = cells(vec![TenantId, GroupId, UserId, Service, Position]);
    let is_written = |column: &_| !matches!(column, TenantId | GroupId | UserId | Service | Position | CreatedRevision);
    let written = cells(criteria::Column::iter().filter(is_written).collect());
    let build = || {
        let mut update = Query::update();
        update.table(criteria::Entity).values(written.iter().map(|(column, value)| (*column, value.clone().into())));
        for (column, value) in &key {
            update.and_where(column.eq(value.clone()));
        }
        backend.build(&update)
    };
    STATEMENT.with(backend, written.iter().chain(&key).map(|(_, value)| value.clone()), build)
}

/// Inserts the criteria of services that have none, at this revision of the services.
pub async fn insert_services(
    db: &impl ConnectionTrait,
    services: &[(&UserServicePath, &KeptService)],
    revision: Revision,
) -> Result<(), StoreError> {
    let all = services.iter().flat_map(|(path, service)| service.criteria.iter().map(move |kept| (*path, kept)));
    let all: Vec<_> = all.collect();
    let new = |(path, kept): &(&UserServicePath, &KeptCriteria)| {
        let row = criteria::Model { created_revision: Some(revision.0), ..row(path, kept)? };
        Ok(row.into_active_model())
    };
    insert_all(db, &all, new).await?;
    let references: Vec<_> = all.iter().flat_map(|(path, kept)| references_of(path, kept)).collect();
    insert_all(db, &references, |row| Ok(row.clone().into_active_model())).await
}

/// Those of these services that are assigned, each with its criteria in the order of creation.
pub async fn find_all(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    services: &[&UserServicePath],
) -> Result<Vec<(UserServicePath, KeptService)>, StoreError> {
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    let key = |path: &&UserServicePath| json!([path.user.group, path.user.user, path.service.segment()]);
    let keys = services.iter().map(key).collect();
    let these = is_among::<user_services::Entity>(db.get_database_backend(), &[GroupId, UserId, Service], &keys);
    load_all(db, Condition::all().add(TenantId.eq(tenant.as_str())).add(these)).await
}

/// Writes the number lists that a criteria refers to, in place of those that it referred to before.
pub async fn replace_number_lists(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    criteria: &KeptCriteria,
) -> Result<(), StoreError> {
    let UserServicePath { user, service } = path;
    references::Entity::delete_many()
        .filter(references::Column::TenantId.eq(user.tenant.as_str()))
        .filter(references::Column::GroupId.eq(user.group.as_str()))
        .filter(references::Column::UserId.eq(user.user.as_str()))
        .filter(references::Column::Service.eq(service.segment()))
        .filter(references::Column::Position.eq(criteria.position))
        .exec(db)
        .await?;
    insert_number_lists(db, path, criteria).await
}

async fn insert_number_lists(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    criteria: &KeptCriteria,
) -> Result<(), StoreError> {
    if !criteria.number_lists.is_empty() {
        let rows = references_of(path, criteria).map(IntoActiveModel::into_active_model);
        references::Entity::insert_many::<references::ActiveModel, _>(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

fn references_of(path: &UserServicePath, criteria: &KeptCriteria) -> impl Iterator<Item = references::Model> {
    let UserServicePath { user, service } = path;
    (0..).zip(&criteria.number_lists).map(|(place, list)| references::Model {
        tenant_id: user.tenant.to_string(),
        group_id: user.group.to_string(),
        user_id: user.user.to_string(),
        service: service.segment().to_owned(),
        position: criteria.position,
        place,
        list_id: *list,
    })
}

/// At most `limit` criteria of the tenant that meet `these`: group, user and name of each.
pub(super) async fn referring(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    these: Condition,
    limit: u64,
) -> Result<Vec<(String, String, String)>, StoreError> {
    use criteria::Column::{GroupId, Name, Position, UserId};
    let query = criteria::Entity::find().select_only().columns([GroupId, UserId, Name]);
    let query = query.filter(criteria::Column::TenantId.eq(tenant.as_str())).filter(these);
    let query = query.order_by_asc(GroupId).order_by_asc(UserId).order_by_asc(Position);
    Ok(query.limit(limit).into_tuple().all(db).await?)
}

/// Raises the revisions of the tenant's services that have criteria which meet `these`.
pub(super) async fn raise_revisions(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    these: Condition,
) -> Result<(), StoreError> {
    use user_services::Column as Service;
    let mut referring = Query::select();
    referring.expr(Expr::val(1)).from(criteria::Entity);
    for (of_criteria, of_service) in [
        (criteria::Column::TenantId, Service::TenantId),
        (criteria::Column::GroupId, Service::GroupId),
        (criteria::Column::UserId, Service::UserId),
        (criteria::Column::Service, Service::Service),
    ] {
        referring.and_where(Expr::col((criteria::Entity, of_criteria)).equals((user_services::Entity, of_service)));
    }
    referring.cond_where(these);
    user_services::Entity::update_many()
        .col_expr(Service::Revision, Expr::col(Service::Revision).add(1))
        .filter(Service::TenantId.eq(tenant.as_str()))
        .filter(Expr::exists(referring))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes all criteria of the service.
pub async fn delete_all(db: &impl ConnectionTrait, path: &UserServicePath) -> Result<(), StoreError> {
    criteria::Entity::delete_many().filter(of(path)).exec(db).await?;
    Ok(())
}

fn of(path: &UserServicePath) -> Condition {
    let UserServicePath { user, service } = path;
    Condition::all()
        .add(criteria::Column::TenantId.eq(user.tenant.as_str()))
        .add(criteria::Column::GroupId.eq(user.group.as_str()))
        .add(criteria::Column::UserId.eq(user.user.as_str()))
        .add(criteria::Column::Service.eq(service.segment()))
}

fn row(path: &UserServicePath, kept: &KeptCriteria) -> Result<criteria::Model, StoreError> {
    let UserServicePath { user, service } = path;
    let from = &kept.from_dn_criteria;
    Ok(criteria::Model {
        tenant_id: user.tenant.to_string(),
        group_id: user.group.to_string(),
        user_id: user.user.to_string(),
        service: service.segment().to_owned(),
        position: kept.position,
        name: kept.name.to_string(),
        active: kept.active,
        do_not_perform_action: kept.do_not_perform_action,
        any_caller: from.selection == Selection::Any,
        include_anonymous_callers: from.include_anonymous_callers,
        include_unavailable_callers: from.include_unavailable_callers,
        phone_numbers: serde_json::to_value(&from.phone_numbers).map_err(StoreError::corrupt)?,
        time_schedule_id: kept.time_schedule.as_ref().map(|link| link.id),
        holiday_schedule_id: kept.holiday_schedule.as_ref().map(|link| link.id),
        forwarded: (from.selection == Selection::Forwarded).then_some(true),
        include_internal_callers: from.include_internal_callers.then_some(true),
        description: kept.description.as_ref().map(ToString::to_string),
        valid_from: kept.valid_from.as_ref().map(microseconds),
        valid_until: kept.valid_until.as_ref().map(microseconds),
        created_revision: None,
    })
}
