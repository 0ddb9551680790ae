//! Readiness of the database: it responds, is writable, and is the one that was opened.

use std::{
    fs::{self, File, Metadata},
    mem::ManuallyDrop,
    os::unix::fs::{FileExt, MetadataExt},
    path::PathBuf,
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
    file: Option<OpenedFile>,
}

/// The file of an embedded database.
struct OpenedFile {
    path: PathBuf,
    /// Its device and inode.
    identity: [u64; 2],
    /// Never closed: when a process closes any descriptor of a file, it loses all its locks on the file. Other
    /// processes would then delete the write-ahead log that this one still writes to
    /// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
    content: ManuallyDrop<File>,
}

impl Readiness {
    /// The database in its present state.
    pub fn of(db: &DatabaseConnection) -> Self {
        let is_embedded = db.get_database_backend() == DbBackend::Sqlite;
        let path = || db.get_sqlite_connection_pool().connect_options().get_filename().to_owned();
        Self { file: is_embedded.then(path).and_then(OpenedFile::of) }
    }

    /// Refused if the database is not usable.
    pub async fn check(&self, db: &DatabaseConnection) -> Result<(), StoreError> {
        match &self.file {
            Some(file) => {
                file.check()?;
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

impl OpenedFile {
    fn of(path: PathBuf) -> Option<Self> {
        let content = ManuallyDrop::new(File::open(&path).ok()?);
        Some(Self { identity: identity(&content.metadata().ok()?), content, path })
    }

    fn check(&self) -> Result<(), StoreError> {
        if !fs::metadata(&self.path).is_ok_and(|metadata| identity(&metadata) == self.identity) {
            return Err(unavailable("the file of the database was removed or replaced"));
        }
        let mut magic = [0; 16];
        if self.content.read_exact_at(&mut magic, 0).is_err() || magic != *MAGIC {
            return Err(unavailable("the file of the database is no longer a SQLite database"));
        }
        Ok(())
    }
}

fn identity(metadata: &Metadata) -> [u64; 2] {
    [metadata.dev(), metadata.ino()]
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
