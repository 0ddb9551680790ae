//! Statements whose text is built once: the query builder takes longer to write the text of a large statement than the
//! database takes to find its rows.

use std::sync::OnceLock;

use sea_orm::{DbBackend, Statement, Value};

/// The text of one statement, for each kind of database.
///
/// A test build compares each use with a newly built statement, so text and values cannot drift apart.
pub(super) struct Prepared {
    postgres: OnceLock<String>,
    sqlite: OnceLock<String>,
}

impl Prepared {
    /// A statement that is built when it is used first.
    pub(super) const fn new() -> Self {
        Self { postgres: OnceLock::new(), sqlite: OnceLock::new() }
    }

    /// The statement that `build` makes with these `values`, in the order of their placeholders. Its text must depend
    /// on nothing but the kind of database.
    pub(super) fn with(
        &self,
        backend: DbBackend,
        values: impl IntoIterator<Item = Value>,
        build: impl Fn() -> Statement,
    ) -> Statement {
        let text = match backend {
            DbBackend::Postgres => &self.postgres,
            _ => &self.sqlite,
        };
        let text = text.get_or_init(|| build().sql);
        let statement = Statement::from_sql_and_values(backend, text, values);
        debug_assert_eq!(statement, build());
        statement
    }
}
