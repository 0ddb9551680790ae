//! Creates the table of audit events. They outlive their resources, so they have no foreign keys. `tenant_id` is empty
//! for the whole system, as in `tokens`.

use sea_orm_migration::prelude::*;

use super::table::{drop, index, integer, key, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let columns = vec![
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
            integer("bytes").not_null().to_owned(),
        ];
        manager.create_table(table("audit_events", columns, &["tenant_id", "event_id"])).await?;
        let in_order = ["tenant_id", "recorded_at", "event_id"];
        manager.create_index(index("audit_events_in_order", "audit_events", &in_order)).await?;
        manager.create_index(index("audit_events_recorded_at", "audit_events", &["recorded_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(drop("audit_events")).await
    }
}
