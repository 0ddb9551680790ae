//! The feed of changes: tells every instance which users' calls may be decided otherwise from now on, and which tokens are
//! good no more.
//!
//! A change notes itself in the table `changes` in its own transaction. Each instance reads what it has not read yet:
//! the table is the truth. PostgreSQL's NOTIFY only wakes the readers, so that a lost one costs no more than the time
//! to the next reading.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use call_acceptance_api::{
    access::Scope,
    resource::token::TokenId,
    value::owner::{GroupPath, Owner, UserPath},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait, Query},
    sqlx::{self, postgres::PgListener},
};

use super::{
    StoreError,
    audit::scope_columns,
    connection,
    entity::changes::{Column, Entity, Model},
    now, value,
};

/// The channel of the notifications.
const CHANNEL: &str = "call_acceptance_changes";
/// How late a change may be committed after it was noted, by the last statement of its transaction, and still be read.
const LATE: Duration = Duration::from_secs(5);
/// How long changes are kept.
pub const KEPT: Duration = Duration::from_secs(3600);

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Calls to the users of this owner may be decided otherwise.
    Users(Owner),
    /// This token was revoked.
    Token(TokenId),
}

/// Notes, as the last statement of a transaction, what has changed in `scope`: the token, or else the users.
pub async fn note(
    db: &impl ConnectionTrait,
    id: Uuid,
    scope: &Scope,
    token: Option<&TokenId>,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    if backend == DbBackend::Postgres {
        db.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
    }
    let (tenant, group, user) = scope_columns(scope);
    let token = token.map(TokenId::as_str);
    let mut insert = Query::insert();
    insert
        .into_table(Entity)
        .columns([
            Column::TenantId,
            Column::ChangeId,
            Column::GroupId,
            Column::UserId,
            Column::ChangedAt,
            Column::TokenId,
        ])
        .values_panic([tenant.into(), id.into(), group.into(), user.into(), now(backend), token.into()]);
    db.execute(&insert).await?;
    Ok(())
}

/// Deletes the changes that are older than [`KEPT`].
pub async fn forget(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let old = Expr::col(Column::ChangedAt).lt(now(db.get_database_backend()).sub(kept));
    Entity::delete_many().filter(old).exec(db).await?;
    Ok(())
}

/// What a reading of the feed tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These, by the identifiers under which they were noted.
    Of(Vec<(Uuid, Change)>),
    /// What happened since the last reading is not known.
    Unknown,
}

/// A reading that was done.
#[derive(Debug, Clone, Copy)]
struct Reading {
    began: Instant,
    /// When the newest change that it found was made.
    newest: i64,
}

/// Where an instance is in the feed.
pub struct Feed {
    db: DatabaseConnection,
    /// The last readings, oldest first: one from before [`LATE`], and those since.
    readings: VecDeque<Reading>,
    /// The changes that the last reading found.
    read: HashSet<Uuid>,
}

impl Feed {
    /// The feed of the database `db`, over a connection of its own: it must not wait for those that requests have
    /// taken.
    pub fn of(db: &DatabaseConnection) -> Self {
        Self { db: connection::beside(db, 1), readings: VecDeque::new(), read: HashSet::new() }
    }

    /// What was noted since the last reading.
    pub async fn read(&mut self) -> Result<Changes, StoreError> {
        let began = Instant::now();
        let followed = self.readings.back().is_some_and(|last| began.duration_since(last.began) < KEPT / 2);
        let since = match self.readings.front().filter(|_| followed) {
            Some(before) => before.newest,
            None => self.newest().await?,
        };
        let rows = self.noted_since(since).await?;
        let newest = rows.last().map_or(since, |row| std::cmp::max(row.changed_at, since));
        let read = std::mem::replace(&mut self.read, rows.iter().map(|row| row.change_id).collect());
        self.remember(Reading { began, newest }, followed);
        if !followed {
            return Ok(Changes::Unknown);
        }
        let new = rows.into_iter().filter(|row| !read.contains(&row.change_id));
        Ok(Changes::Of(new.map(change).collect::<Result<_, _>>()?))
    }

    fn remember(&mut self, reading: Reading, followed: bool) {
        if !followed {
            self.readings.clear();
        }
        self.readings.push_back(reading);
        while self.readings.get(1).is_some_and(|next| reading.began.duration_since(next.began) > LATE) {
            self.readings.pop_front();
        }
    }

    async fn newest(&self) -> Result<i64, StoreError> {
        let query = Entity::find().select_only().column_as(Column::ChangedAt.max(), "newest").into_tuple();
        let newest: Option<Option<i64>> = query.one(&self.db).await?;
        Ok(newest.flatten().unwrap_or_default())
    }

    /// The changes that were noted since then, oldest first; some that were noted before may only now be there.
    async fn noted_since(&self, since: i64) -> Result<Vec<Model>, StoreError> {
        let since = since.saturating_sub(i64::try_from(LATE.as_micros()).unwrap_or(i64::MAX));
        Ok(Entity::find().filter(Column::ChangedAt.gte(since)).order_by_asc(Column::ChangedAt).all(&self.db).await?)
    }
}

fn change(row: Model) -> Result<(Uuid, Change), StoreError> {
    let Model { tenant_id, change_id, group_id, user_id, changed_at: _, token_id } = row;
    if let Some(token) = token_id {
        return Ok((change_id, Change::Token(value(token)?)));
    }
    let tenant = value(tenant_id)?;
    let owner = match (group_id, user_id) {
        (Some(group), Some(user)) => Owner::User(UserPath { tenant, group: value(group)?, user: value(user)? }),
        (Some(group), None) => Owner::Group(GroupPath { tenant, group: value(group)? }),
        (None, _) => Owner::Tenant(tenant),
    };
    Ok((change_id, Change::Users(owner)))
}

/// What tells that the feed has something new, where the database can tell.
pub struct Bell(Option<PgListener>);

impl Bell {
    /// The bell of the database `db`, on a connection of its own. SQLite has none.
    pub async fn of(db: &DatabaseConnection) -> Result<Self, StoreError> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Self(None));
        }
        let pool = connection::beside(db, 1);
        let mut listener = PgListener::connect_with(pool.get_postgres_connection_pool()).await.map_err(failed)?;
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Self(Some(listener)))
    }

    /// Done when something new may be there: after a notification, or when notifications may have been lost. Never done
    /// without a bell.
    pub async fn ring(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Some(listener) => listener.try_recv().await.map(|_| ()).map_err(failed),
            None => std::future::pending().await,
        }
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))
}
