//! Readiness of the database: it responds, is writable, and is the one that was opened.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

use super::error::StoreError;

/// The first bytes of every SQLite database (<https://www.sqlite.org/fileformat.html>, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The state of the database when it was opened.
pub struct Readiness {
    /// The file of an embedded database, with its device and inode.
    file: Option<(PathBuf, [u64; 2])>,
}

impl Readiness {
    /// The database in its present state.
    pub fn of(db: &DatabaseConnection) -> Self {
        let file = (db.get_database_backend() == DbBackend::Sqlite).then(|| {
            let options = db.get_sqlite_connection_pool().connect_options();
            let path = options.get_filename().to_owned();
            Some((identity(&path)?, path))
        });
        Self { file: file.flatten().map(|(identity, path)| (path, identity)) }
    }

    /// Refused if the database is not usable.
    pub async fn check(&self, db: &DatabaseConnection) -> Result<(), StoreError> {
        match &self.file {
            Some((path, opened)) => {
                check_file(path, opened)?;
                // Begins a write and rolls it back: the file or its folder may be read-only.
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..Default::default()
                };
                match db.begin_with_options(options).await.map_err(StoreError::from) {
                    Ok(transaction) => Ok(transaction.rollback().await?),
                    Err(error) if error.is_transient() => Ok(()),
                    Err(error) => Err(error),
                }
            }
            None => check_writable(db).await,
        }
    }
}

fn identity(path: &Path) -> Option<[u64; 2]> {
    let metadata = fs::metadata(path).ok()?;
    Some([metadata.dev(), metadata.ino()])
}

fn check_file(path: &Path, opened: &[u64; 2]) -> Result<(), StoreError> {
    if identity(path).as_ref() != Some(opened) {
        return Err(unavailable("the file of the database was removed or replaced"));
    }
    let mut magic = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if read.is_err() || magic != *MAGIC {
        return Err(unavailable("the file of the database is no longer a SQLite database"));
    }
    Ok(())
}

/// A standby, or a server in read-only mode, is not writable.
async fn check_writable(db: &DatabaseConnection) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT 0 AS read_only",
        _ => {
            "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 1 ELSE 0 END \
              AS read_only"
        }
    };
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    match row.map(|row| row.try_get::<i32>("", "read_only")).transpose()? {
        Some(0) => Ok(()),
        _ => Err(unavailable("the database is read-only")),
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable(DbErr::Custom(why.to_owned()))
}
