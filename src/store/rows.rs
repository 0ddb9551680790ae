//! Rows to insert, kept by columns, and the statements that insert them. On PostgreSQL a statement can insert any
//! number of rows: each column is an array that it unnests, so that its text is always the same and it has few
//! parameters. SQLite has no arrays; there a statement lists the rows.

use std::{fmt::Write, vec::IntoIter};

use futures_util::future::join;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, Iterable, Value,
    sea_query::{
        ColumnType, Expr, ExprTrait, Func, InsertStatement, PostgresQueryBuilder, Query, SimpleExpr, TableBuilder,
    },
};

use super::error::StoreError;

/// Maximum number of rows of a statement among many, so that the next is built while the database carries out one.
pub(super) const AT_ONCE: usize = 250;
/// The numbers of rows that statements list where there are more than the last of them. They are few, since a statement
/// of another number has another text, which the database prepares and keeps.
const RUNS: [usize; 3] = [AT_ONCE, 50, 10];

/// What a column has in the rows.
#[derive(Clone)]
pub(super) enum Cells {
    /// The same in each.
    Same(SimpleExpr),
    /// Another value in each. For a column of JSON, it may be a text.
    Each(IntoIter<Value>),
}

impl Cells {
    /// The same in each row.
    pub(super) fn same(value: impl Into<SimpleExpr>) -> Self {
        Self::Same(value.into())
    }

    /// Another value in each row.
    pub(super) fn each(values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self::Each(values.into_iter().map(Into::into).collect::<Vec<_>>().into_iter())
    }

    fn is_same(&self) -> bool {
        match self {
            Self::Same(_) => true,
            Self::Each(values) => only(values.as_slice()).is_some(),
        }
    }
}

/// Rows to insert.
#[derive(Clone)]
pub(super) struct Rows<E: EntityTrait> {
    count: usize,
    columns: Vec<(E::Column, Cells)>,
}

impl<E: EntityTrait> Rows<E> {
    /// This many rows, each with as many columns.
    pub(super) fn new(count: usize, columns: impl IntoIterator<Item = (E::Column, Cells)>) -> Self {
        Self { count, columns: columns.into_iter().collect() }
    }

    /// The rows, without the columns that none of them sets to something.
    pub(super) fn of<A: ActiveModelTrait<Entity = E>>(rows: &[A]) -> Self {
        let cells = |column| {
            let values: Vec<Option<Value>> = rows.iter().map(|row| row.get(column).into_value()).collect();
            let null = values.iter().flatten().next()?.as_null();
            let is_used = values.iter().flatten().any(|value| *value != null);
            is_used
                .then(|| (column, Cells::each(values.into_iter().map(|value| value.unwrap_or_else(|| null.clone())))))
        };
        Self::new(rows.len(), E::Column::iter().filter_map(cells))
    }

    /// The statements that insert the rows, in their order.
    pub(super) fn insertions(
        mut self,
        backend: DbBackend,
    ) -> impl Iterator<Item = Result<InsertStatement, StoreError>> {
        std::iter::from_fn(move || match (self.count, backend) {
            (0, _) => None,
            (2.., DbBackend::Postgres) => Some(self.unnested()),
            _ => Some(Ok(self.listed(backend))),
        })
    }

    /// The statement that inserts the row, where there is just one.
    pub(super) fn insertion_of_one(mut self, backend: DbBackend) -> InsertStatement {
        self.listed(backend)
    }

    /// The values of that row, in the order of the placeholders of [`Self::insertion_of_one`].
    pub(super) fn values_of_one(&self) -> impl Iterator<Item = Value> {
        self.columns.iter().filter_map(|(_, cells)| match cells {
            Cells::Same(SimpleExpr::Value(value)) => Some(value.clone()),
            // An expression of SQL alone.
            Cells::Same(_) => None,
            Cells::Each(values) => values.as_slice().first().cloned(),
        })
    }

    fn names(&self) -> Vec<E::Column> {
        self.columns.iter().map(|(column, _)| *column).collect()
    }

