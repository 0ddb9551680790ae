//! The feed of changes: tells every instance which users' calls may be decided otherwise from now on, and which tokens
//! are no longer valid.
//!
//! A change notes itself in the table `changes` in its own transaction. Each instance reads what it has not read yet:
//! the table is the truth. PostgreSQL's NOTIFY only wakes the readers ([`Bell`]), so that a lost one costs no more than
//! the time to the next reading.
//!
//! The order is that of the commits, never that of a clock (`position.rs` says how), so that a transaction may be
//! committed however late after it was noted. Old changes are deleted; a reader that was away for longer knows that it
//! missed some, and is told [`Changes::Unknown`].

mod bell;
mod position;

use std::time::Duration;

use call_acceptance_api::{access::Scope, resource::token::TokenId, value::owner::Owner};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement,
    prelude::Uuid,
    sea_query::{Expr, Query, SimpleExpr},
};

pub use bell::Bell;

use self::{bell::CHANNEL, position::Position};
use super::{
    audit::scope_columns,
    column::{now, owner_of, value},
    connection,
    entity::changes::{Column, Entity},
    error::StoreError,
};

/// How long changes are kept.
pub const KEPT: Duration = Duration::from_secs(3600);
/// How many changes one reading takes; when there are more, it is cheaper to load everything again.
const MOST: usize = 10_000;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Calls to the users of this owner may be decided otherwise.
    Users(Owner),
    /// Calls to those users of this owner who take their time zone from it, or from above it, may be decided otherwise.
    TimeZone(Owner),
    /// Calls to those users of this owner who refer to the schedule with this key may be decided otherwise.
    Schedule(Owner, Uuid),
    /// This token was revoked.
    Token(TokenId),
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Self::Users(_) => "users",
            Self::TimeZone(_) => "time_zone",
            Self::Schedule(..) => "schedule",
            Self::Token(_) => "token",
        }
    }
}

/// Notes what has changed, as the last statement of its transaction, under the identifiers beside it.
pub async fn note(db: &impl ConnectionTrait, changes: &[(Uuid, Change)]) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let backend = db.get_database_backend();
    for changes in changes.chunks(MOST / 10) {
        db.execute(&insertion(backend, changes)).await?;
    }
    Ok(())
}

fn insertion(backend: DbBackend, changes: &[(Uuid, Change)]) -> sea_orm::sea_query::InsertStatement {
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([
        Column::TenantId,
        Column::ChangeId,
        Column::Position,
        Column::ChangedAt,
        Column::Kind,
        Column::GroupId,
        Column::UserId,
        Column::ScheduleId,
        Column::TokenId,
    ]);
    for (id, change) in changes {
        let (scope, schedule, token) = match change {
            Change::Users(owner) | Change::TimeZone(owner) => (Scope::Of(owner.clone()), None, None),
            Change::Schedule(owner, schedule) => (Scope::Of(owner.clone()), Some(*schedule), None),
            Change::Token(token) => (Scope::System, None, Some(token.as_str())),
        };
        let (tenant, group, user) = scope_columns(&scope);
        insert.values_panic([
            tenant.into(),
            (*id).into(),
            position(backend),
            now(backend),
            change.kind().into(),
            group.into(),
            user.into(),
            schedule.into(),
            token.into(),
        ]);
    }
    if backend == DbBackend::Postgres {
        insert.returning(Query::returning().expr(Expr::cust(format!("pg_notify('{CHANNEL}', '')"))));
    }
    insert
}

/// Where the transaction stands in the order of the feed; see [`Position`].
fn position(backend: DbBackend) -> SimpleExpr {
    match backend {
        DbBackend::Sqlite => Expr::cust("(SELECT COALESCE(MAX(position), 0) + 1 FROM changes)"),
        _ => Expr::cust("CAST(CAST(pg_current_xact_id() AS text) AS bigint)"),
    }
}

/// Deletes the changes that were noted longer than [`KEPT`] ago, by the clock, but for the last of them: whatever was
/// deleted stands before the first that is left. On PostgreSQL the last one is such that no transaction that is still
/// open comes before it; what comes after all transactions was restored from another server, and is of no use here.
pub async fn forget(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let (ended, now) = match postgres {
        true => (
            " AND position < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)",
            "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
        ),
        false => ("", "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"),
    };
    let kept = KEPT.as_micros();
    let delete = format!(
        "DELETE FROM changes WHERE position < \
         (SELECT MAX(position) FROM changes WHERE changed_at < {now} - {kept}{ended})"
    );
    db.execute_unprepared(&delete).await?;
    if postgres {
        db.execute_unprepared(&format!("DELETE FROM changes WHERE position >= {NEXT}")).await?;
    }
    Ok(())
}

