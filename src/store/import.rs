//! Imports, the faults of their lines, and what a tenant has that they may remove. Only an import that runs is written
//! to, so that one that was cancelled, or whose instance was taken for dead, writes nothing more.

use std::time::Duration;

use call_acceptance_api::{
    resource::{
        number_list::NumberListPath,
        schedule::ScheduleFolder,
        transfer::import::{
            Import, ImportCounts, ImportError, ImportErrorCursor, ImportErrorList, ImportId, ImportStatus,
        },
        user_service::UserServicePath,
    },
    value::{
        name::{ScheduleName, TenantId},
        owner::{GroupPath, Owner, UserPath},
        time::Instant,
    },
    wire::{page::PageQuery, problem::ProblemCode},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    audit::instant,
    batch::delete_some,
    column::{cut, is_after, microseconds, now, value},
    entity::{
        groups, import_errors,
        imports::{ActiveModel, Column, Entity, Model},
        number_lists, schedules, user_services, users,
    },
    error::StoreError,
    number_list::{self, NumberListKey},
    schedule, user_service,
};

/// How many imports of a tenant are kept.
const KEPT: u64 = 100;
/// An import without a heartbeat for so long has no instance that runs it.
const DEAD: Duration = Duration::from_secs(20);
/// Maximum number of faults that one statement inserts.
const AT_ONCE: usize = 1000;

impl TryFrom<Model> for Import {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let status = ImportStatus::parse(&row.status);
        Ok(Self {
            import_id: value(row.import_id.simple().to_string())?,
            status: status.ok_or_else(|| StoreError::Internal("an import's status is none".into()))?,
            counts: ImportCounts {
                read: row.lines_read,
                created: row.created,
                changed: row.changed,
                unchanged: row.unchanged,
                deleted: row.deleted,
                failed: row.failed,
            },
            bytes_read: row.bytes_read,
            started_at: instant(row.started_at)?,
            finished_at: row.finished_at.map(instant).transpose()?,
        })
    }
}

fn uuid(id: &ImportId) -> Result<Uuid, StoreError> {
    Uuid::parse_str(id.as_str()).map_err(StoreError::corrupt)
}

fn key(tenant: &TenantId, id: &ImportId) -> Result<Condition, StoreError> {
    Ok(Condition::all().add(Column::TenantId.eq(tenant.as_str())).add(Column::ImportId.eq(uuid(id)?)))
}

fn is_running() -> Condition {
    Condition::all().add(Column::Status.eq(ImportStatus::Running.as_str()))
}

/// Inserts an import that runs; fails with a taken name while another one of the tenant runs.
pub async fn insert(db: &impl ConnectionTrait, tenant: &TenantId, import: &Import) -> Result<(), StoreError> {
    let columns = [
        Column::TenantId,
        Column::ImportId,
        Column::Status,
        Column::LinesRead,
        Column::Created,
        Column::Changed,
        Column::Unchanged,
        Column::Deleted,
        Column::Failed,
        Column::BytesRead,
        Column::StartedAt,
        Column::HeartbeatAt,
    ];
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(columns).values_panic([
        tenant.as_str().into(),
        uuid(&import.import_id)?.into(),
        ImportStatus::Running.as_str().into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        microseconds(&import.started_at).into(),
        now(db.get_database_backend()),
    ]);
    db.execute(&insert).await?;
    Ok(())
}

/// One import, if it exists.
pub async fn find(db: &impl ConnectionTrait, tenant: &TenantId, id: &ImportId) -> Result<Option<Import>, StoreError> {
    Entity::find().filter(key(tenant, id)?).one(db).await?.map(Import::try_from).transpose()
}

/// The last imports of the tenant, newest first. Identifiers grow with time.
pub async fn last(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Vec<Import>, StoreError> {
    let query = Entity::find().filter(Column::TenantId.eq(tenant.as_str())).order_by_desc(Column::ImportId);
    query.limit(KEPT).all(db).await?.into_iter().map(Import::try_from).collect()
}

/// A page of the faults of an import.
pub async fn errors(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    page: PageQuery<ImportErrorCursor>,
) -> Result<ImportErrorList, StoreError> {
    use import_errors::Column::{ImportId, Number, TenantId};
    let limit = page.limit.get();
    let after = page.after.and_then(|after| after.as_str().parse::<i64>().ok());
    let behind = Condition::all().add_option(after.map(|after| Number.gt(after)));
    let query = import_errors::Entity::find().filter(TenantId.eq(tenant.as_str())).filter(ImportId.eq(uuid(id)?));
    let mut rows = query.filter(behind).order_by_asc(Number).limit(limit + 1).all(db).await?;
    let more = cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|last| value(last.number.to_string())).transpose()?;
    let error = |row: import_errors::Model| {
        let code = ProblemCode::parse(&row.code);
        Ok(ImportError {
            line: row.line,
            code: code.ok_or_else(|| StoreError::Internal("a fault's code is none".into()))?,
            detail: row.detail,
            pointer: row.pointer,
        })
    };
    Ok(ImportErrorList { errors: rows.into_iter().map(error).collect::<Result<_, StoreError>>()?, next })
}

