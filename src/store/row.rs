//! Rows by the positions of their columns, for what is read in great numbers. SeaORM finds columns by their names, and
//! makes a text for each of them, and another one for each null.

use sea_orm::{
    QueryResult,
    sqlx::{Decode, Postgres, Row, Sqlite, Type},
};

use super::error::StoreError;

/// What a column of either database can be read as.
pub(super) trait Readable<'r>:
    Type<Postgres> + Decode<'r, Postgres> + Type<Sqlite> + Decode<'r, Sqlite>
{
}

impl<'r, T> Readable<'r> for T where T: Type<Postgres> + Decode<'r, Postgres> + Type<Sqlite> + Decode<'r, Sqlite> {}

/// The columns of a row, one after the other.
pub(super) struct Columns<'r> {
    row: &'r QueryResult,
    position: usize,
}

impl<'r> Columns<'r> {
    /// From the first column on.
    pub(super) fn of(row: &'r QueryResult) -> Self {
        Self { row, position: 0 }
    }

    /// The columns without the next ones, of which there are so many.
    pub(super) fn skip(mut self, count: usize) -> Self {
        self.position += count;
        self
    }

    /// The next column.
    pub(super) fn next<T: Readable<'r>>(&mut self) -> Result<T, StoreError> {
        let position = self.position;
        self.position += 1;
        match (self.row.try_as_pg_row(), self.row.try_as_sqlite_row()) {
            // PostgreSQL's columns have the types of the statement, which need not be looked at in each row. On SQLite
            // each value has a type of its own.
            (Some(row), _) => row.try_get_unchecked(position).map_err(StoreError::corrupt),
            (_, Some(row)) => row.try_get(position).map_err(StoreError::corrupt),
            (None, None) => Err(StoreError::Internal("a row is of no known database".into())),
        }
    }
}
