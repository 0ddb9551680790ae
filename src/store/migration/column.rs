//! Columns that several tables have.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// A text column that is compared by code point everywhere, so that pages and keys do not depend on a locale.
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

/// A column of whole numbers of 64 bits, as instants are kept in: microseconds since 1970.
pub fn integer(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().to_owned()
}
