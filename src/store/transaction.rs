//! Transactions: all of a piece of work or nothing, tried again where that may help.

use call_acceptance_api::wire::problem::Failure;
use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::error::{Again, StoreError};

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
            Err(Failure::Unavailable(cause)) if cause.is::<Again>() && tries < TRIES => {
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
