//! Creates the table of the changes that decisions must see. The release before does not write it, and decides on no
//! calls: what it changes while both run is seen by decisions when a user is loaded anew.

use sea_orm_migration::prelude::*;

use super::column::{integer, key, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let mut table = Table::create();
        table
            .table(Alias::new("changes"))
            .col(key(backend, "tenant_id"))
            .col(ColumnDef::new(Alias::new("change_id")).uuid().not_null())
            .col(text(backend, "group_id"))
            .col(text(backend, "user_id"))
            .col(integer("position").not_null())
            .col(integer("changed_at").not_null())
            .col(key(backend, "kind"))
            .col(ColumnDef::new(Alias::new("schedule_id")).uuid())
            .primary_key(Index::create().col(Alias::new("tenant_id")).col(Alias::new("change_id")));
        manager.create_table(table).await?;
        for column in ["position", "changed_at"] {
            let mut index = Index::create();
            index.name(format!("changes_{column}")).table(Alias::new("changes")).col(Alias::new(column));
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("changes")).to_owned()).await
    }
}
