//! The last statements of a change: its audit events, and its rows in the feed of changes.

use call_acceptance_api::access::Actor;
use sea_orm::{
    ConnectionTrait, DbBackend,
    prelude::Uuid,
    sea_query::{Alias, CommonTableExpression, WithClause},
};

use super::{
    audit::{self, Record},
    error::StoreError,
    feed::{self, Change},
    rows::{AT_ONCE, execute_all},
};

/// Inserts an event for each of `records`, under one of `ids`, and the `changes`. Both are one statement on
/// PostgreSQL, unless there are very many.
pub async fn insert(
    db: &impl ConnectionTrait,
    by: &Actor,
    records: &[Record],
    changes: &[(Uuid, Change)],
    ids: impl Fn() -> Uuid,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let mut events =
        records.chunks(AT_ONCE).flat_map(|records| audit::rows(backend, by, records, &ids).insertions(backend));
    let mut feed = changes.chunks(AT_ONCE).flat_map(|changes| feed::insertions(backend, changes));
    if let (1..=AT_ONCE, 1..=AT_ONCE, DbBackend::Postgres) = (records.len(), changes.len(), backend)
        && let (Some(events), Some(mut feed)) = (events.next().transpose()?, feed.next().transpose()?)
    {
        let events = CommonTableExpression::new().table_name(Alias::new("events")).query(events).to_owned();
        db.execute(feed.with_cte(WithClause::new().cte(events).to_owned())).await?;
        return Ok(());
    }
    execute_all(db, events.chain(feed)).await
}
