//! Compresses what audit events hold by LZ4, which takes less time than PostgreSQL's own method. PostgreSQL compresses
//! rows of more than 2 KB, such as the events of new services with several criteria. A PostgreSQL that was built
//! without LZ4 keeps its own method. Rows that are there stay as they are.

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
