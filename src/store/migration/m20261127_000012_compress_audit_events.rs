//! Compresses what audit events hold by LZ4, which costs a tenth of PostgreSQL's own method: most of what an import
//! writes there is longer than the 2 KB from which PostgreSQL compresses. A PostgreSQL that was built without LZ4 keeps
//! its own. Rows that are there stay as they are.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

async fn compress(manager: &SchemaManager<'_>, method: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let statement = format!(
        "DO $$ BEGIN ALTER TABLE audit_events ALTER COLUMN before SET COMPRESSION {method}, \
         ALTER COLUMN after SET COMPRESSION {method}; EXCEPTION WHEN feature_not_supported THEN NULL; END $$"
    );
    manager.get_connection().execute_unprepared(&statement).await?;
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        compress(manager, "lz4").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        compress(manager, "default").await
    }
}
