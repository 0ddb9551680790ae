//! Tables, columns, foreign keys and indexes for migrations.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// A text column compared by code point on all databases, so that pages and keys do not depend on a locale.
pub fn text(backend: DatabaseBackend, name: &str) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    column.text();
    if backend == DatabaseBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// A text column that is never null.
pub fn key(backend: DatabaseBackend, name: &str) -> ColumnDef {
    text(backend, name).not_null().to_owned()
}

/// A 64-bit integer column, also for instants: microseconds since 1970.
pub fn integer(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().to_owned()
}

/// A boolean column.
pub fn flag(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().not_null().to_owned()
}

/// A column that is true, false, or null where it was never set.
pub fn flag_or_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().to_owned()
}

/// A column with a JSON array, or null where it was never set.
pub fn list_or_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).json_binary().to_owned()
}

/// A table of these columns.
pub fn table(name: &str, columns: Vec<ColumnDef>, primary_key: &[&str]) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for column in columns {
        table.col(column);
    }
    let mut keys = Index::create();
    for column in primary_key {
        keys.col(Alias::new(*column));
    }
    table.primary_key(&mut keys);
    table
}

/// Adds a named foreign key to another table.
pub fn refer(table: &mut TableCreateStatement, name: &str, columns: &[&str], to: &str, to_columns: &[&str]) {
    table.foreign_key(&mut foreign_key(name, columns, to, to_columns));
}

/// Adds a named foreign key to another table; a row ends with the row that it refers to.
pub fn refer_and_end(table: &mut TableCreateStatement, name: &str, columns: &[&str], to: &str, to_columns: &[&str]) {
    table.foreign_key(foreign_key(name, columns, to, to_columns).on_delete(ForeignKeyAction::Cascade));
}

fn foreign_key(name: &str, columns: &[&str], to: &str, to_columns: &[&str]) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(name).to_tbl(Alias::new(to));
    for (column, to_column) in columns.iter().zip(to_columns) {
        key.from_col(Alias::new(*column)).to_col(Alias::new(*to_column));
    }
    key
}

/// An index on these columns.
pub fn index(name: &str, table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

/// Adds a column to a table.
pub fn add(table: &str, mut column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(Alias::new(table)).add_column(&mut column).to_owned()
}

/// Removes a column from a table.
pub fn remove(table: &str, column: &str) -> TableAlterStatement {
    Table::alter().table(Alias::new(table)).drop_column(Alias::new(column)).to_owned()
}

/// Drops a table.
pub fn drop(name: &str) -> TableDropStatement {
    Table::drop().table(Alias::new(name)).to_owned()
}
