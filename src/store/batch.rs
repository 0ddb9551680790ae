//! Batches of rows, so that no statement takes long or locks much.

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Order, Query, SimpleExpr},
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
