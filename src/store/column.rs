//! Conversion of columns to values and back, for all tables.

use call_acceptance_api::value::{change::Change, owner::Owner, time::Instant};
use sea_orm::{
    ActiveValue, DbBackend,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::error::StoreError;

/// The database's clock, which all instances share, in microseconds since 1970.
pub(super) fn now(backend: DbBackend) -> SimpleExpr {
    match backend {
        DbBackend::Sqlite => Expr::cust("CAST(unixepoch('subsec') * 1000000 AS INTEGER)"),
        _ => Expr::cust("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"),
    }
}

/// The column of an instant: microseconds since 1970.
pub(super) fn microseconds(instant: &Instant) -> i64 {
    instant.timestamp().as_microsecond()
}

/// The columns of an owner: the tenant, and the group and the user if it has them.
pub(super) fn owner_columns(owner: &Owner) -> (String, Option<String>, Option<String>) {
    let [_, group, user] = owner.names().map(|name| name.map(str::to_owned));
    (owner.tenant().to_string(), group, user)
}

/// The owner of a row with these columns.
pub(super) fn owner_of(tenant: &str, group: Option<&str>, user: Option<&str>) -> Result<Owner, StoreError> {
    let owner = Owner::parse([Some(tenant), group, user]).map_err(StoreError::corrupt)?;
    owner.ok_or_else(|| StoreError::Internal("a row has no owner".into()))
}

/// The column value for a change of a text.
pub(super) fn column<T: Into<String>>(change: Change<T>) -> ActiveValue<Option<String>> {
    match change {
        Change::Keep => ActiveValue::NotSet,
        Change::Clear => ActiveValue::Set(None),
        Change::Set(value) => ActiveValue::Set(Some(value.into())),
    }
}

/// The column value for a change of a switch.
pub(super) fn switch(change: Change<bool>) -> ActiveValue<Option<bool>> {
    match change {
        Change::Keep => ActiveValue::NotSet,
        Change::Clear => ActiveValue::Set(None),
        Change::Set(value) => ActiveValue::Set(Some(value)),
    }
}

/// The column value of a new row.
pub(super) fn initial<T: Into<String>>(change: Change<T>) -> ActiveValue<Option<String>> {
    ActiveValue::Set(change.initial().map(Into::into))
}

/// The parsed value of a column.
pub(super) fn value<T: TryFrom<String>>(text: String) -> Result<T, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(text).map_err(StoreError::corrupt)
}

/// The parsed value of a column that may be null.
pub(super) fn optional<T: TryFrom<String>>(text: Option<String>) -> Result<Option<T>, StoreError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    text.map(value).transpose()
}

/// Cuts a list that was read with one extra row to its page; returns whether there are more.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: u64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// Whether `columns` are after `place` in the order of a key that has them.
pub(super) fn is_after(
    columns: impl IntoIterator<Item = SimpleExpr>,
    place: impl IntoIterator<Item = SimpleExpr>,
) -> SimpleExpr {
    Expr::tuple(columns).gt(Expr::tuple(place))
}
