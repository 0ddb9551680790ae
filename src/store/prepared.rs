//! Cached SQL texts. For a large statement, building the text takes longer than the database takes to find the rows.

use std::sync::OnceLock;

use sea_orm::{DbBackend, Statement, Value};

/// The SQL text of one statement for each kind of database.
///
/// A test build compares each use with a newly built statement, so text and values cannot drift apart.
pub(super) struct Prepared {
    postgres: OnceLock<String>,
    sqlite: OnceLock<String>,
}

impl Prepared {
    /// A statement whose text is built on first use.
    pub(super) const fn new() -> Self {
        Self { postgres: OnceLock::new(), sqlite: OnceLock::new() }
    }

    /// The statement with `values` in the order of its placeholders. The text that `build` makes must depend only on
    /// the kind of database.
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
