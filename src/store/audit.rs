//! The audit trail: events are inserted in the transaction of their change, and read in pages.

use std::time::Duration;

use call_acceptance_api::{
    access::{Actor, ActorKind, Scope},
    resource::audit::{
        AuditCursor, AuditEvent, AuditEventId, AuditEventList, AuditFilter, OperationName, Recorded, Refused,
    },
    value::{name::TenantId, owner::Owner, time::Instant},
    wire::page::PageQuery,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};

use super::{
    batch::delete_some,
    column::{now, optional, owner_columns, value},
    entity::audit_events::{Column, Entity, Model},
    error::StoreError,
    rows::{Cells, Rows},
};

/// Maximum size of a page, in bytes of `before` and `after`, unless a single event is larger.
const MOST_BYTES: i64 = 4 << 20;

/// A change of one resource to be recorded.
#[derive(Debug, Clone)]
pub struct Record {
    /// The scope of the audit trail.
    pub scope: Scope,
    /// Path of the resource.
    pub target: String,
    /// The resource before the change, as JSON; `None` if it was created.
    pub before: Option<String>,
    /// The resource after the change, as JSON; `None` if it was deleted.
    pub after: Option<String>,
}

/// An event for each of `records`, under one of `ids`.
pub(super) fn rows(backend: DbBackend, by: &Actor, records: &[Record], ids: impl Fn() -> Uuid) -> Rows<Entity> {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let bytes = |record: &Record| i64::try_from(length(&record.before) + length(&record.after)).unwrap_or(i64::MAX);
    let [tenants, groups, users] = scope_cells(records.iter().map(|record| &record.scope));
    let columns = [
        (Column::TenantId, tenants),
        (Column::EventId, Cells::each(records.iter().map(|_| ids()))),
        (Column::RecordedAt, Cells::same(now(backend))),
        (Column::ActorKind, Cells::same(by.identity.kind.as_str())),
        (Column::Actor, Cells::same(by.identity.actor.as_str())),
        (Column::RequestId, Cells::same(by.request_id.as_str())),
        (Column::ClientAddress, Cells::same(by.client_address.map(|address| address.to_string()))),
        (Column::Operation, Cells::same(by.operation)),
        (Column::Target, Cells::each(records.iter().map(|record| record.target.as_str()))),
        (Column::GroupId, groups),
        (Column::UserId, users),
        (Column::Before, Cells::each(records.iter().map(|record| record.before.clone()))),
        (Column::After, Cells::each(records.iter().map(|record| record.after.clone()))),
        (Column::Bytes, Cells::each(records.iter().map(bytes))),
    ];
    Rows::new(records.len(), columns)
}

/// Inserts an event of something that `by` was refused on what `owner` has.
pub async fn insert_refusal(
    db: &impl ConnectionTrait,
    by: &Actor,
    owner: &Owner,
    why: Refused,
    id: Uuid,
) -> Result<(), StoreError> {
    let (tenant, group, user) = owner_columns(owner);
    let columns: [(Column, SimpleExpr); 13] = [
        (Column::TenantId, tenant.into()),
        (Column::EventId, id.into()),
        (Column::RecordedAt, now(db.get_database_backend())),
        (Column::ActorKind, by.identity.kind.as_str().into()),
        (Column::Actor, by.identity.actor.as_str().into()),
        (Column::RequestId, by.request_id.as_str().into()),
        (Column::ClientAddress, by.client_address.map(|address| address.to_string()).into()),
        (Column::Operation, by.operation.into()),
        (Column::Refused, why.as_str().into()),
        (Column::Target, owner.path_of(&[]).into()),
        (Column::GroupId, group.into()),
        (Column::UserId, user.into()),
        (Column::Bytes, 0_i64.into()),
    ];
    let (columns, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let mut insert = Query::insert();
    insert.into_table(Entity).columns(columns).values_panic(values);
    db.execute(&insert).await?;
    Ok(())
}

/// The columns of a scope; the tenant is empty for the whole system.
pub(super) fn scope_columns(scope: &Scope) -> (String, Option<String>, Option<String>) {
    match scope {
        Scope::System => (String::new(), None, None),
        Scope::Of(owner) => owner_columns(owner),
    }
}

/// The columns of scopes, as [`scope_columns`].
pub(super) fn scope_cells<'a>(scopes: impl Iterator<Item = &'a Scope>) -> [Cells; 3] {
    let (mut tenants, mut groups, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, group, user) in scopes.map(scope_columns) {
        tenants.push(tenant);
        groups.push(group);
        users.push(user);
    }
    [Cells::each(tenants), Cells::each(groups), Cells::each(users)]
}