/// The transaction that comes after all that there were, on PostgreSQL.
const NEXT: &str = "CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)";

/// What a reading of the feed tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These, by the identifiers under which they were noted.
    Of(Vec<(Uuid, Change)>),
    /// What happened since the last reading is not known.
    Unknown,
}

/// Where an instance is in the feed.
pub struct Feed {
    db: DatabaseConnection,
    /// Up to where everything was read.
    read: Option<Position>,
}

impl Feed {
    /// The feed of the database `db`, over a connection of its own: it must not wait for those that requests have
    /// taken.
    pub fn of(db: &DatabaseConnection) -> Self {
        Self { db: connection::beside(db, 1), read: None }
    }

    /// What was committed since the last reading that succeeded.
    pub async fn read(&mut self) -> Result<Changes, StoreError> {
        let rows = Row::find_by_statement(self.statement()).all(&self.db).await?;
        let first = rows.first().ok_or_else(|| StoreError::Internal("the feed has no position".into()))?;
        let position = Position::parse(first.position.as_deref().unwrap_or_default(), &first.server)?;
        let known = self.read.as_ref().is_some_and(|before| position.follows(before, first.oldest));
        let changes = match known && rows.len() <= MOST {
            true => Changes::Of(rows.into_iter().filter_map(|row| change(row).transpose()).collect::<Result<_, _>>()?),
            false => Changes::Unknown,
        };
        self.read = Some(position);
        Ok(changes)
    }

    /// One statement, so that the position and the changes are of one moment. It always has a row.
    fn statement(&self) -> Statement {
        let backend = self.db.get_database_backend();
        let (head, unread, valid, since) = match backend {
            DbBackend::Sqlite => (
                "CAST((SELECT COALESCE(MAX(position), 0) FROM changes) AS TEXT) AS position, '' AS server",
                "",
                "1 = 1".to_owned(),
                None,
            ),
            _ => (
                "CAST(pg_current_snapshot() AS text) AS position, CAST(pg_postmaster_start_time() AS text) AS server",
                " AND NOT pg_visible_in_snapshot(CAST(CAST(c.position AS text) AS xid8), CAST($2 AS pg_snapshot))",
                // Others were restored from another server.
                format!("c.position < {NEXT}"),
                Some(self.read.as_ref().map_or(position::EMPTY, Position::as_str)),
            ),
        };
        // At the first reading nothing is asked for but the position.
        let first = self.read.as_ref().map_or(i64::MAX, Position::first_unread);
        let sql = format!(
            "SELECT {head}, (SELECT MIN(c.position) FROM changes AS c WHERE {valid}) AS oldest, c.change_id, c.kind, \
             c.tenant_id, c.group_id, c.user_id, c.schedule_id, c.token_id FROM (SELECT 1 AS one) AS always \
             LEFT JOIN changes AS c ON c.position >= $1 AND {valid}{unread} ORDER BY c.position LIMIT {}",
            MOST + 1
        );
        let values = std::iter::once(first.into()).chain(since.map(Into::into));
        Statement::from_sql_and_values(backend, sql, values)
    }
}

#[derive(FromQueryResult)]
struct Row {
    position: Option<String>,
    server: String,
    oldest: Option<i64>,
    change_id: Option<Uuid>,
    kind: Option<String>,
    tenant_id: Option<String>,
    group_id: Option<String>,
    user_id: Option<String>,
    schedule_id: Option<Uuid>,
    token_id: Option<String>,
}

/// The change of a row; `None` for the row that is there when there is no change.
fn change(row: Row) -> Result<Option<(Uuid, Change)>, StoreError> {
    let (Some(id), Some(kind), Some(tenant)) = (row.change_id, row.kind, row.tenant_id) else { return Ok(None) };
    if let Some(token) = row.token_id {
        return Ok(Some((id, Change::Token(value(token)?))));
    }
    let owner = owner_of(&tenant, row.group_id.as_deref(), row.user_id.as_deref())?;
    Ok(Some(match (kind.as_str(), row.schedule_id) {
        ("time_zone", _) => (id, Change::TimeZone(owner)),
        ("schedule", Some(schedule)) => (id, Change::Schedule(owner, schedule)),
        // What a later release notes in a way that is not known here concerns all who may be meant.
        _ => (id, Change::Users(owner)),
    }))
}
