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
    rows::execute_all,
};

/// With fewer events and changes than these, both are one statement on PostgreSQL. With more, one is built while the
/// database carries out the other.
const FEW: usize = 100;

/// Inserts an event for each of `records`, under one of `ids`, and the `changes`.
pub async fn insert(
    db: &impl ConnectionTrait,
    by: &Actor,
    records: &[Record],
    changes: &[(Uuid, Change)],
    ids: impl Fn() -> Uuid,
) -> Result<(), StoreError> {
    let backend = db.get_database_backend();
    let mut events = audit::rows(backend, by, records, ids)?.insertions(backend);
    let mut feed = feed::insertions(backend, changes);
    if let (1..FEW, 1..FEW, DbBackend::Postgres) = (records.len(), changes.len(), backend)
        && let (Some(events), Some(mut feed)) = (events.next().transpose()?, feed.next().transpose()?)
    {
        let events = CommonTableExpression::new().table_name(Alias::new("events")).query(events).to_owned();
        db.execute(feed.with_cte(WithClause::new().cte(events).to_owned())).await?;
        return Ok(());
    }
    execute_all(db, events.chain(feed)).await
}
