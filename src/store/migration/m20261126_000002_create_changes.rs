//! Creates the table of changes that other instances must see: of users, or of the token `token_id`.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, prelude::Uuid},
};

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
            ColumnDef::new(Alias::new("change_id")).uuid().not_null().to_owned(),
            text(backend, "group_id"),
            text(backend, "user_id"),
            integer("position").not_null().to_owned(),
            integer("changed_at").not_null().to_owned(),
            key(backend, "kind"),
            ColumnDef::new(Alias::new("schedule_id")).uuid().to_owned(),
            text(backend, "token_id"),
        ];
        manager.create_table(table("changes", columns, &["tenant_id", "change_id"])).await?;
        // A sentinel before all changes, which reveals whether any were deleted.
        let mut first = Query::insert();
        first
            .into_table(Alias::new("changes"))
            .columns(["tenant_id", "change_id", "position", "changed_at", "kind"].map(Alias::new))
            .values_panic(["".into(), Uuid::nil().into(), 0_i64.into(), 0_i64.into(), "none".into()]);
        manager.get_connection().execute(&first).await?;
        manager.create_index(index("changes_position", "changes", &["position"])).await?;
        manager.create_index(index("changes_changed_at", "changes", &["changed_at"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(drop("changes")).await
    }
}
