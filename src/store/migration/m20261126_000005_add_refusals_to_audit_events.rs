//! Adds to the audit where a request came from, and why something was refused.

use sea_orm_migration::prelude::*;

use super::table::text;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "audit_events";
const COLUMNS: [&str; 2] = ["client_address", "refused"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for name in COLUMNS {
            let column = text(manager.get_database_backend(), name);
            manager.alter_table(Table::alter().table(Alias::new(TABLE)).add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            let dropped = Table::alter().table(Alias::new(TABLE)).drop_column(Alias::new(name)).to_owned();
            manager.alter_table(dropped).await?;
        }
        Ok(())
    }
}
