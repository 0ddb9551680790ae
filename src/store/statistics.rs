//! Statistics of calls.
//!
//! Each count is kept by the hour and by the day, and both for the user, the group and the tenant. So no statistics
//! read more rows than they have intervals and reasons (those of a user: and criteria, which the database adds up), and
//! nothing is rolled up later. For a user it costs two rows an hour, reason and criteria in which there was a call;
//! those of groups and tenants are few.

use std::time::Duration;

use call_acceptance_api::{
    resource::{decision::Reason, statistics::Interval, user_service::ServiceName},
    value::{
        name::CriteriaName,
        owner::{Owner, UserPath},
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Statement, TryGetableMany,
    sea_query::{Expr, ExprTrait, SelectStatement, UnionType},
};

use super::{
    batch::delete_some,
    column::value,
    entity::{
        criteria, refused_calls,
        statistics::{self as table, Column, Entity},
    },
    error::StoreError,
    ownership::below,
    user_service::service,
};
use crate::rules::criteria::CriteriaKey;

/// How long counts are kept by the hour.
const HOURS: Duration = Duration::from_hours(60 * 24);
/// How long counts are kept by the day.
const DAYS: Duration = Duration::from_hours(400 * 24);
/// The position of the criteria where none decided.
const NONE: i32 = -1;
/// The primary key.
const KEY: [Column; 8] = [
    Column::TenantId,
    Column::GroupId,
    Column::UserId,
    Column::Bucket,
    Column::StartedAt,
    Column::Reason,
    Column::CriteriaRevision,
    Column::CriteriaPosition,
];

/// What tells a criteria of a service from all others.
const CRITERIA: [Column; 2] = [Column::CriteriaRevision, Column::CriteriaPosition];

/// Calls to a user in one hour that were decided alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// The user.
    pub user: UserPath,
    /// The hours between 1970 and the calls.
    pub hour: i64,
    /// Why they were decided so.
    pub reason: Reason,
    /// The criteria that decided, if one did.
    pub criteria: Option<CriteriaKey>,
    /// How many there were.
    pub count: i64,
    /// When the last of them came in, in microseconds since 1970.
    pub last_at: i64,
}

/// The statement of [`add`]. Its text is always the same: the rows are one JSON array, however many there are.
///
/// Users that are gone are left out. The others are locked, so that a deletion, which locks the user first, either
/// waits and deletes what was added, or comes first. The rows are in order, so that instances do not lock each other
/// out.
fn addition(backend: DbBackend) -> String {
    let (elements, locked) = match backend {
        DbBackend::Sqlite => ("json_each(?)", ""),
        _ => ("jsonb_array_elements($1)", "FOR KEY SHARE OF users"),
    };
    format!(
        "WITH counted AS (\
         SELECT users.tenant_id, users.group_id, users.user_id, started_at, reason, revision, position, calls, last_at \
         FROM (SELECT value ->> 0 AS tenant, value ->> 1 AS grp, value ->> 2 AS usr, \
         CAST(value ->> 3 AS bigint) AS started_at, value ->> 4 AS reason, CAST(value ->> 5 AS bigint) AS revision, \
         CAST(value ->> 6 AS integer) AS position, CAST(value ->> 7 AS bigint) AS calls, \
         CAST(value ->> 8 AS bigint) AS last_at FROM {elements}) AS given \
         JOIN users ON users.tenant_id = given.tenant AND users.group_id = given.grp AND users.user_id = given.usr \
         {locked}) \
         INSERT INTO statistics (tenant_id, group_id, user_id, bucket, started_at, reason, criteria_revision, \
         criteria_position, calls, last_at) \
         SELECT tenant_id, CASE WHEN level > 0 THEN group_id ELSE '' END, \
         CASE WHEN level > 1 THEN user_id ELSE '' END, bucket, started_at - started_at % length, reason, \
         CASE WHEN level > 1 THEN revision ELSE 0 END, \
         CASE WHEN level > 1 THEN position ELSE {NONE} END, CAST(SUM(calls) AS bigint), MAX(last_at) \
         FROM counted CROSS JOIN (SELECT 0 AS level UNION ALL SELECT 1 UNION ALL SELECT 2) AS levels \
         CROSS JOIN (SELECT 'hour' AS bucket, {hour} AS length UNION ALL SELECT 'day', {day}) AS buckets \
         WHERE true GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8 \
         ON CONFLICT (tenant_id, group_id, user_id, bucket, started_at, reason, criteria_revision, criteria_position) \
         DO UPDATE SET calls = statistics.calls + excluded.calls, \
         last_at = CASE WHEN excluded.last_at > statistics.last_at THEN excluded.last_at ELSE statistics.last_at END",
        hour = Interval::Hour.microseconds(),
        day = Interval::Day.microseconds(),
    )
}

