//! Batches of rows, so that no statement takes long or locks much.

use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Order, Query},
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
