//! What a database is: its kind, version and schema, for people.

use sea_orm::{DatabaseConnection, DbBackend, FromQueryResult, Statement};

use super::error::StoreError;

/// What a database is.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Description {
    /// Kind and version.
    pub database: String,
    /// The number of applied migrations.
    pub migrations: i64,
    /// The name of the newest applied migration; `None` if there is none.
    pub schema: Option<String>,
}

/// Describes the database, whose schema must exist.
pub async fn describe(db: &DatabaseConnection) -> Result<Description, StoreError> {
    let backend = db.get_database_backend();
    let version = match backend {
        DbBackend::Postgres => "'PostgreSQL ' || current_setting('server_version')",
        _ => "'SQLite ' || sqlite_version()",
    };
    let sql =
        format!("SELECT {version} AS database, COUNT(*) AS migrations, MAX(version) AS schema FROM seaql_migrations");
    let found = Description::find_by_statement(Statement::from_string(backend, sql)).one(db).await?;
    found.ok_or_else(|| StoreError::Internal("the database does not describe itself".into()))
}