    /// The statement that inserts all rows from arrays. PostgreSQL takes the next element of each for the next row.
    fn unnested(&mut self) -> Result<InsertStatement, StoreError> {
        self.unify();
        let mut select = Query::select();
        for (column, cells) in &mut self.columns {
            select.expr(match cells {
                Cells::Same(value) => value.clone(),
                Cells::Each(values) => {
                    let array = Expr::val(array(values)?).cast_as(format!("{}[]", type_of(*column)));
                    Func::cust("unnest").arg(array).into()
                }
            });
        }
        let mut insert = Query::insert();
        insert.into_table(E::default()).columns(self.names());
        insert.select_from(select).map_err(|error| StoreError::Internal(error.to_string().into()))?;
        self.count = 0;
        Ok(insert)
    }

    /// Makes an array of equal values a single value, which costs PostgreSQL less. Not if all rows are equal: the
    /// arrays say how many there are.
    fn unify(&mut self) {
        if self.columns.iter().all(|(_, cells)| cells.is_same()) {
            return;
        }
        for (column, cells) in &mut self.columns {
            if let Cells::Each(values) = cells
                && let Some(value) = only(values.as_slice())
            {
                *cells = Cells::Same(cell(DbBackend::Postgres, *column, value.clone()));
            }
        }
    }

    /// The statement that lists the first of the rows.
    fn listed(&mut self, backend: DbBackend) -> InsertStatement {
        let length = RUNS.into_iter().find(|length| *length <= self.count).unwrap_or(self.count);
        let mut insert = Query::insert();
        insert.into_table(E::default()).columns(self.names());
        for _ in 0..length {
            insert.values_panic(self.columns.iter_mut().filter_map(|(column, cells)| match cells {
                Cells::Same(value) => Some(value.clone()),
                Cells::Each(values) => values.next().map(|value| cell(backend, *column, value)),
            }));
        }
        self.count -= length;
        insert
    }
}

/// Inserts a row for each thing. The rows are made some at a time, while the database inserts those before them.
pub(super) async fn insert_all<T, A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    things: &[T],
    row: impl Fn(&T) -> Result<A, StoreError>,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let insertions = things.chunks(AT_ONCE).flat_map(|some| {
        let rows: Result<Vec<A>, StoreError> = some.iter().map(&row).collect();
        match rows {
            Ok(rows) => Rows::of(&rows).insertions(backend).collect(),
            Err(error) => vec![Err(error)],
        }
    });
    execute_all(db, insertions).await
}

/// Executes statements in their order. While the database carries out one, the next is built.
pub(super) async fn execute_all(
    db: &impl ConnectionTrait,
    statements: impl Iterator<Item = Result<InsertStatement, StoreError>>,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let mut statements = statements.map(|statement| Ok(backend.build(&statement?)));
    let mut next = statements.next().transpose()?;
    while let Some(statement) = next {
        let following = async { statements.next().transpose() };
        let (executed, built): (_, Result<_, StoreError>) = join(db.execute_raw(statement), following).await;
        executed?;
        next = built?;
    }
    Ok(())
}

/// The value that all values equal.
fn only(values: &[Value]) -> Option<&Value> {
    let (first, others) = values.split_first()?;
    others.iter().all(|other| other == first).then_some(first)
}

/// The value of a column as an expression.
fn cell(backend: DbBackend, column: impl ColumnTrait, value: Value) -> SimpleExpr {
    let is_text = matches!(value, Value::String(_));
    match (backend, column.def().get_column_type()) {
        (DbBackend::Postgres, ColumnType::Json | ColumnType::JsonBinary) if is_text => {
            Expr::val(value).cast_as(type_of(column))
        }
        _ => value.into(),
    }
}

/// PostgreSQL's name of the type of a column.
fn type_of(column: impl ColumnTrait) -> String {
    let mut name = String::new();
    PostgresQueryBuilder.prepare_column_type(column.def().get_column_type(), &mut name);
    name
}

/// The values as the text of an array, by "Array Input and Output Syntax" of PostgreSQL's manual: every element is
/// quoted, so that only quotes and backslashes need to be escaped.
fn array(values: impl Iterator<Item = Value>) -> Result<String, StoreError> {
    let mut text = String::from("{");
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(',');
        }
        element(value, &mut text)?;
    }
    text.push('}');
    Ok(text)
}

