//! Transactions: atomic, with retries where they may help.

use call_acceptance_api::wire::problem::Failure;
use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::error::{Again, StoreError};

/// Maximum number of attempts if the database reports that a retry may succeed.
const TRIES: usize = 5;

/// How the transaction of successful work ends.
pub enum End {
    /// Commits it.
    Commit(DatabaseTransaction),
    /// Rolls it back, since nothing has changed.
    Undo(DatabaseTransaction),
}

/// A failed transaction.
#[derive(Debug)]
pub struct Aborted<T> {
    /// The cause.
    pub failure: Failure,
    /// The result of the work, if the commit was sent but its outcome is unknown.
    pub perhaps: Option<T>,
}

impl<T> From<Failure> for Aborted<T> {
    fn from(failure: Failure) -> Self {
        Self { failure, perhaps: None }
    }
}

/// Runs `work` in one transaction, which is rolled back on an error. `work` receives the transaction and returns it
/// with its result and how to end it. It is run again from the start after a serialization failure, so it must have no
/// effects outside of the transaction.
pub async fn transaction<T, W, F>(db: &DatabaseConnection, work: W) -> Result<T, Aborted<T>>
where
    W: Fn(DatabaseTransaction) -> F,
    F: Future<Output = Result<(End, T), Failure>>,
{
    let mut tries = 1;
    loop {
        match attempt(db, &work).await {
            Err(Aborted { failure: Failure::Unavailable(cause), .. }) if cause.is::<Again>() && tries < TRIES => {
                tracing::debug!(%cause, tries, "retrying the transaction");
                tries += 1;
            }
            result => return result,
        }
    }
}

async fn attempt<T, W, F>(db: &DatabaseConnection, work: &W) -> Result<T, Aborted<T>>
where
    W: Fn(DatabaseTransaction) -> F,
    F: Future<Output = Result<(End, T), Failure>>,
{
    let options =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let transaction = db.begin_with_options(options).await.map_err(|error| Failure::from(StoreError::from(error)))?;
    let (end, done) = work(transaction).await?;
    let ended = match end {
        End::Commit(transaction) => transaction.commit().await,
        End::Undo(transaction) => transaction.rollback().await,
    };
    match ended.map_err(|error| Failure::from(StoreError::from(error))) {
        Ok(()) => Ok(done),
        Err(failure) => Err(Aborted { failure, perhaps: Some(done) }),
    }
}

/// Begins a transaction that only reads, and sees one state of the database: that of its first statement.
pub async fn read_one_state(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = match db.get_database_backend() {
        DbBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..Default::default()
        },
        // A transaction of an embedded database that has only read sees one state in any case.
        _ => {
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred), ..Default::default() }
        }
    };
    Ok(db.begin_with_options(options).await?)
}

/// A part of a transaction that can be rolled back alone.
pub async fn savepoint(transaction: &DatabaseTransaction) -> Result<DatabaseTransaction, StoreError> {
    Ok(transaction.begin().await?)
}

/// Keeps what was done since a savepoint, as part of its transaction.
pub async fn release(savepoint: DatabaseTransaction) -> Result<(), StoreError> {
    Ok(savepoint.commit().await?)
}

/// Rolls a transaction back, or the part of one since its savepoint.
pub async fn rollback(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    Ok(transaction.rollback().await?)
}
