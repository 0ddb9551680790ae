//! Errors of the store, and which of them may be retried.

use std::{error::Error, fmt};

use call_acceptance_api::wire::problem::{Failure, ProblemCode};
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use super::{
    idle,
    metrics::{METRICS, Trouble},
};

/// A violated unique constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// The key of the row, or its name within its owner.
    Name,
    /// A phone number, which is unique in the whole system.
    PhoneNumber,
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint is violated.
    #[error("unique constraint: {0:?}")]
    Taken(Constraint),
    /// A foreign key is violated: the referenced row does not exist, or the row to delete is referenced.
    #[error("foreign key: {0}")]
    Reference(String),
    /// The database is unavailable, or could not run the statement at the moment.
    #[error("database unavailable: {0}")]
    Unavailable(#[source] DbErr),
    /// Anything else.
    #[error("database: {0}")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A stored value is invalid.
    pub fn corrupt(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(cause))
    }

    /// Whether an immediate retry may succeed.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if is_transient(cause))
    }

    /// The failure; a taken name becomes `code` with `detail`.
    pub fn or_conflict(self, code: ProblemCode, detail: impl Into<String>) -> Failure {
        match self {
            Self::Taken(_) => Failure::refused(code, detail),
            other => other.into(),
        }
    }

    /// The failure; a reference that vanished after its lookup may be retried.
    pub fn or_retry(self) -> Failure {
        match self {
            Self::Reference(cause) => Failure::Unavailable(Box::new(Again(cause.into()))),
            other => other.into(),
        }
    }
}

/// The cause of a failure that a retry may avoid.
#[derive(Debug)]
pub(super) struct Again(Box<dyn Error + Send + Sync>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Again {}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Taken(constraint(&error)),
            Some(SqlErr::ForeignKeyConstraintViolation(text)) => Self::Reference(text),
            _ => {
                let trouble = trouble(&error);
                METRICS.count(trouble);
                if trouble == Trouble::Unavailable {
                    idle::distrust();
                }
                match trouble {
                    Trouble::Internal => Self::Internal(Box::new(error)),
                    Trouble::Conflict | Trouble::NoConnection | Trouble::Unavailable => Self::Unavailable(error),
                }
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) if is_transient(&cause) => {
                Self::Unavailable(Box::new(Again(Box::new(cause))))
            }
            StoreError::Unavailable(cause) => Self::Unavailable(Box::new(cause)),
            other => Self::Internal(Box::new(other)),
        }
    }
}

fn cause(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

/// The violated constraint: PostgreSQL reports its name, SQLite its columns.
fn constraint(error: &DbErr) -> Constraint {
    let database = cause(error).and_then(sqlx::Error::as_database_error);
    let named = |error: &dyn sqlx::error::DatabaseError| match error.constraint() {
        Some(name) => name == "users_phone_number",
        None => error.message().ends_with(": users.phone_number"),
    };
    if database.is_some_and(named) { Constraint::PhoneNumber } else { Constraint::Name }
}

/// What is wrong when it is no violated constraint.
fn trouble(error: &DbErr) -> Trouble {
    match error {
        _ if is_transient(error) => Trouble::Conflict,
        DbErr::ConnectionAcquire(_) => Trouble::NoConnection,
        _ if is_unavailable(error) => Trouble::Unavailable,
        _ => Trouble::Internal,
    }
}

fn code(error: &DbErr) -> Option<String> {
    cause(error)?.as_database_error()?.code().map(|code| code.into_owned())
}

/// Serialization failure and deadlock of PostgreSQL (class 40); SQLITE_BUSY and SQLITE_LOCKED with their extensions.
fn is_transient(error: &DbErr) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01" | "5" | "6" | "261" | "262" | "517"))
}

/// No connection, or a database that is starting, stopping, full, out of resources, read-only or too slow (PostgreSQL,
/// appendix A: classes 08, 53, 57P and 58, and `query_canceled`, `lock_not_available`, `read_only_sql_transaction`);
/// SQLITE_READONLY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_CANTOPEN and SQLITE_NOTADB with their extensions.
fn is_unavailable(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    let lost = |cause: &sqlx::Error| {
        matches!(
            cause,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        )
    };
    let code = code(error).unwrap_or_default();
    // PostgreSQL codes have five characters; SQLite codes are numbers of at most four digits.
    let embedded = code.parse().ok().filter(|_| code.len() < 5).map(|code: u32| code & 0xff);
    cause(error).is_some_and(lost)
        || ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class) && code.len() == 5)
        || matches!(code.as_str(), "57014" | "55P03" | "25006")
        || matches!(embedded, Some(8 | 10 | 11 | 13 | 14 | 26))
}