/// Adds faults of an import, of which `known` are stored already.
pub async fn add_errors(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    known: usize,
    errors: &[ImportError],
) -> Result<(), StoreError> {
    let id = uuid(id)?;
    let row = |(number, error): (i64, &ImportError)| {
        let row = import_errors::Model {
            tenant_id: tenant.to_string(),
            import_id: id,
            number,
            line: error.line,
            code: error.code.as_str().to_owned(),
            detail: error.detail.clone(),
            pointer: error.pointer.clone(),
        };
        row.into_active_model()
    };
    let first = i64::try_from(known).map_err(StoreError::corrupt)? + 1;
    for (chunk, first) in errors.chunks(AT_ONCE).zip((first..).step_by(AT_ONCE)) {
        let rows = (first..).zip(chunk).map(row);
        import_errors::Entity::insert_many::<import_errors::ActiveModel, _>(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Writes what of an import is done, and its heartbeat; whether it still runs.
pub async fn note(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    counts: &ImportCounts,
) -> Result<bool, StoreError> {
    write(db, tenant, id, counted(counts)).await
}

/// Ends an import; whether it still ran.
pub async fn finish(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    status: ImportStatus,
    counts: &ImportCounts,
    at: &Instant,
) -> Result<bool, StoreError> {
    write(db, tenant, id, ended(counted(counts), status, at)).await
}

/// Ends an import whose counts stay as they are; whether it still ran.
pub async fn end(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    status: ImportStatus,
    at: &Instant,
) -> Result<bool, StoreError> {
    write(db, tenant, id, ended(ActiveModel::default(), status, at)).await
}

/// Writes how much of the body has arrived, and the heartbeat; whether the import still runs.
pub async fn beat(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    bytes_read: i64,
) -> Result<bool, StoreError> {
    write(db, tenant, id, ActiveModel { bytes_read: Set(bytes_read), ..Default::default() }).await
}

fn counted(counts: &ImportCounts) -> ActiveModel {
    let ImportCounts { read, created, changed, unchanged, deleted, failed } = *counts;
    ActiveModel {
        lines_read: Set(read),
        created: Set(created),
        changed: Set(changed),
        unchanged: Set(unchanged),
        deleted: Set(deleted),
        failed: Set(failed),
        ..Default::default()
    }
}

fn ended(row: ActiveModel, status: ImportStatus, at: &Instant) -> ActiveModel {
    ActiveModel { status: Set(status.as_str().to_owned()), finished_at: Set(Some(microseconds(at))), ..row }
}

async fn write(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &ImportId,
    row: ActiveModel,
) -> Result<bool, StoreError> {
    let update = Entity::update_many().set(row).filter(key(tenant, id)?).filter(is_running());
    let update = update.col_expr(Column::HeartbeatAt, now(db.get_database_backend()));
    Ok(update.exec(db).await?.rows_affected > 0)
}

/// Ends the imports that no instance runs any more as failed. Names no tenant.
pub async fn fail_dead(db: &impl ConnectionTrait, at: &Instant) -> Result<u64, StoreError> {
    let dead = i64::try_from(DEAD.as_micros()).unwrap_or(i64::MAX);
    let is_dead = Expr::col(Column::HeartbeatAt).lt(now(db.get_database_backend()).sub(dead));
    let row = ended(ActiveModel::default(), ImportStatus::Failed, at);
    let failed = Entity::update_many().set(row).filter(is_running()).filter(is_dead).exec(db).await?;
    Ok(failed.rows_affected)
}

/// Forgets all but the last imports of the tenant, and those that run.
pub async fn forget_old(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<(), StoreError> {
    let of_tenant = || Condition::all().add(Column::TenantId.eq(tenant.as_str()));
    let query = Entity::find().select_only().column(Column::ImportId).filter(of_tenant());
    let oldest: Option<Uuid> =
        query.order_by_desc(Column::ImportId).offset(KEPT - 1).limit(1).into_tuple().one(db).await?;
    let Some(oldest) = oldest else { return Ok(()) };
    let old = of_tenant().add(Column::ImportId.lt(oldest)).add(is_running().not());
    Entity::delete_many().filter(old).exec(db).await?;
    Ok(())
}

/// Whether the imports of a tenant have more than `most` faults.
pub async fn has_more_errors_than(db: &impl ConnectionTrait, owner: &Owner, most: u64) -> Result<bool, StoreError> {
    use import_errors::Column::{Number, TenantId};
    let Owner::Tenant(tenant) = owner else { return Ok(false) };
    let query = import_errors::Entity::find().select_only().column(Number).filter(TenantId.eq(tenant.as_str()));
    Ok(query.offset(most).limit(1).into_tuple::<i64>().one(db).await?.is_some())
}

/// Deletes some faults of a tenant's imports; whether there may be more.
pub async fn delete_some_errors(db: &impl ConnectionTrait, owner: &Owner) -> Result<bool, StoreError> {
    use import_errors::Column::{ImportId, Number, TenantId};
    const KEY: [import_errors::Column; 3] = [TenantId, ImportId, Number];
    let Owner::Tenant(tenant) = owner else { return Ok(false) };
    let these = Condition::all().add(TenantId.eq(tenant.as_str()));
    delete_some::<import_errors::Entity>(db, these, &KEY, &KEY).await
}

/// The services of the tenant's users after `after`, in the order of their keys, at most `limit`.
pub async fn services(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<&UserServicePath>,
    limit: u64,
) -> Result<Vec<UserServicePath>, StoreError> {
    use user_services::Column::{GroupId, Service, TenantId, UserId};
    let query = user_services::Entity::find().select_only().columns([GroupId, UserId, Service]);
    let after = after.map(|UserServicePath { user, service }| {
        let place = [user.group.as_str(), user.user.as_str(), service.segment()];
        is_after([GroupId, UserId, Service].map(Expr::col), place.map(Expr::val))
    });
    let query = query.filter(TenantId.eq(tenant.as_str())).filter(Condition::all().add_option(after));
    let query = query.order_by_asc(GroupId).order_by_asc(UserId).order_by_asc(Service).limit(limit);
    let rows: Vec<(String, String, String)> = query.into_tuple().all(db).await?;
    let path = |(group, user, service): (String, String, String)| {
        let user = UserPath { tenant: tenant.clone(), group: value(group)?, user: value(user)? };
        Ok(UserServicePath { user, service: user_service::service(&service)? })
    };
    rows.into_iter().map(path).collect()
}

/// As [`services`]: the users.
pub async fn users(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<&UserPath>,
    limit: u64,
) -> Result<Vec<UserPath>, StoreError> {
    use users::Column::{GroupId, TenantId, UserId};
    let after = after.map(|UserPath { group, user, .. }| {
        is_after([GroupId, UserId].map(Expr::col), [group.as_str(), user.as_str()].map(Expr::val))
    });
    let query = users::Entity::find().select_only().columns([GroupId, UserId]).filter(TenantId.eq(tenant.as_str()));
    let query = query.filter(Condition::all().add_option(after)).order_by_asc(GroupId).order_by_asc(UserId);
    let rows: Vec<(String, String)> = query.limit(limit).into_tuple().all(db).await?;
    let path = |(group, user)| Ok(UserPath { tenant: tenant.clone(), group: value(group)?, user: value(user)? });
    rows.into_iter().map(path).collect()
}

/// As [`services`]: the groups.
pub async fn groups(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<&GroupPath>,
    limit: u64,
) -> Result<Vec<GroupPath>, StoreError> {
    use groups::Column::{GroupId, TenantId};
    let after = after.map(|after| GroupId.gt(after.group.as_str()));
    let query = groups::Entity::find().select_only().column(GroupId).filter(TenantId.eq(tenant.as_str()));
    let query = query.filter(Condition::all().add_option(after)).order_by_asc(GroupId).limit(limit);
    let rows: Vec<String> = query.into_tuple().all(db).await?;
    rows.into_iter().map(|group| Ok(GroupPath { tenant: tenant.clone(), group: value(group)? })).collect()
}

/// The schedules of the tenant at all levels after `after`, in the order of their keys, at most `limit`.
pub async fn schedules(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, ScheduleFolder, ScheduleName)>, StoreError> {
    use schedules::Column::{GroupId, Kind, Name, ScheduleId, TenantId, UserId};
    type Row = (Uuid, String, Option<String>, Option<String>, String);
    let query = schedules::Entity::find().select_only().columns([ScheduleId, Kind, GroupId, UserId, Name]);
    let behind = Condition::all().add_option(after.map(|after| ScheduleId.gt(after)));
    let query = query.filter(TenantId.eq(tenant.as_str())).filter(behind).order_by_asc(ScheduleId).limit(limit);
    let rows: Vec<Row> = query.into_tuple().all(db).await?;
    let place = |(id, kind, group, user, name): Row| {
        Ok((id, schedule::folder_of(&kind, tenant.as_str(), [group.as_deref(), user.as_deref()])?, value(name)?))
    };
    rows.into_iter().map(place).collect()
}

/// As [`schedules`]: the number lists.
pub async fn number_lists(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(NumberListKey, NumberListPath)>, StoreError> {
    use number_lists::Column::{ListId, TenantId};
    let query = number_lists::Entity::find().filter(TenantId.eq(tenant.as_str()));
    let behind = Condition::all().add_option(after.map(|after| ListId.gt(after)));
    let rows = query.filter(behind).order_by_asc(ListId).limit(limit).all(db).await?;
    let list = |row: number_lists::Model| {
        let path = NumberListPath { owner: number_list::owner(&row)?, name: value(row.name)? };
        Ok((NumberListKey { tenant: tenant.clone(), id: row.list_id }, path))
    };
    rows.into_iter().map(list).collect()
}
