//! Where a replica stands: a standby of PostgreSQL, which applies the log of its primary.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, Statement};

use super::connection::{ConnectError, Target};

/// How far a replica may be behind to be used.
pub const MAX_LAG: Duration = Duration::from_secs(5);

/// A place in the log of a database.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Position {
    /// What the log is of: the identifier of the cluster, which its standbys share, and the name of the database.
    pub database: String,
    /// Bytes since the beginning of the log.
    pub bytes: i64,
}

/// A pool of at most `max_connections` connections to the replica at `url`, which need not respond.
///
/// # Errors
/// If the URL cannot be read.
pub fn connect_later(url: &str, max_connections: u32) -> Result<DatabaseConnection, ConnectError> {
    Ok(Target::parse(url)?.pool_beside(max_connections))
}

/// How far the primary has written its log: everything that it acknowledged is before.
///
/// # Errors
/// If it does not respond, or is a standby itself.
pub async fn written(primary: &DatabaseConnection) -> Result<Position, DbErr> {
    let found = position(primary, "pg_current_wal_flush_lsn()", "true").await?;
    found.ok_or_else(|| DbErr::RecordNotFound("the primary has no position".to_owned()))
}

/// How far the replica has applied the log; `None` if it is no standby.
///
/// # Errors
/// If it does not respond.
pub async fn applied(replica: &DatabaseConnection) -> Result<Option<Position>, DbErr> {
    position(replica, "pg_last_wal_replay_lsn()", "pg_is_in_recovery()").await
}

/// What a check finds at the address of a replica.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplicaState {
    /// It is a primary, or a database alone.
    NoStandby,
    /// It follows another primary, or has another database.
    OtherDatabase,
    /// It is a standby of the primary.
    Standby {
        /// Bytes of the log that it has not applied.
        behind: i64,
        /// Seconds since the last change that it has applied, if there was one.
        last_change: Option<f64>,
    },
}

/// Looks at the replica at `url` of the primary at `primary`. Returns its name, too, without its password.
///
/// # Errors
/// If one of them does not respond.
pub async fn examine(primary: &str, url: &str) -> Result<(String, ReplicaState), ConnectError> {
    let (primary, target) = (Target::parse(primary)?, Target::parse(url)?);
    primary.probe().await?;
    target.probe().await?;
    let state = state(&primary.pool_beside(1), &target.pool_beside(1)).await;
    let failed = |error: DbErr| ConnectError::Connect { target: target.name(), reason: error.to_string() };
    Ok((target.name(), state.map_err(failed)?))
}

async fn state(primary: &DatabaseConnection, replica: &DatabaseConnection) -> Result<ReplicaState, DbErr> {
    let Some(applied) = applied(replica).await? else { return Ok(ReplicaState::NoStandby) };
    let written = written(primary).await?;
    if written.database != applied.database {
        return Ok(ReplicaState::OtherDatabase);
    }
    let sql = "SELECT CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS float8) AS age";
    let row = replica.query_one_raw(Statement::from_string(replica.get_database_backend(), sql)).await?;
    let last_change = row.map(|row| row.try_get("", "age")).transpose()?.flatten();
    Ok(ReplicaState::Standby { behind: (written.bytes - applied.bytes).max(0), last_change })
}

// The error is not that of the store, whose metrics are those of the primary.
async fn position(db: &DatabaseConnection, log: &str, condition: &str) -> Result<Option<Position>, DbErr> {
    let sql = format!(
        "SELECT system_identifier || '/' || current_database() AS database, \
         CAST(pg_wal_lsn_diff({log}, '0/0') AS bigint) AS bytes FROM pg_control_system() WHERE {condition}"
    );
    Position::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).one(db).await
}