/// Adds calls to the statistics of their users, groups and tenants, in one statement.
pub async fn add(db: &impl ConnectionTrait, calls: &[Calls]) -> Result<(), StoreError> {
    let row = |calls: &Calls| {
        let Calls { user, hour, reason, criteria, count, last_at } = calls;
        let CriteriaKey { revision, position } = criteria.unwrap_or(CriteriaKey { revision: 0, position: NONE });
        let started_at = hour.saturating_mul(Interval::Hour.microseconds());
        let [tenant, group, user] = [user.tenant.as_str(), user.group.as_str(), user.user.as_str()];
        serde_json::json!([tenant, group, user, started_at, reason.as_str(), revision, position, count, last_at])
    };
    let rows: serde_json::Value = calls.iter().map(row).collect();
    let backend = db.get_database_backend();
    db.execute_raw(Statement::from_sql_and_values(backend, addition(backend), [rows.into()])).await?;
    Ok(())
}

/// Which rows of an owner are read: the start of the first interval, and the end of the last one, in microseconds since
/// 1970.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The owner.
    pub owner: &'a Owner,
    /// The length of the intervals.
    pub interval: Interval,
    /// The start, inclusive.
    pub from: i64,
    /// The end, exclusive.
    pub to: i64,
}

impl Wanted<'_> {
    fn rows(&self) -> Select<Entity> {
        let [tenant, group, user] = self.owner.names().map(Option::unwrap_or_default);
        Entity::find()
            .filter(Column::TenantId.eq(tenant))
            .filter(Column::GroupId.eq(group))
            .filter(Column::UserId.eq(user))
            .filter(Column::Bucket.eq(self.interval.as_str()))
            .filter(Column::StartedAt.gte(self.from))
            .filter(Column::StartedAt.lt(self.to))
            .select_only()
            .column_as(Expr::col(Column::Calls).sum().cast_as("bigint"), "calls")
            .column_as(Expr::col(Column::LastAt).max(), "last_at")
            .column(Column::Reason)
            .group_by(Column::Reason)
    }

    /// The statement of [`read`], for tests of its cost.
    pub fn statement(&self) -> SelectStatement {
        let by_interval = self.rows().column(Column::StartedAt).group_by(Column::StartedAt);
        let by_interval = by_interval.expr(Expr::val(0_i64)).expr(Expr::val(NONE));
        let by_criteria = self.rows().filter(Column::CriteriaPosition.gt(NONE)).expr(Expr::val(self.from));
        let by_criteria = CRITERIA.into_iter().fold(by_criteria, |rows, column| rows.column(column).group_by(column));
        by_interval.into_query().union(UnionType::All, by_criteria.into_query()).to_owned()
    }
}

/// The calls of an owner in one state of the database. Reasons that only a later release knows are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// By the interval and the reason.
    pub by_interval: Vec<IntervalCount>,
    /// By the criteria that decided; only of a user.
    pub by_criteria: Vec<CriteriaCount>,
}

