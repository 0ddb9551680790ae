//! The last statements of a change: its audit events, and its rows in the feed of changes.

use call_acceptance_api::access::Actor;
use sea_orm::{
    ConnectionTrait, DbBackend,
    prelude::Uuid,
    sea_query::{Alias, CommonTableExpression, WithClause},
};

use super::{
    audit::{self, Record},
    batch::{execute_all, runs},
    error::StoreError,
    feed::{self, Change},
};

/// Inserts an event for each of `records`, under one of `ids`, and the `changes`. Both are one statement on PostgreSQL,
/// unless there are very many.
pub async fn insert(
    db: &impl ConnectionTrait,
    by: &Actor,
    records: &[Record],
    changes: &[(Uuid, Change)],
    ids: impl Fn() -> Uuid,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let mut events = audit::insertions(backend, by, records, ids);
    let mut feed = feed::insertions(backend, changes);
    if let (1, 1, DbBackend::Postgres) = (runs(records).count(), runs(changes).count(), backend)
        && let (Some(events), Some(mut row)) = (events.next().transpose()?, feed.next())
    {
        let events = CommonTableExpression::new().table_name(Alias::new("events")).query(events).to_owned();
        db.execute(row.with_cte(WithClause::new().cte(events).to_owned())).await?;
        return Ok(());
    }
    execute_all(db, events.chain(feed.map(Ok))).await
}
