//! The last statements of a change: its audit events, and its rows in the feed of changes.

use std::slice::from_ref;

use call_acceptance_api::access::Actor;
use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    prelude::Uuid,
    sea_query::{Alias, CommonTableExpression, InsertStatement, WithClause},
};

use super::{
    audit::{self, Record},
    error::StoreError,
    feed::{self, Change},
    prepared::Prepared,
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
    if let ([record], [change], DbBackend::Postgres) = (records, changes, backend) {
        db.execute_raw(of_one(by, record, change, ids())).await?;
        return Ok(());
    }
    let mut events =
        records.chunks(AT_ONCE).flat_map(|records| audit::rows(backend, by, records, &ids).insertions(backend));
    let mut feed = changes.chunks(AT_ONCE).flat_map(|changes| feed::insertions(backend, changes));
    if let (1..=AT_ONCE, 1..=AT_ONCE, DbBackend::Postgres) = (records.len(), changes.len(), backend)
        && let (Some(events), Some(feed)) = (events.next().transpose()?, feed.next().transpose()?)
    {
        db.execute(&together(events, feed)).await?;
        return Ok(());
    }
    execute_all(db, events.chain(feed)).await
}

/// The statement that inserts an event and a change on PostgreSQL, as most operations do.
fn of_one(by: &Actor, record: &Record, change: &(Uuid, Change), id: Uuid) -> Statement {
    static STATEMENT: Prepared = Prepared::new();
    let backend = DbBackend::Postgres;
    let event = audit::rows(backend, by, from_ref(record), || id);
    let change = feed::rows(backend, from_ref(change));
    let build = || {
        let [event, change] = [event.clone().insertion_of_one(backend), change.clone().insertion_of_one(backend)];
        backend.build(&together(event, feed::announcing(change)))
    };
    STATEMENT.with(backend, event.values_of_one().chain(change.values_of_one()), build)
}

/// One statement that inserts the events, and then the changes.
fn together(events: InsertStatement, mut feed: InsertStatement) -> InsertStatement {
    let events = CommonTableExpression::new().table_name(Alias::new("events")).query(events).to_owned();
    feed.with_cte(WithClause::new().cte(events).to_owned());
    feed
}
