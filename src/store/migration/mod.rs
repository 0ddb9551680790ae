//! The schema migrations, one file each, oldest first.
//!
//! A migration expands the schema and removes nothing that the previous release needs, since that release also runs on
//! the new schema. To add a migration, add a file and list it in [`Migrator`].

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait::async_trait};

mod m20261126_000001_create_tables;
mod m20261126_000002_create_changes;
mod m20261126_000003_create_tokens;
mod m20261126_000004_create_audit_events;
mod m20261126_000005_add_refusals_to_audit_events;
mod m20261126_000006_create_deletions;
mod m20261126_000007_add_members_of_services;
mod m20261126_000008_add_policies;
mod m20261126_000009_create_number_lists;
mod m20261126_000010_create_statistics;
mod m20261126_000011_create_imports;
mod m20261127_000012_compress_audit_events;
mod table;

/// All migrations.
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261126_000001_create_tables::Migration),
            Box::new(m20261126_000002_create_changes::Migration),
            Box::new(m20261126_000003_create_tokens::Migration),
            Box::new(m20261126_000004_create_audit_events::Migration),
            Box::new(m20261126_000005_add_refusals_to_audit_events::Migration),
            Box::new(m20261126_000006_create_deletions::Migration),
            Box::new(m20261126_000007_add_members_of_services::Migration),
            Box::new(m20261126_000008_add_policies::Migration),
            Box::new(m20261126_000009_create_number_lists::Migration),
            Box::new(m20261126_000010_create_statistics::Migration),
            Box::new(m20261126_000011_create_imports::Migration),
            Box::new(m20261127_000012_compress_audit_events::Migration),
        ]
    }
}
