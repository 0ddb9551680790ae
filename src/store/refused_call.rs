//! Refused calls.

use std::time::Duration;

use call_acceptance_api::{
    resource::{
        decision::Reason,
        refused_call::{RefusedCall, RefusedCallCursor, RefusedCallList},
    },
    value::{
        name::CriteriaName,
        owner::{Owner, UserPath},
    },
    wire::page::PageQuery,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    audit::instant,
    batch::delete_some,
    column::{cut, optional, value},
    entity::refused_calls::{self as table, Column, Entity, Model},
    error::StoreError,
    ownership::below,
};

/// The primary key.
const KEY: [Column; 5] = [Column::TenantId, Column::GroupId, Column::UserId, Column::RefusedAt, Column::CallId];
/// How long refused calls are kept.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// A refused call to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The user.
    pub user: UserPath,
    /// Its identifier.
    pub id: Uuid,
    /// When it came in, in microseconds since 1970.
    pub at: i64,
    /// The caller's number, if it was shown.
    pub calling_number: Option<String>,
    /// Why it was refused.
    pub reason: Reason,
    /// The criteria that refused it, if one did.
    pub criteria: Option<CriteriaName>,
}

/// The statement of [`insert`]; see [`super::statistics::add`] for its form. A call that is there already is left
/// alone, so that a batch can be written again.
fn insertion(backend: DbBackend) -> String {
    let (elements, locked) = match backend {
        DbBackend::Sqlite => ("json_each(?)", ""),
        _ => ("jsonb_array_elements($1)", "FOR KEY SHARE OF users"),
    };
    format!(
        "INSERT INTO refused_calls (tenant_id, group_id, user_id, refused_at, call_id, calling_number, reason, \
         criteria) \
         SELECT users.tenant_id, users.group_id, users.user_id, CAST(value ->> 3 AS bigint), value ->> 4, \
         value ->> 5, value ->> 6, value ->> 7 FROM {elements} AS given \
         JOIN users ON users.tenant_id = value ->> 0 AND users.group_id = value ->> 1 AND users.user_id = value ->> 2 \
         JOIN tenants ON tenants.tenant_id = users.tenant_id \
         WHERE tenants.record_refused_calls {locked} \
         ON CONFLICT (tenant_id, group_id, user_id, refused_at, call_id) DO NOTHING"
    )
}

/// Records refused calls, in one statement: those to users who are still there, and whose tenant wants it.
pub async fn insert(db: &impl ConnectionTrait, calls: &[Refused]) -> Result<(), StoreError> {
    let row = |call: &Refused| {
        let Refused { user, id, at, calling_number, reason, criteria } = call;
        let [tenant, group, user] = [user.tenant.as_str(), user.group.as_str(), user.user.as_str()];
        let (id, criteria) = (id.simple().to_string(), criteria.as_ref().map(CriteriaName::as_str));
        serde_json::json!([tenant, group, user, at, id, calling_number, reason.as_str(), criteria])
    };
    let rows: serde_json::Value = calls.iter().map(row).collect();
    let backend = db.get_database_backend();
    db.execute_raw(Statement::from_sql_and_values(backend, insertion(backend), [rows.into()])).await?;
    Ok(())
}

/// A page of the user's refused calls since the retention began at `now`, the newest first. Reasons that only a later
/// release knows are left out.
pub async fn page(
    db: &impl ConnectionTrait,
    user: &UserPath,
    now: jiff::Timestamp,
    page: PageQuery<RefusedCallCursor>,
) -> Result<RefusedCallList, StoreError> {
    let limit = page.limit.get();
    let mut query =
        Entity::find().filter(below!(table, &Owner::User(user.clone()))).filter(Column::RefusedAt.gte(end(now)));
    if let Some((at, id)) = page.after.as_ref().and_then(place) {
        let place = Expr::tuple([Column::RefusedAt, Column::CallId].map(Expr::col));
        query = query.filter(place.lt(Expr::tuple([Expr::val(at), Expr::val(id)])));
    }
    let query = query.order_by_desc(Column::RefusedAt).order_by_desc(Column::CallId).limit(limit + 1);
    let mut rows = query.all(db).await?;
    let more = cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|last| format!("{}-{}", last.refused_at, last.call_id));
    let calls = rows.into_iter().filter_map(|row| call(row).transpose()).collect::<Result<_, _>>()?;
    Ok(RefusedCallList { calls, next: next.map(value).transpose()? })
}

fn place(cursor: &RefusedCallCursor) -> Option<(i64, String)> {
    let (at, id) = cursor.as_str().split_once('-')?;
    Some((at.parse().ok()?, id.to_owned()))
}

fn call(row: Model) -> Result<Option<RefusedCall>, StoreError> {
    let Some(reason) = Reason::parse(&row.reason) else { return Ok(None) };
    let Some(service) = reason.service() else { return Ok(None) };
    Ok(Some(RefusedCall {
        at: instant(row.refused_at)?,
        calling_number: optional(row.calling_number)?,
        reason,
        service,
        criteria: optional(row.criteria)?,
    }))
}

/// Calls before this are past their retention at `now`.
fn end(now: jiff::Timestamp) -> i64 {
    now.as_microsecond().saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX))
}

/// Deletes some of the calls to the owner and to what is below it; whether there may be more.
pub(super) async fn delete_some_below(db: &impl ConnectionTrait, owner: &Owner) -> Result<bool, StoreError> {
    delete_some::<Entity>(db, below!(table, owner), &KEY, &KEY).await
}

/// Deletes the calls whose retention is over at `now`, in batches.
pub async fn forget(db: &impl ConnectionTrait, now: jiff::Timestamp) -> Result<(), StoreError> {
    let old = || Condition::all().add(Column::RefusedAt.lt(end(now)));
    while delete_some::<Entity>(db, old(), &KEY, &[Column::RefusedAt]).await? {}
    Ok(())
}
