//! Connecting to the database and bringing its schema up to date.

use std::{str::FromStr, time::Duration};

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions, Connection, Executor,
        postgres::{PgConnectOptions, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
    },
};
use sea_orm_migration::MigratorTrait;

use super::migration::Migrator;
use crate::config::DatabaseLimits;

/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was idle for so long is tested before it is used: the database may have closed it.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);
/// How long statements may take that nobody waits for as long as for a request.
const BESIDE: DatabaseLimits = DatabaseLimits { statement: Duration::from_secs(5), lock: Duration::from_secs(5) };
/// How long one attempt to connect at the start may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Statements that take longer are logged as slow.
const SLOW: Duration = Duration::from_millis(200);
/// The advisory lock that instances starting at once migrate under; any number that nothing else uses.
const MIGRATION_LOCK: i64 = 0x6361_6c6c_6163_6370;

/// Why there is no connection to the database. The message says what was tried, without the password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is not one.
    #[error("the database URL cannot be read: {0}")]
    Url(String),
    /// The database did not let us in.
    #[error("cannot connect to {target}: {reason}")]
    Connect {
        /// What was tried.
        target: String,
        /// Why it failed.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error("cannot bring the schema of {target} up to date: {reason}")]
    Migrate {
        /// Which database.
        target: String,
        /// Why it failed.
        reason: String,
    },
}

enum Target {
    Postgres(PgConnectOptions),
    Sqlite(SqliteConnectOptions),
}

impl Target {
    fn parse(url: &str) -> Result<Self, ConnectError> {
        let unreadable = |error: sqlx::Error| ConnectError::Url(error.to_string());
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(unreadable)?.application_name("call-acceptance");
            Ok(Self::Postgres(options.disable_statement_logging().log_slow_statements(log::LevelFilter::Warn, SLOW)))
        } else if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url).map_err(unreadable)?;
            let options = options.foreign_keys(true).journal_mode(SqliteJournalMode::Wal).busy_timeout(ACQUIRE);
            Ok(Self::Sqlite(options.disable_statement_logging().log_slow_statements(log::LevelFilter::Warn, SLOW)))
        } else {
            Err(ConnectError::Url("it must start with postgres:// or sqlite:".to_owned()))
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                format!(
                    "PostgreSQL at {}:{}, database {database:?}, as {:?}",
                    options.get_host(),
                    options.get_port(),
                    options.get_username()
                )
            }
            Self::Sqlite(options) => format!("SQLite file {}", options.get_filename().display()),
        }
    }

    /// One connection, without the pool, which would hide the reason behind its own time-out.
    async fn probe(&self) -> Result<(), ConnectError> {
        let failed = |reason: String| ConnectError::Connect { target: self.name(), reason };
        let probe = async {
            match self {
                Self::Postgres(options) => options.connect().await?.close().await,
                Self::Sqlite(options) => options.connect().await?.close().await,
            }
        };
        match tokio::time::timeout(CONNECT, probe).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no answer in {} s", CONNECT.as_secs()))),
        }
    }

    /// A pool whose statements end within the limits, where there are any.
    fn pool(&self, max_connections: u32, limits: Option<DatabaseLimits>) -> DatabaseConnection {
        match self {
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(max_connections).acquire_timeout(ACQUIRE);
                // Testing each connection would double the round trips of a request with one statement.
                let pool = pool.test_before_acquire(false).before_acquire(|connection, metadata| {
                    Box::pin(async move {
                        if metadata.idle_for >= TEST_AFTER_IDLE {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                });
                let settings = limits.map(settings);
                // Not by the options of the connection, which poolers refuse.
                let pool = pool.after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(async move {
                        if let Some(settings) = settings {
                            connection.execute(sqlx::AssertSqlSafe(settings)).await?;
                        }
                        Ok(())
                    })
                });
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options.clone()))
            }
            Self::Sqlite(options) => {
                let pool = SqlitePoolOptions::new().max_connections(max_connections).acquire_timeout(ACQUIRE);
                SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(options.clone()))
            }
        }
    }
}

fn settings(limits: DatabaseLimits) -> String {
    let DatabaseLimits { statement, lock } = limits;
    format!("SET statement_timeout = {}; SET lock_timeout = {}", statement.as_millis(), lock.as_millis())
}

/// A pool of at most `max_connections` connections to the database at `url`, which answers.
pub async fn connect(
    url: &str,
    max_connections: u32,
    limits: DatabaseLimits,
) -> Result<DatabaseConnection, ConnectError> {
    let target = Target::parse(url)?;
    target.probe().await?;
    Ok(target.pool(max_connections, Some(limits)))
}

/// A pool of at most `max_connections` connections of its own to the database of `db`. An embedded database has one
/// pool only, since its file has.
pub fn beside(db: &DatabaseConnection, max_connections: u32) -> DatabaseConnection {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let options = db.get_postgres_connection_pool().connect_options().as_ref().clone();
            Target::Postgres(options).pool(max_connections, Some(BESIDE))
        }
        _ => db.clone(),
    }
}

/// Brings the schema of the database at `url` up to date. Instances that start at once wait for each other.
pub async fn migrate(url: &str) -> Result<(), ConnectError> {
    let target = Target::parse(url)?;
    let failed = |reason: String| ConnectError::Migrate { target: target.name(), reason };
    let db = target.pool(2, None);
    let lock = match &target {
        Target::Postgres(options) => {
            let mut lock = options.connect().await.map_err(|error| failed(error.to_string()))?;
            let locked = sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK).execute(&mut lock).await;
            locked.map_err(|error| failed(error.to_string()))?;
            Some(lock)
        }
        Target::Sqlite(_) => None,
    };
    let migrated = bring_up_to_date(&db).await;
    if let Some(lock) = lock {
        lock.close().await.map_err(|error| failed(error.to_string()))?;
    }
    migrated.map_err(|error| failed(error.to_string()))?;
    db.close().await.map_err(|error| failed(error.to_string()))
}

/// Applies what is missing. A schema of a later release, which has all that this one knows, is left as it is.
async fn bring_up_to_date(db: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::install(db).await?;
    let applied = Migrator::get_migration_models(db).await?;
    let missing = Migrator::migrations().iter().any(|ours| !applied.iter().any(|theirs| theirs.version == ours.name()));
    if missing { Migrator::up(db, None).await } else { Ok(()) }
}
