//! Connects to the database and migrates its schema.

use std::{
    net::IpAddr,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        self, ConnectOptions, Connection, Executor,
        postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
    },
};
use sea_orm_migration::MigratorTrait;
use tokio::time::timeout;

use super::{idle, migration::Migrator};
use crate::config::DatabaseLimits;

/// Maximum wait of a request for a connection.
const ACQUIRE: Duration = Duration::from_secs(3);
/// Timeouts of statements outside of requests.
const BESIDE: DatabaseLimits = DatabaseLimits { statement: Duration::from_secs(5), lock: Duration::from_secs(5) };
/// Timeout of a connection attempt at the start.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the rollback of a transaction that was given up may take before its connection is closed.
const ROLLBACK: Duration = Duration::from_millis(200);
/// How often PostgreSQL checks whether the client of a running statement is still connected.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Maximum time between that check and the end of a statement whose client is gone.
const CANCEL: Duration = Duration::from_millis(100);
/// Whether PostgreSQL can check it, as far as the last connection knows.
static CHECKS_CLIENTS: AtomicBool = AtomicBool::new(true);
/// Statements that take longer are logged as slow.
const SLOW: Duration = Duration::from_millis(200);
/// The advisory lock under which concurrently starting instances migrate; an arbitrary number that nothing else uses.
const MIGRATION_LOCK: i64 = 0x6361_6c6c_6163_6370;

/// Why connecting failed. The message names the database, without the password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is not valid.
    #[error("the database URL cannot be read: {0}")]
    Url(String),
    /// The connection was refused.
    #[error("cannot connect to {target}: {reason}")]
    Connect {
        /// The database.
        target: String,
        /// Why it failed.
        reason: String,
    },
    /// The migration failed.
    #[error("cannot migrate the schema of {target}: {reason}")]
    Migrate {
        /// The database.
        target: String,
        /// Why it failed.
        reason: String,
    },
}

/// A database, parsed from its URL.
pub(super) enum Target {
    Postgres(PgConnectOptions),
    Sqlite(SqliteConnectOptions),
}

impl Target {
    /// Parses the URL of a database.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
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

    /// Where the database is, without its password.
    pub fn name(&self) -> String {
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

    /// Opens a single connection without the pool, which would replace the cause by its own timeout.
    pub async fn probe(&self) -> Result<(), ConnectError> {
        let failed = |reason: String| ConnectError::Connect { target: self.name(), reason };
        let probe = async {
            match self {
                Self::Postgres(options) => {
                    let mut connection = options.connect().await?;
                    notice_closed(&mut connection).await;
                    connection.close().await
                }
                Self::Sqlite(options) => options.connect().await?.close().await,
            }
        };
        match timeout(CONNECT, probe).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no response within {} s", CONNECT.as_secs()))),
        }
    }

    /// Whether the database is a file that does not exist.
    pub fn is_missing_file(&self) -> bool {
        match self {
            Self::Postgres(_) => false,
            Self::Sqlite(options) => !options.get_filename().exists(),
        }
    }

    /// Whether nothing between the server and the database can be overheard: a file, a socket or a loopback address.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Postgres(options) => {
                let host = options.get_host();
                let is_loopback = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
                options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || is_loopback
            }
            Self::Sqlite(_) => true,
        }
    }

    /// A pool with short timeouts of statements.
    pub fn pool_beside(&self, max_connections: u32) -> DatabaseConnection {
        self.pool(max_connections, Some(BESIDE))
    }

    /// A pool with timeouts of statements, if there are limits.
    pub fn pool(&self, max_connections: u32, limits: Option<DatabaseLimits>) -> DatabaseConnection {
        match self {
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(max_connections).acquire_timeout(ACQUIRE);
                let pool = pool.test_before_acquire(false).before_acquire(|connection, metadata| {
                    Box::pin(async move {
                        if idle::is_tested(metadata.idle_for) {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                });
                let settings = limits.map(settings);
                // Not as connection options, which connection poolers refuse.
                let pool = pool.after_connect(move |connection, _| {
                    let settings = settings.clone();
                    Box::pin(async move {
                        if let Some(settings) = settings {
                            connection.execute(sqlx::AssertSqlSafe(settings)).await?;
                        }
                        notice_closed(connection).await;
                        Ok(())
                    })
                });
                let pool = pool.after_release(|connection, _| Box::pin(cancel(connection)));
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options.clone()))
            }
            Self::Sqlite(options) => {
                let pool = SqlitePoolOptions::new().max_connections(max_connections).acquire_timeout(ACQUIRE);
                SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(options.clone()))
            }
        }
    }
}

