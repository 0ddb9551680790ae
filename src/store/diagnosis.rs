//! What `call-acceptance check` wants to know of a database. Nothing is changed: a file that is not there is not made.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use super::{
    connection::{ConnectError, Target},
    error::StoreError,
    migration::Migrator,
};

/// The state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// Where the database is, without its password.
    pub target: String,
    /// What was found, unless the database is a file that does not exist yet.
    pub facts: Option<Facts>,
}

/// What was found in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Kind and version.
    pub version: String,
    /// Whether the version is one that the server runs on.
    pub is_supported: bool,
    /// Encoding of texts.
    pub encoding: String,
    /// Whether it refuses writes: a standby, a server in read-only mode, or a read-only file.
    pub read_only: bool,
    /// Whether the connection is encrypted, or needs not be.
    pub protected: bool,
    /// Connections that the server allows for all of its clients; `None` if there is no limit.
    pub connections: Option<i64>,
    /// The time of the database, in microseconds since 1970.
    pub time: i64,
    /// Whether the role may create tables.
    pub may_create: bool,
    /// Tables that the role may not read and write.
    pub closed_tables: Vec<String>,
    /// Migrations of this release that the schema lacks.
    pub pending: Vec<String>,
    /// Migrations of a later release.
    pub newer: Vec<String>,
}

/// Looks at the database at `url`.
pub async fn diagnose(url: &str) -> Result<Diagnosis, ConnectError> {
    let target = Target::parse(url)?;
    let name = target.name();
    if target.is_missing_file() {
        return Ok(Diagnosis { target: name, facts: None });
    }
    target.probe().await?;
    let db = target.pool(1, None);
    let facts = facts(&db, target.is_local()).await;
    let facts = facts.map_err(|error| ConnectError::Connect { target: name.clone(), reason: error.to_string() })?;
    db.close().await.map_err(|error| ConnectError::Connect { target: name.clone(), reason: error.to_string() })?;
    Ok(Diagnosis { target: name, facts: Some(facts) })
}

async fn facts(db: &DatabaseConnection, is_local: bool) -> Result<Facts, StoreError> {
    let (pending, newer) = migrations(db).await?;
    let state = State::find_by_statement(Statement::from_string(db.get_database_backend(), State::sql(db)));
    let state = state.one(db).await?.ok_or_else(|| StoreError::Internal("the database has no state".into()))?;
    Ok(Facts {
        is_supported: state.number >= 150_000,
        encoding: state.encoding,
        read_only: state.read_only || is_read_only_file(db).await,
        protected: state.encrypted || is_local,
        connections: state.connections,
        time: state.micros,
        may_create: state.may_create,
        closed_tables: closed_tables(db).await?,
        version: state.version,
        pending,
        newer,
    })
}

#[derive(FromQueryResult)]
struct State {
    version: String,
    number: i32,
    encoding: String,
    read_only: bool,
    encrypted: bool,
    connections: Option<i64>,
    micros: i64,
    may_create: bool,
}

impl State {
    fn sql(db: &DatabaseConnection) -> &'static str {
        match db.get_database_backend() {
            DbBackend::Postgres => {
                "SELECT 'PostgreSQL ' || current_setting('server_version') AS version, \
                 CAST(current_setting('server_version_num') AS integer) AS number, \
                 CAST(pg_encoding_to_char(encoding) AS text) AS encoding, \
                 pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, \
                 COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted, \
                 CAST(current_setting('max_connections') AS bigint) \
                 - CAST(current_setting('superuser_reserved_connections') AS bigint) AS connections, \
                 CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS micros, \
                 COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create \
                 FROM pg_database WHERE datname = current_database()"
            }
            _ => {
                "SELECT 'SQLite ' || sqlite_version() AS version, 150000 AS number, \
                 (SELECT encoding FROM pragma_encoding) AS encoding, 0 AS read_only, 1 AS encrypted, \
                 NULL AS connections, CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS micros, 1 AS may_create"
            }
        }
    }
}

/// Whether a write fails in a file; it is rolled back.
async fn is_read_only_file(db: &DatabaseConnection) -> bool {
    if db.get_database_backend() == DbBackend::Postgres {
        return false;
    }
    let tried = async {
        let transaction = db.begin().await?;
        transaction.execute_unprepared("CREATE TABLE call_acceptance_check (name TEXT)").await?;
        transaction.rollback().await
    };
    tried.await.is_err()
}

/// The migrations that the schema lacks, and those that this release does not know.
async fn migrations(db: &DatabaseConnection) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let backend = db.get_database_backend();
    let table = match backend {
        DbBackend::Postgres => "SELECT to_regclass('seaql_migrations') IS NOT NULL AS found",
        _ => "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'seaql_migrations') AS found",
    };
    let found = db.query_one_raw(Statement::from_string(backend, table)).await?;
    let found = found.map(|row| row.try_get::<bool>("", "found")).transpose()?.unwrap_or_default();
    let mut applied = BTreeSet::new();
    if found {
        let names = Statement::from_string(backend, "SELECT version FROM seaql_migrations");
        let rows = db.query_all_raw(names).await?;
        applied = rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, DbErr>>()?;
    }
    let ours: BTreeSet<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    Ok((ours.difference(&applied).cloned().collect(), applied.difference(&ours).cloned().collect()))
}

/// Tables that the role may not read and write. The table of migrations is written by those who migrate only.
async fn closed_tables(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(Vec::new());
    }
    let sql = "SELECT CAST(relname AS text) AS name FROM pg_class \
               WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind = 'r' \
               AND relname <> 'seaql_migrations' AND NOT (has_table_privilege(oid, 'SELECT') \
               AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') \
               AND has_table_privilege(oid, 'DELETE')) ORDER BY 1";
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, DbErr>>()?)
}
