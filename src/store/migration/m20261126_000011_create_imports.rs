//! Creates the tables of imports and of their faulty lines, which end with their tenant. A tenant has one import that
//! runs.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DatabaseBackend},
};

use super::table::{drop, integer, key, refer_and_end, table, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(imports(backend)).await?;
        manager.create_table(errors(backend)).await?;
        // Partial indexes, which the builder does not support.
        for statement in [
            "CREATE UNIQUE INDEX imports_running ON imports (tenant_id) WHERE status = 'running'",
            "CREATE INDEX imports_heartbeat ON imports (heartbeat_at) WHERE status = 'running'",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["import_errors", "imports"] {
            manager.drop_table(drop(table)).await?;
        }
        Ok(())
    }
}

const IMPORT: [&str; 2] = ["tenant_id", "import_id"];

fn id() -> ColumnDef {
    ColumnDef::new(Alias::new("import_id")).uuid().not_null().to_owned()
}

fn imports(backend: DatabaseBackend) -> TableCreateStatement {
    let counts = ["lines_read", "created", "changed", "unchanged", "deleted", "failed", "bytes_read"];
    let mut columns = vec![key(backend, "tenant_id"), id(), key(backend, "status")];
    columns.extend(counts.map(|name| integer(name).not_null().to_owned()));
    columns.push(integer("started_at").not_null().to_owned());
    columns.push(integer("finished_at"));
    columns.push(integer("heartbeat_at").not_null().to_owned());
    let mut imports = table("imports", columns, &IMPORT);
    refer_and_end(&mut imports, "imports_tenant", &["tenant_id"], "tenants", &["tenant_id"]);
    imports
}

fn errors(backend: DatabaseBackend) -> TableCreateStatement {
    let columns = vec![
        key(backend, "tenant_id"),
        id(),
        integer("number").not_null().to_owned(),
        integer("line").not_null().to_owned(),
        key(backend, "code"),
        key(backend, "detail"),
        text(backend, "pointer"),
    ];
    let mut errors = table("import_errors", columns, &["tenant_id", "import_id", "number"]);
    refer_and_end(&mut errors, "import_errors_import", &IMPORT, "imports", &IMPORT);
    errors
}