/// Makes PostgreSQL cancel the statement of a client that has closed its connection.
async fn notice_closed(connection: &mut PgConnection) {
    let check = format!("SET client_connection_check_interval = {}", CHECK_INTERVAL.as_millis());
    let checks = connection.execute(sqlx::AssertSqlSafe(check)).await;
    if let Err(error) = &checks {
        // Some platforms cannot; statements then end by their timeouts.
        tracing::debug!(%error, "PostgreSQL does not notice closed connections");
    }
    CHECKS_CLIENTS.store(checks.is_ok(), Ordering::Relaxed);
}

/// Whether a connection that is released can be used again. A transaction that was dropped waits for its rollback,
/// behind a statement that may still be running: then the connection is closed, which cancels the statement.
async fn cancel(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    if !connection.should_flush() {
        return Ok(true);
    }
    Ok(matches!(timeout(ROLLBACK, connection.ping()).await, Ok(Ok(()))))
}

/// Maximum time for which the database still executes a statement of a transaction that was dropped.
pub fn time_to_cancel(db: &DatabaseConnection, limits: DatabaseLimits) -> Duration {
    match db.get_database_backend() {
        DbBackend::Postgres if CHECKS_CLIENTS.load(Ordering::Relaxed) => ROLLBACK + CHECK_INTERVAL + CANCEL,
        DbBackend::Postgres => limits.statement,
        _ => ACQUIRE,
    }
}

fn settings(limits: DatabaseLimits) -> String {
    let DatabaseLimits { statement, lock } = limits;
    format!("SET statement_timeout = {}; SET lock_timeout = {}", statement.as_millis(), lock.as_millis())
}

/// A pool of at most `max_connections` connections to the database at `url`, which was probed.
pub async fn connect(
    url: &str,
    max_connections: u32,
    limits: DatabaseLimits,
) -> Result<DatabaseConnection, ConnectError> {
    let target = Target::parse(url)?;
    target.probe().await?;
    Ok(target.pool(max_connections, Some(limits)))
}

/// A separate pool of at most `max_connections` connections to the database of `db`. An embedded database has only one
/// pool, since it has one file.
pub fn beside(db: &DatabaseConnection, max_connections: u32) -> DatabaseConnection {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let options = db.get_postgres_connection_pool().connect_options().as_ref().clone();
            Target::Postgres(options).pool_beside(max_connections)
        }
        _ => db.clone(),
    }
}

/// A pool of its own of at most `max_connections` connections for long reads, so that requests do not wait for them.
pub fn apart(db: &DatabaseConnection, max_connections: u32) -> DatabaseConnection {
    match db.get_database_backend() {
        DbBackend::Postgres => beside(db, max_connections),
        _ => {
            let options = db.get_sqlite_connection_pool().connect_options().as_ref().clone();
            Target::Sqlite(options).pool(max_connections, None)
        }
    }
}

/// Whether the database is a file of this process, with one pool for everything.
pub fn is_embedded(db: &DatabaseConnection) -> bool {
    db.get_database_backend() == DbBackend::Sqlite
}

/// Migrates the schema of the database at `url`. Concurrently starting instances wait for each other.
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

/// Applies the missing migrations. The schema of a later release is compatible and left unchanged.
async fn bring_up_to_date(db: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::install(db).await?;
    let applied = Migrator::get_migration_models(db).await?;
    let missing = Migrator::migrations().iter().any(|ours| !applied.iter().any(|theirs| theirs.version == ours.name()));
    if missing { Migrator::up(db, None).await } else { Ok(()) }
}
