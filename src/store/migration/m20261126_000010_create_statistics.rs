//! Creates the tables of statistics and of refused calls. They refer to nothing, so that the counts of what is deleted
//! remain, and a batch of them is written whatever was deleted meanwhile.
//!
//! Adds the tenant's switch for refused calls, and what tells criteria apart whose position is the same one after the
//! other: the revision that the service had when the criteria was created. Both are null where never set: the release
//! before writes rows without them.

use sea_orm_migration::prelude::*;

use super::table::{add, drop, flag_or_null, index, integer, key, remove, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

const STATISTICS_KEY: [&str; 8] =
    ["tenant_id", "group_id", "user_id", "bucket", "started_at", "reason", "criteria_revision", "criteria_position"];
const REFUSED_CALLS_KEY: [&str; 5] = ["tenant_id", "group_id", "user_id", "refused_at", "call_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let required = |name| integer(name).not_null().to_owned();
        let owner = || ["tenant_id", "group_id", "user_id"].map(|name| key(backend, name)).to_vec();
        let mut statistics = owner();
        statistics.extend([
            key(backend, "bucket"),
            required("started_at"),
            key(backend, "reason"),
            required("criteria_revision"),
            ColumnDef::new(Alias::new("criteria_position")).integer().not_null().to_owned(),
            required("calls"),
            required("last_at"),
        ]);
        manager.create_table(table("statistics", statistics, &STATISTICS_KEY)).await?;
        let mut refused_calls = owner();
        refused_calls.extend([
            required("refused_at"),
            key(backend, "call_id"),
            text(backend, "calling_number"),
            key(backend, "reason"),
            text(backend, "criteria"),
        ]);
        manager.create_table(table("refused_calls", refused_calls, &REFUSED_CALLS_KEY)).await?;
        // For the retention.
        manager.create_index(index("statistics_started_at", "statistics", &["bucket", "started_at"])).await?;
        manager.create_index(index("refused_calls_refused_at", "refused_calls", &["refused_at"])).await?;
        manager.alter_table(add("tenants", flag_or_null("record_refused_calls"))).await?;
        manager.alter_table(add("criteria", integer("created_revision"))).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(remove("criteria", "created_revision")).await?;
        manager.alter_table(remove("tenants", "record_refused_calls")).await?;
        for table in ["refused_calls", "statistics"] {
            manager.drop_table(drop(table)).await?;
        }
        Ok(())
    }
}