fn element(value: Value, text: &mut String) -> Result<(), StoreError> {
    let written = match value {
        Value::Bool(Some(value)) => write!(text, "{value}"),
        Value::Int(Some(value)) => write!(text, "{value}"),
        Value::BigInt(Some(value)) => write!(text, "{value}"),
        Value::Uuid(Some(value)) => write!(text, "{value}"),
        Value::String(Some(value)) => {
            quote(&value, text);
            Ok(())
        }
        Value::Json(Some(value)) => {
            quote(&value.to_string(), text);
            Ok(())
        }
        Value::Bool(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::Uuid(None)
        | Value::String(None)
        | Value::Json(None) => write!(text, "NULL"),
        other => return Err(StoreError::Internal(format!("no column has values like {other:?}").into())),
    };
    written.map_err(StoreError::corrupt)
}

fn quote(value: &str, text: &mut String) {
    text.reserve(value.len() + 2);
    text.push('"');
    let mut rest = value;
    while let Some(place) = rest.find(['"', '\\']) {
        let (before, escaped) = rest.split_at(place);
        text.push_str(before);
        text.push('\\');
        let (character, after) = escaped.split_at(1);
        text.push_str(character);
        rest = after;
    }
    text.push_str(rest);
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entity::audit_events::{Column, Entity};

    fn statements(backend: DbBackend, count: usize) -> Vec<String> {
        let targets = (0..count).map(|number| number.to_string());
        let after = (0..count).map(|number| Some(format!("[{number}]")));
        let columns = [
            (Column::TenantId, Cells::same("anna")),
            (Column::Target, Cells::each(targets)),
            (Column::After, Cells::each(after)),
        ];
        let rows = Rows::<Entity>::new(count, columns);
        rows.insertions(backend).map(|statement| backend.build(&statement.expect("a statement")).to_string()).collect()
    }

    #[test]
    fn postgresql_inserts_any_number_of_rows_by_one_statement() {
        let into = r#"INSERT INTO "audit_events" ("tenant_id", "target", "after")"#;
        assert_eq!(statements(DbBackend::Postgres, 0), [""; 0]);
        let one = format!("{into} VALUES ('anna', '0', CAST('[0]' AS jsonb))");
        assert_eq!(statements(DbBackend::Postgres, 1), [one]);
        let targets = r#"unnest(CAST('{"0","1"}' AS varchar[]))"#;
        let after = r#"unnest(CAST('{"[0]","[1]"}' AS jsonb[]))"#;
        let two = format!("{into} SELECT 'anna', {targets}, {after}");
        assert_eq!(statements(DbBackend::Postgres, 2), [two]);
    }

    #[test]
    fn postgresql_gets_equal_values_once_unless_all_rows_are_equal() {
        let statement = |targets: [&str; 2]| {
            let after = [Some("[7]"), Some("[7]")];
            let columns = [(Column::Target, Cells::each(targets)), (Column::After, Cells::each(after))];
            let mut insertions = Rows::<Entity>::new(2, columns).insertions(DbBackend::Postgres);
            let insertion = insertions.next().expect("one").expect("a statement");
            DbBackend::Postgres.build(&insertion).to_string()
        };
        let into = r#"INSERT INTO "audit_events" ("target", "after")"#;
        let targets = r#"unnest(CAST('{"0","1"}' AS varchar[]))"#;
        assert_eq!(statement(["0", "1"]), format!("{into} SELECT {targets}, CAST('[7]' AS jsonb)"));
        let targets = r#"unnest(CAST('{"0","0"}' AS varchar[]))"#;
        let after = r#"unnest(CAST('{"[7]","[7]"}' AS jsonb[]))"#;
        assert_eq!(statement(["0", "0"]), format!("{into} SELECT {targets}, {after}"));
    }

    #[test]
    fn sqlite_lists_rows_in_statements_of_few_lengths() {
        let lengths = |count| {
            let rows = |statement: &String| statement.matches("('anna', ").count();
            statements(DbBackend::Sqlite, count).iter().map(rows).collect::<Vec<_>>()
        };
        assert_eq!(lengths(0), [0; 0]);
        assert_eq!(lengths(4), [4]);
        assert_eq!(lengths(10), [10]);
        assert_eq!(lengths(637), [250, 250, 50, 50, 10, 10, 10, 7]);
    }

    #[test]
    fn elements_of_arrays_are_quoted() {
        let texts = ["", "NULL", r#"a "b" \c"#, "{,}"].map(Value::from);
        let all = texts.into_iter().chain([Value::String(None), true.into(), 7.into()]);
        assert_eq!(array(all).expect("an array"), r#"{"","NULL","a \"b\" \\c","{,}",NULL,true,7}"#);
    }
}
