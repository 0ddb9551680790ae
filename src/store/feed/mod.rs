//! The feed of changes: tells all instances which users' decisions may have changed, and which tokens are revoked.
//!
//! A change inserts rows into the table `changes` in its own transaction. Each instance polls for rows that it has not
//! read. PostgreSQL's NOTIFY only wakes the readers ([`Bell`]), so a lost notification delays a change until the next
//! poll.
//!
//! Rows are in commit order, independent of clocks (see `position.rs`), even if a transaction commits long after it
//! inserted its row. Old rows are deleted; a reader that has missed deleted rows detects it and gets
//! [`Changes::Unknown`].

mod bell;
mod position;

use std::time::Duration;

use call_acceptance_api::{access::Scope, resource::token::TokenId, value::owner::Owner};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement,
    prelude::Uuid,
    sea_query::{Expr, InsertStatement, Query, SimpleExpr},
};

pub use bell::Bell;

use self::{bell::CHANNEL, position::Position};
use super::{
    audit::scope_cells,
    column::{now, owner_of, value},
    connection,
    entity::changes::{Column, Entity},
    error::StoreError,
    rows::{Cells, Rows},
};

/// How long changes are kept.
pub const KEPT: Duration = Duration::from_secs(3600);
/// Maximum number of changes of one poll; with more, it is cheaper to reload everything.
const MOST: usize = 10_000;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Decisions on calls to the users of this owner may have changed.
    Users(Owner),
    /// Decisions may have changed for the users of this owner who inherit its time zone, or one from above it.
    TimeZone(Owner),
    /// What refused callers get may have changed for the users of this owner, as far as its treatments apply to them.
    Treatments(Owner),
    /// Decisions may have changed for the users of this owner who refer to the schedule with this key.
    Schedule(Owner, Uuid),
    /// Decisions may have changed for the users who refer to the number list with this key, which is this owner's.
    NumberList(Owner, Uuid),
    /// This token was revoked.
    Token(TokenId),
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Self::Users(_) => "users",
            Self::TimeZone(_) => "time_zone",
            Self::Treatments(_) => "treatments",
            Self::Schedule(..) => "schedule",
            Self::NumberList(..) => "number_list",
            Self::Token(_) => "token",
        }
    }

    fn scope(&self) -> Scope {
        match self {
            Self::Users(owner)
            | Self::TimeZone(owner)
            | Self::Treatments(owner)
            | Self::Schedule(owner, _)
            | Self::NumberList(owner, _) => Scope::Of(owner.clone()),
            Self::Token(_) => Scope::System,
        }
    }

    fn schedule(&self) -> Option<Uuid> {
        if let Self::Schedule(_, schedule) = self { Some(*schedule) } else { None }
    }

    fn number_list(&self) -> Option<Uuid> {
        if let Self::NumberList(_, list) = self { Some(*list) } else { None }
    }

    fn token(&self) -> Option<&str> {
        if let Self::Token(token) = self { Some(token.as_str()) } else { None }
    }
}

/// The last statements of a transaction, which insert the changes with their identifiers.
pub(super) fn insertions(
    backend: DbBackend,
    changes: &[(Uuid, Change)],
) -> impl Iterator<Item = Result<InsertStatement, StoreError>> {
    rows(backend, changes).insertions(backend).map(move |insertion| match backend {
        DbBackend::Postgres => Ok(announcing(insertion?)),
        _ => insertion,
    })
}

/// The insertion of changes with the notification of other instances, on PostgreSQL.
pub(super) fn announcing(mut insertion: InsertStatement) -> InsertStatement {
    insertion.returning(Query::returning().expr(Expr::cust(format!("pg_notify('{CHANNEL}', '')"))));
    insertion
}

