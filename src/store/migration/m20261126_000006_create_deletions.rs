//! Creates the table of deletions that go on in the background. They outlive what they delete, and so they refer to
//! nothing.

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
            ColumnDef::new(Alias::new("deletion_id")).uuid().not_null().to_owned(),
            text(backend, "group_id"),
            key(backend, "status"),
            key(backend, "actor_kind"),
            key(backend, "actor"),
            key(backend, "request_id"),
            text(backend, "client_address"),
            integer("started_at").not_null().to_owned(),
            integer("finished_at"),
            integer("users_deleted").not_null().to_owned(),
            text(backend, "last_group_id"),
            text(backend, "last_user_id"),
        ];
        manager.create_table(table("deletions", columns, &["tenant_id", "deletion_id"])).await?;
        manager.create_index(index("deletions_status", "deletions", &["status", "started_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(drop("deletions")).await
    }
}
