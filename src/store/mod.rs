//! The store: functions over a connection, one file per resource. Rows become contract types here and nowhere else.
//!
//! Every statement names a tenant. A conflict is recognised by its constraint, never by looking first. To add a
//! resource, add its entity, its migration and its file of functions.

pub mod audit;
pub mod contents;
pub mod criteria;
mod entity;
mod error;
pub mod feed;
pub mod group;
pub mod migration;
pub mod ownership;
pub mod schedule;
pub mod snapshot;
pub mod tenant;
pub mod token;
pub mod user;
pub mod user_service;

mod connection;

use call_acceptance_api::{
    value::{
        change::Change,
        owner::{GroupPath, Owner, UserPath},
    },
    wire::problem::Failure,
};
use sea_orm::{
    AccessMode, ActiveValue, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
    sea_query::{Expr, SimpleExpr},
};

pub use connection::{ConnectError, connect, migrate, ping};
pub use error::StoreError;
pub use sea_orm::{ConnectionTrait, DatabaseConnection as Connection, DatabaseTransaction as Transaction};

/// How often a transaction is tried when the database says that another try may succeed.
const TRIES: usize = 5;

/// Does `work` in one transaction: all of it or, on an error, nothing. `work` is given the transaction and hands it back
/// with its result, to be committed. It is tried again from the start when the database could not serialize it, so it
/// must do nothing else than write to the transaction.
pub async fn transaction<T, W, F>(db: &DatabaseConnection, work: W) -> Result<T, Failure>
where
    W: Fn(DatabaseTransaction) -> F,
    F: Future<Output = Result<(DatabaseTransaction, T), Failure>>,
{
    let mut tries = 1;
    loop {
        match attempt(db, &work).await {
            Err(Failure::Unavailable(cause)) if cause.is::<error::Again>() && tries < TRIES => {
                tracing::debug!(%cause, tries, "transaction is tried again");
                tries += 1;
            }
            result => return result,
        }
    }
}

async fn attempt<T, W, F>(db: &DatabaseConnection, work: &W) -> Result<T, Failure>
where
    W: Fn(DatabaseTransaction) -> F,
    F: Future<Output = Result<(DatabaseTransaction, T), Failure>>,
{
    let options =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let (transaction, done) = work(db.begin_with_options(options).await.map_err(StoreError::from)?).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(done)
}

/// Undoes what was done in a transaction.
pub async fn give_up(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    Ok(transaction.rollback().await?)
}

/// Reads with `work`, which is given a transaction and hands it back with its result: all that it reads is from one
/// moment.
pub async fn reading<T, W, F>(db: &DatabaseConnection, work: W) -> Result<T, StoreError>
where
    W: FnOnce(DatabaseTransaction) -> F,
    F: Future<Output = Result<(DatabaseTransaction, T), StoreError>>,
{
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let options = TransactionOptions {
        isolation_level: postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: postgres.then_some(AccessMode::ReadOnly),
        ..Default::default()
    };
    let (transaction, done) = work(db.begin_with_options(options).await?).await?;
    transaction.commit().await?;
    Ok(done)
}

/// The database's clock, which all instances share, in microseconds since 1970.
fn now(backend: DbBackend) -> SimpleExpr {
    match backend {
        DbBackend::Sqlite => Expr::cust("CAST(unixepoch('subsec') * 1000000 AS INTEGER)"),
        _ => Expr::cust("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"),
    }
}

/// The tenant, and the group and the user where the owner has them.
fn owner_columns(owner: &Owner) -> (String, Option<String>, Option<String>) {
    match owner {
        Owner::Tenant(tenant) => (tenant.to_string(), None, None),
        Owner::Group(GroupPath { tenant, group }) => (tenant.to_string(), Some(group.to_string()), None),
        Owner::User(UserPath { tenant, group, user }) => {
            (tenant.to_string(), Some(group.to_string()), Some(user.to_string()))
        }
    }
}

/// The column value that a change of a text comes to.
fn column<T: Into<String>>(change: Change<T>) -> ActiveValue<Option<String>> {
    match change {
        Change::Keep => ActiveValue::NotSet,
        Change::Clear => ActiveValue::Set(None),
        Change::Set(value) => ActiveValue::Set(Some(value.into())),
    }
}

/// The column value of a new row.
fn initial<T: Into<String>>(change: Change<T>) -> ActiveValue<Option<String>> {
    ActiveValue::Set(change.initial().map(Into::into))
}

/// The parsed value of a column.
fn value<T: TryFrom<String>>(text: String) -> Result<T, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(text).map_err(StoreError::corrupt)
}

/// The parsed value of a column that may be null.
fn optional<T: TryFrom<String>>(text: Option<String>) -> Result<Option<T>, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    text.map(value).transpose()
}

/// Cuts a list that was read one too long to its page, and says whether there is more behind it.
fn cut<T>(rows: &mut Vec<T>, limit: u64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
