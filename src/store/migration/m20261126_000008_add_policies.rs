//! Adds what tenants and groups set for the calls of their users. All are null where nothing is set: the release before
//! writes rows without them.

use sea_orm_migration::prelude::*;

use super::table::{add, list_or_null, remove};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 2] = ["tenants", "groups"];
const COLUMNS: [&str; 2] = ["protected_callers", "treatments"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for column in COLUMNS {
                manager.alter_table(add(table, list_or_null(column))).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for column in COLUMNS {
                manager.alter_table(remove(table, column)).await?;
            }
        }
        Ok(())
    }
}
