//! Adds the members of services beside their criteria, and members of criteria. All are null where they are not set:
//! the release before writes rows without them.

use sea_orm_migration::prelude::*;

use super::table::{add, flag_or_null, integer, remove, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let description = text(manager.get_database_backend(), "description");
        for (table, column) in [
            ("user_services", flag_or_null("switched_on")),
            ("user_services", integer("suspended_until")),
            ("user_services", flag_or_null("accepts_outside_schedules")),
            ("criteria", flag_or_null("forwarded")),
            ("criteria", flag_or_null("include_internal_callers")),
            ("criteria", description),
            ("criteria", integer("valid_from")),
            ("criteria", integer("valid_until")),
        ] {
            manager.alter_table(add(table, column)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in [
            ("criteria", &["valid_until", "valid_from", "description", "include_internal_callers", "forwarded"][..]),
            ("user_services", &["accepts_outside_schedules", "suspended_until", "switched_on"][..]),
        ] {
            for column in columns {
                manager.alter_table(remove(table, column)).await?;
            }
        }
        Ok(())
    }
}