/// Calls of one interval that were decided for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalCount {
    /// The start of the interval, in microseconds since 1970.
    pub started_at: i64,
    /// Why they were decided so.
    pub reason: Reason,
    /// How many there were.
    pub calls: i64,
}

/// Calls that one criteria decided for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CriteriaCount {
    /// The criteria.
    pub criteria: CriteriaKey,
    /// Why they were decided so.
    pub reason: Reason,
    /// How many there were.
    pub calls: i64,
    /// When the last of them came in, in microseconds since 1970.
    pub last_at: i64,
}

/// The calls of an owner, added up by the database.
pub async fn read(db: &impl ConnectionTrait, wanted: &Wanted<'_>) -> Result<Counted, StoreError> {
    let mut counted = Counted::default();
    for row in db.query_all(&wanted.statement()).await? {
        let (calls, last_at, reason, started_at, revision, position) =
            <(i64, i64, String, i64, i64, i32)>::try_get_many_by_index(&row).map_err(DbErr::from)?;
        let Some(reason) = Reason::parse(&reason) else { continue };
        if position == NONE {
            counted.by_interval.push(IntervalCount { started_at, reason, calls });
        } else {
            let criteria = CriteriaKey { revision, position };
            counted.by_criteria.push(CriteriaCount { criteria, reason, calls, last_at });
        }
    }
    Ok(counted)
}

/// A criteria of a user as statistics know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The service of the criteria.
    pub service: ServiceName,
    /// What tells it from others.
    pub key: CriteriaKey,
    /// The present name of the criteria.
    pub name: CriteriaName,
}

/// The present criteria of the user, those of a service in the order of their creation.
pub async fn present(db: &impl ConnectionTrait, user: &UserPath) -> Result<Vec<Present>, StoreError> {
    use criteria::Column::{CreatedRevision, Name, Position, Service};
    let owner = Owner::User(user.clone());
    let query = criteria::Entity::find().select_only().columns([Service, Position, CreatedRevision, Name]);
    let query = query.filter(below!(criteria, &owner)).order_by_asc(Service).order_by_asc(Position);
    let rows: Vec<(String, i32, Option<i64>, String)> = query.into_tuple().all(db).await?;
    let present = |(of, position, revision, name): (String, i32, Option<i64>, String)| {
        let key = CriteriaKey { revision: revision.unwrap_or_default(), position };
        Ok(Present { service: service(&of)?, key, name: value(name)? })
    };
    rows.into_iter().map(present).collect()
}

/// Deletes all statistics and refused calls of the owner and of what is below it.
pub async fn delete_below(db: &impl ConnectionTrait, owner: &Owner) -> Result<(), StoreError> {
    Entity::delete_many().filter(below!(table, owner)).exec(db).await?;
    refused_calls::Entity::delete_many().filter(below!(refused_calls, owner)).exec(db).await?;
    Ok(())
}

/// Deletes some statistics and refused calls of the owner and of what is below it; whether there may be more.
pub async fn delete_some_below(db: &impl ConnectionTrait, owner: &Owner) -> Result<bool, StoreError> {
    let statistics = delete_some::<Entity>(db, below!(table, owner), &KEY, &KEY).await?;
    let refused = super::refused_call::delete_some_below(db, owner).await?;
    Ok(statistics || refused)
}

/// Deletes the counts whose retention is over at `now`, in batches.
pub async fn forget(db: &impl ConnectionTrait, now: jiff::Timestamp) -> Result<(), StoreError> {
    for (interval, kept) in [(Interval::Hour, HOURS), (Interval::Day, DAYS)] {
        let end = now.as_microsecond().saturating_sub(i64::try_from(kept.as_micros()).unwrap_or(i64::MAX));
        let old = || {
            let of_interval = Condition::all().add(Column::Bucket.eq(interval.as_str()));
            of_interval.add(Column::StartedAt.lt(end - interval.microseconds()))
        };
        while delete_some::<Entity>(db, old(), &KEY, &[Column::Bucket, Column::StartedAt]).await? {}
    }
    Ok(())
}
