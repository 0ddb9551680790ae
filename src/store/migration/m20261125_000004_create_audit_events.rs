//! Creates the table of the audit. Its events outlive what they are about, and so they refer to nothing. `tenant_id` is
//! empty for what concerns the whole system, as in `tokens`.

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
        table.table(Alias::new("audit_events"));
        for column in [
            key(backend, "tenant_id"),
            ColumnDef::new(Alias::new("event_id")).uuid().not_null().to_owned(),
            integer("recorded_at").not_null().to_owned(),
            key(backend, "actor_kind"),
            key(backend, "actor"),
            key(backend, "request_id"),
            key(backend, "operation"),
            key(backend, "target"),
            text(backend, "group_id"),
            text(backend, "user_id"),
            ColumnDef::new(Alias::new("before")).json_binary().to_owned(),
            ColumnDef::new(Alias::new("after")).json_binary().to_owned(),
        ] {
            table.col(column);
        }
        table.primary_key(Index::create().col(Alias::new("tenant_id")).col(Alias::new("event_id")));
        manager.create_table(table).await?;
        for (name, columns) in [
            ("audit_events_in_order", &["tenant_id", "recorded_at", "event_id"][..]),
            ("audit_events_recorded_at", &["recorded_at"][..]),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new("audit_events"));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("audit_events")).to_owned()).await
    }
}
