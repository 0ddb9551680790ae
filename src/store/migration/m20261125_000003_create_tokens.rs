//! Creates the table of tokens, and lets the feed of changes tell of them. `tenant_id` is empty for tokens that are for the
//! whole system: no tenant is named so. Authentication knows a token's identifier only, and so that is unique in the
//! system.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

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
        manager.create_table(tokens(backend)).await?;
        let mut by_id = Index::create();
        by_id.name("tokens_token_id").table(Alias::new("tokens")).col(Alias::new("token_id")).unique();
        manager.create_index(by_id).await?;
        let mut changes = Table::alter();
        changes.table(Alias::new("changes")).add_column(text(backend, "token_id"));
        manager.alter_table(changes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut changes = Table::alter();
        changes.table(Alias::new("changes")).drop_column(Alias::new("token_id"));
        manager.alter_table(changes).await?;
        manager.drop_table(Table::drop().table(Alias::new("tokens")).to_owned()).await
    }
}

fn tokens(backend: DatabaseBackend) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("tokens"));
    for column in [
        key(backend, "tenant_id"),
        key(backend, "token_id"),
        text(backend, "group_id"),
        text(backend, "user_id"),
        key(backend, "role"),
        ColumnDef::new(Alias::new("read_only")).boolean().not_null().to_owned(),
        key(backend, "digest"),
        text(backend, "description"),
        integer("created_at").not_null().to_owned(),
        integer("expires_at"),
        integer("last_used_at"),
    ] {
        table.col(column);
    }
    table.primary_key(Index::create().col(Alias::new("tenant_id")).col(Alias::new("token_id")));
    for (name, to, columns) in [
        ("tokens_group", "groups", &["tenant_id", "group_id"][..]),
        ("tokens_user", "users", &["tenant_id", "group_id", "user_id"][..]),
    ] {
        let mut reference = ForeignKey::create();
        reference.name(name).to_tbl(Alias::new(to));
        for column in columns {
            reference.from_col(Alias::new(*column)).to_col(Alias::new(*column));
        }
        table.foreign_key(&mut reference);
    }
    table
}
