//! Transactions: all of a piece of work or nothing, tried again where that may help.

use call_acceptance_api::wire::problem::Failure;
use sea_orm::{DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use super::error::{Again, StoreError};

/// How often a transaction is tried when the database says that another try may succeed.
const TRIES: usize = 5;

/// How a piece of work is to end that came to a result.
pub enum End {
    /// What it did is to be kept.
    Commit(DatabaseTransaction),
    /// It changed nothing.
    Undo(DatabaseTransaction),
}

/// A transaction that failed.
#[derive(Debug)]
pub struct Aborted<T> {
    /// Why.
    pub failure: Failure,
    /// What the work came to when it was committed and the database did not say whether it kept it.
    pub perhaps: Option<T>,
}

impl<T> From<Failure> for Aborted<T> {
    fn from(failure: Failure) -> Self {
        Self { failure, perhaps: None }
    }
}

/// Does `work` in one transaction: all of it or, on an error, nothing. `work` is given the transaction and hands it
/// back with its result, to be ended. It is tried again from the start when the database could not serialize it, so it
/// must do nothing else than write to the transaction.
pub async fn transaction<T, W, F>(db: &DatabaseConnection, work: W) -> Result<T, Aborted<T>>
where
    W: Fn(DatabaseTransaction) -> F,
    F: Future<Output = Result<(End, T), Failure>>,
{
    let mut tries = 1;
    loop {
        match attempt(db, &work).await {
            Err(Aborted { failure: Failure::Unavailable(cause), .. }) if cause.is::<Again>() && tries < TRIES => {
                tracing::debug!(%cause, tries, "transaction is tried again");
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

/// Undoes what was done in a transaction.
pub async fn give_up(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    Ok(transaction.rollback().await?)
}
