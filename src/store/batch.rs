//! Batches of rows, so that no statement takes long or locks much.

use futures_util::future::join;
use sea_orm::{
    ActiveModelTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, Iterable, QueryFilter, Value,
    sea_query::{Expr, ExprTrait, InsertStatement, Order, Query, SimpleExpr},
};

use super::error::StoreError;

/// Maximum number of rows that one statement adds or deletes.
pub const AT_ONCE: usize = 1000;

/// Deletes the first of the rows that meet `these`; whether there may be more. `key` is the primary key; `order` is
/// that of an index, so that the database does not search the whole table.
pub async fn delete_some<E: EntityTrait>(
    db: &impl ConnectionTrait,
    these: Condition,
    key: &[E::Column],
    order: &[E::Column],
) -> Result<bool, StoreError> {
    let columns = || key.iter().copied();
    let mut some = Query::select().columns(columns()).from(E::default()).cond_where(these).limit(AT_ONCE as u64).take();
    for column in order {
        some.order_by(*column, Order::Asc);
    }
    let key = Expr::tuple(columns().map(Expr::col));
    let deleted = E::delete_many().filter(key.in_subquery(some)).exec(db).await?;
    Ok(deleted.rows_affected >= AT_ONCE as u64)
}

/// The numbers of rows that statements insert where there are more than the last of them. They are few, since a
/// statement of another number has another text, which the database prepares and keeps; and small enough for the
/// number of parameters that a statement can have.
const RUNS: [usize; 4] = [500, 100, 20, 5];

/// The rows in parts, each of which a statement inserts.
pub(super) fn runs<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = RUNS.into_iter().find(|length| *length <= rows.len()).unwrap_or(rows.len());
        let run;
        (run, rows) = rows.split_at(length);
        (!run.is_empty()).then_some(run)
    })
}

/// Inserts rows by a few statements.
pub(super) async fn insert_all<A: ActiveModelTrait>(db: &impl ConnectionTrait, rows: &[A]) -> Result<(), StoreError> {
    execute_all(db, runs(rows).map(|run| Ok(insertion(run)))).await
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

/// The statement that inserts these rows, without the columns that none of them sets to something.
pub(super) fn insertion<A: ActiveModelTrait>(rows: &[A]) -> InsertStatement {
    let column = |column| {
        let values: Vec<Option<Value>> = rows.iter().map(|row| row.get(column).into_value()).collect();
        let null = values.iter().flatten().next()?.as_null();
        let is_used = values.iter().flatten().any(|value| *value != null);
        is_used.then(|| (column, values.into_iter().map(move |value| value.unwrap_or_else(|| null.clone()))))
    };
    let (columns, mut values): (Vec<_>, Vec<_>) = <A::Entity as EntityTrait>::Column::iter().filter_map(column).unzip();
    let mut insert = Query::insert();
    insert.into_table(A::Entity::default()).columns(columns);
    for _ in rows {
        insert.values_panic(values.iter_mut().filter_map(Iterator::next).map(SimpleExpr::from));
    }
    insert
}

/// Whether the columns of a row, all of them text, are one of the rows of a JSON array of arrays. The text of the
/// statement is the same for any number of them.
pub(super) fn is_among<E: EntityTrait>(
    backend: DbBackend,
    columns: &[E::Column],
    rows: &serde_json::Value,
) -> SimpleExpr {
    let (source, parameter) = match backend {
        DbBackend::Sqlite => ("json_each(?)", "e.value"),
        _ => ("json_array_elements(CAST($1 AS json))", "e"),
    };
    let texts: Vec<_> = (0..columns.len()).map(|place| format!("{parameter} ->> {place}")).collect();
    let source = format!("(SELECT {} FROM {source} AS e)", texts.join(", "));
    let key = Expr::tuple(columns.iter().map(|column| Expr::col((E::default(), *column))));
    key.binary(sea_orm::sea_query::BinOper::In, Expr::cust_with_values(source, [rows.to_string()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_inserted_in_runs_of_few_lengths() {
        let lengths = |count: usize| runs(&vec![(); count]).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(0), [0; 0]);
        assert_eq!(lengths(4), [4]);
        assert_eq!(lengths(5), [5]);
        assert_eq!(lengths(1137), [500, 500, 100, 20, 5, 5, 5, 2]);
    }
}
