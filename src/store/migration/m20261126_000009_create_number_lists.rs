//! Creates number lists, their entries, and the references of criteria to them. A reference ends with its criteria, so
//! that the release before, which does not know it, can delete the criteria.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

use super::table::{add, drop, index, integer, key, refer, refer_and_end, remove, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        for table in [lists(backend), entries(backend), references(backend)] {
            manager.create_table(table).await?;
        }
        // Expression and partial indexes, which the builder does not support: names are unique for an owner; entries
        // that have expired are found for their removal.
        for statement in [
            "CREATE UNIQUE INDEX number_lists_name ON number_lists (tenant_id, COALESCE(group_id, ''), \
             COALESCE(user_id, ''), name)",
            "CREATE INDEX number_list_entries_expiry ON number_list_entries (expires_at) WHERE expires_at IS NOT NULL",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        for index in [
            // For the foreign keys to owners, when an owner is deleted.
            index("number_lists_owner", "number_lists", &USER),
            index("criteria_number_lists_list", "criteria_number_lists", &LIST),
        ] {
            manager.create_index(index).await?;
        }
        manager.alter_table(add("changes", uuid("number_list_id"))).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(remove("changes", "number_list_id")).await?;
        for table in ["criteria_number_lists", "number_list_entries", "number_lists"] {
            manager.drop_table(drop(table)).await?;
        }
        Ok(())
    }
}

const GROUP: [&str; 2] = ["tenant_id", "group_id"];
const USER: [&str; 3] = ["tenant_id", "group_id", "user_id"];
const CRITERIA: [&str; 5] = ["tenant_id", "group_id", "user_id", "service", "position"];
const LIST: [&str; 2] = ["tenant_id", "list_id"];

fn uuid(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().to_owned()
}

fn lists(backend: DatabaseBackend) -> TableCreateStatement {
    let columns = vec![
        key(backend, "tenant_id"),
        uuid("list_id").not_null().to_owned(),
        text(backend, "group_id"),
        text(backend, "user_id"),
        key(backend, "name"),
        text(backend, "description"),
        integer("entry_count").not_null().to_owned(),
        integer("revision").not_null().to_owned(),
    ];
    let mut lists = table("number_lists", columns, &LIST);
    refer(&mut lists, "number_lists_tenant", &["tenant_id"], "tenants", &["tenant_id"]);
    refer(&mut lists, "number_lists_group", &GROUP, "groups", &GROUP);
    refer(&mut lists, "number_lists_user", &USER, "users", &USER);
    lists
}

fn entries(backend: DatabaseBackend) -> TableCreateStatement {
    let columns = vec![
        key(backend, "tenant_id"),
        uuid("list_id").not_null().to_owned(),
        key(backend, "pattern"),
        text(backend, "note"),
        integer("expires_at"),
    ];
    let mut entries = table("number_list_entries", columns, &["tenant_id", "list_id", "pattern"]);
    refer_and_end(&mut entries, "number_list_entries_list", &LIST, "number_lists", &LIST);
    entries
}

fn references(backend: DatabaseBackend) -> TableCreateStatement {
    let mut columns: Vec<_> = ["tenant_id", "group_id", "user_id", "service"].map(|name| key(backend, name)).into();
    columns.extend(["position", "place"].map(|name| ColumnDef::new(Alias::new(name)).integer().not_null().to_owned()));
    columns.push(uuid("list_id").not_null().to_owned());
    let keys = ["tenant_id", "group_id", "user_id", "service", "position", "place"];
    let mut references = table("criteria_number_lists", columns, &keys);
    refer_and_end(&mut references, "criteria_number_lists_criteria", &CRITERIA, "criteria", &CRITERIA);
    refer(&mut references, "criteria_number_lists_list", &LIST, "number_lists", &LIST);
    references
}