/// A page of the tenant's events, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    filter: AuditFilter,
    page: PageQuery<AuditCursor>,
) -> Result<AuditEventList, StoreError> {
    let AuditFilter { group, user, operation, from, until } = filter;
    let mut query = Entity::find().filter(Column::TenantId.eq(tenant.as_str()));
    for (column, wanted) in [
        (Column::GroupId, group.map(String::from)),
        (Column::UserId, user.map(String::from)),
        (Column::Operation, operation.map(String::from)),
    ] {
        if let Some(wanted) = wanted {
            query = query.filter(column.eq(wanted));
        }
    }
    if let Some(from) = from {
        query = query.filter(Column::RecordedAt.gte(from.timestamp().as_microsecond()));
    }
    if let Some(until) = until {
        query = query.filter(Column::RecordedAt.lt(until.timestamp().as_microsecond()));
    }
    let limit = page.limit.get();
    let after = page.after.as_ref().and_then(place);
    let mut places = query.clone().select_only().columns([Column::RecordedAt, Column::EventId, Column::Bytes]);
    places = places.limit(None);
    let mut places = places.cursor_by((Column::RecordedAt, Column::EventId)).into_model::<Place>();
    let mut cursor = query.limit(None).cursor_by((Column::RecordedAt, Column::EventId));
    if let Some(after) = after {
        places.after(after);
        cursor.after(after);
    }
    let places = places.first(limit + 1).all(db).await?;
    let fitting = fitting(&places, limit);
    let rows = if places.is_empty() { Vec::new() } else { cursor.first(fitting).all(db).await? };
    let more = places.len() as u64 > fitting;
    let next = rows.last().filter(|_| more).map(|last| format!("{}-{}", last.recorded_at, last.event_id.simple()));
    Ok(AuditEventList {
        audit_events: rows.into_iter().map(event).collect::<Result<_, _>>()?,
        next: next.map(value).transpose()?,
    })
}

/// The position of an event, and its size.
#[derive(FromQueryResult)]
#[expect(dead_code, reason = "the cursor selects and orders by the columns of its place")]
struct Place {
    recorded_at: i64,
    event_id: Uuid,
    bytes: i64,
}

/// The number of events that fit on a page; at least one, so that there is a next page.
fn fitting(places: &[Place], limit: u64) -> u64 {
    let mut bytes = 0;
    let fitting = places.iter().take_while(|place| {
        bytes += place.bytes;
        bytes <= MOST_BYTES
    });
    (fitting.count() as u64).clamp(1, limit)
}

fn place(cursor: &AuditCursor) -> Option<(i64, Uuid)> {
    let (recorded_at, id) = cursor.as_str().split_once('-')?;
    Some((recorded_at.parse().ok()?, id.parse().ok()?))
}

fn event(row: Model) -> Result<AuditEvent, StoreError> {
    let Model {
        tenant_id: _,
        event_id,
        recorded_at,
        actor_kind,
        actor,
        request_id,
        client_address,
        operation,
        refused,
        target,
        group_id,
        user_id,
        before,
        after,
        bytes: _,
    } = row;
    let kind = ActorKind::ALL.into_iter().find(|kind| kind.as_str() == actor_kind);
    Ok(AuditEvent {
        event_id: value::<AuditEventId>(event_id.simple().to_string())?,
        at: instant(recorded_at)?,
        actor_kind: kind.ok_or_else(|| StoreError::Internal("an event has an unknown kind of actor".into()))?,
        actor,
        request_id,
        client_address,
        operation: value::<OperationName>(operation)?,
        refused: refused.as_deref().and_then(Refused::parse),
        target,
        group_id: optional(group_id)?,
        user_id: optional(user_id)?,
        before: before.map(Recorded),
        after: after.map(Recorded),
    })
}

/// Converts a column of microseconds since 1970 to an instant.
pub(super) fn instant(microseconds: i64) -> Result<Instant, StoreError> {
    jiff::Timestamp::from_microsecond(microseconds).map(Instant::of).map_err(StoreError::corrupt)
}

/// Deletes the events older than `kept`, in batches.
pub async fn forget(db: &impl ConnectionTrait, kept: Duration) -> Result<(), StoreError> {
    let (backend, kept) = (db.get_database_backend(), i64::try_from(kept.as_micros()).unwrap_or(i64::MAX));
    let old = || Condition::all().add(Expr::col(Column::RecordedAt).lt(now(backend).sub(kept)));
    while delete_some::<Entity>(db, old(), &[Column::TenantId, Column::EventId], &[]).await? {}
    Ok(())
}
