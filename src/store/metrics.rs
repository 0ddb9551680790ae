//! Metrics of the database: errors of statements, and connections.

use std::sync::LazyLock;

use sea_orm::{DatabaseConnection, DbBackend};

use crate::telemetry::metrics::{IntCounter, counters};

/// The metrics of the database.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics {
    errors: counters(
        "call_acceptance_database_errors_total",
        "Statements that failed other than by a constraint, by the kind of error.",
        "kind",
        ["conflict", "no_connection", "unavailable", "internal"],
    ),
});

/// See [`METRICS`].
pub struct Metrics {
    errors: [IntCounter; 4],
}

/// The kinds of errors that are counted, in the order of their label's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Serialization failure, deadlock or a locked file, after which the transaction is tried again.
    Conflict,
    /// No connection was free or could be made in time.
    NoConnection,
    /// The database is unavailable, or could not run the statement at the moment.
    Unavailable,
    /// Anything else.
    Internal,
}

impl Metrics {
    /// Counts an error.
    pub(super) fn count(&self, trouble: Trouble) {
        self.errors[trouble as usize].inc();
    }
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolState {
    /// Connections that statements and transactions hold.
    pub in_use: u32,
    /// Connections that are open and free.
    pub idle: u32,
    /// Maximum number of connections.
    pub max: u32,
}

impl PoolState {
    /// The present state of the pool.
    pub fn of(db: &DatabaseConnection) -> Self {
        let (open, idle, max) = match db.get_database_backend() {
            DbBackend::Postgres => {
                let pool = db.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
            _ => {
                let pool = db.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
        };
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        Self { in_use: open - idle, idle, max }
    }
}