/// A row for each of the changes.
pub(super) fn rows(backend: DbBackend, changes: &[(Uuid, Change)]) -> Rows<Entity> {
    let all = || changes.iter().map(|(_, change)| change);
    let scopes: Vec<_> = all().map(Change::scope).collect();
    let [tenants, groups, users] = scope_cells(scopes.iter());
    let columns = [
        (Column::TenantId, tenants),
        (Column::ChangeId, Cells::each(changes.iter().map(|(id, _)| *id))),
        (Column::Position, Cells::same(position(backend))),
        (Column::ChangedAt, Cells::same(now(backend))),
        (Column::Kind, Cells::each(all().map(Change::kind))),
        (Column::GroupId, groups),
        (Column::UserId, users),
        (Column::ScheduleId, Cells::each(all().map(Change::schedule))),
        (Column::TokenId, Cells::each(all().map(Change::token))),
        (Column::NumberListId, Cells::each(all().map(Change::number_list))),
    ];
    Rows::new(changes.len(), columns)
}

/// The position of the transaction in the order of the feed; see [`Position`].
fn position(backend: DbBackend) -> SimpleExpr {
    match backend {
        DbBackend::Sqlite => Expr::cust("(SELECT COALESCE(MAX(position), 0) + 1 FROM changes)"),
        _ => Expr::cust("CAST(CAST(pg_current_xact_id() AS text) AS bigint)"),
    }
}

/// Deletes the changes older than [`KEPT`], except the last of them, so that readers can tell whether rows before the
/// first one were deleted. On PostgreSQL the last one precedes all open transactions. Rows with positions in the future
/// were restored from another server and are deleted too.
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

/// The next transaction identifier on PostgreSQL.
const NEXT: &str = "CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)";

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// The changes by their identifiers.
    Of(Vec<(Uuid, Change)>),
    /// The changes since the last poll are not known.
    Unknown,
}

/// The position of an instance in the feed.
pub struct Feed {
    db: DatabaseConnection,
    /// The position up to which everything was read.
    read: Option<Position>,
}

impl Feed {
    /// The feed of the database `db`, over a connection of its own, which does not wait for those of requests.
    pub fn of(db: &DatabaseConnection) -> Self {
        Self { db: connection::beside(db, 1), read: None }
    }

    /// The changes committed since the last successful poll.
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

    /// A single statement, so that position and changes are consistent. It always returns a row.
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
                // Rows beyond it were restored from another server.
                format!("c.position < {NEXT}"),
                Some(self.read.as_ref().map_or(position::EMPTY, Position::as_str)),
            ),
        };
        // The first poll only reads the position.
        let first = self.read.as_ref().map_or(i64::MAX, Position::first_unread);
        let sql = format!(
            "SELECT {head}, (SELECT MIN(c.position) FROM changes AS c WHERE {valid}) AS oldest, c.change_id, c.kind, \
             c.tenant_id, c.group_id, c.user_id, c.schedule_id, c.token_id, c.number_list_id \
             FROM (SELECT 1 AS one) AS always \
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
    number_list_id: Option<Uuid>,
}

/// The change of a row; `None` for the row that is returned when there are no changes.
fn change(row: Row) -> Result<Option<(Uuid, Change)>, StoreError> {
    let (Some(id), Some(kind), Some(tenant)) = (row.change_id, row.kind, row.tenant_id) else { return Ok(None) };
    if let Some(token) = row.token_id {
        return Ok(Some((id, Change::Token(value(token)?))));
    }
    let owner = owner_of(&tenant, row.group_id.as_deref(), row.user_id.as_deref())?;
    Ok(Some(match (kind.as_str(), row.schedule_id, row.number_list_id) {
        ("time_zone", ..) => (id, Change::TimeZone(owner)),
        ("treatments", ..) => (id, Change::Treatments(owner)),
        ("schedule", Some(schedule), _) => (id, Change::Schedule(owner, schedule)),
        ("number_list", _, Some(list)) => (id, Change::NumberList(owner, list)),
        // A kind of change of a later release may affect all users of the owner.
        _ => (id, Change::Users(owner)),
    }))
}
