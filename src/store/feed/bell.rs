//! Notifications of new entries in the feed, on databases that support them.

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr,
    sqlx::{self, postgres::PgListener},
};

use crate::store::{connection, error::StoreError};

/// The channel of the notifications.
pub(super) const CHANNEL: &str = "call_acceptance_changes";

/// Resolves when the feed may have new entries.
pub struct Bell(Option<PgListener>);

impl Bell {
    /// Listens to the database `db` on its own connection. SQLite has no notifications.
    pub async fn of(db: &DatabaseConnection) -> Result<Self, StoreError> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Self(None));
        }
        let pool = connection::beside(db, 1);
        let mut listener = PgListener::connect_with(pool.get_postgres_connection_pool()).await.map_err(failed)?;
        listener.listen(CHANNEL).await.map_err(failed)?;
        Ok(Self(Some(listener)))
    }

    /// Resolves after a notification, or when notifications may have been lost. Never resolves without notifications.
    pub async fn ring(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Some(listener) => listener.try_recv().await.map(|_| ()).map_err(failed),
            None => std::future::pending().await,
        }
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into())))
}
