//! A change: a transaction with its audit events, followed by the invalidation of caches.

use call_acceptance_api::{access::Actor, wire::problem::Failure};
use uuid::Uuid;

use super::server::Server;
use crate::store::{
    self, Aborted, End, Transaction,
    audit::{self, Record},
    feed::{self, Change},
};

/// The result of a change whose transaction is still open.
pub(super) struct Done<T> {
    pub(super) transaction: Transaction,
    pub(super) value: T,
    /// The records of all changed resources; unchanged ones are not recorded.
    pub(super) records: Vec<Record>,
    /// The changes that invalidate caches, here and on other instances.
    pub(super) changes: Vec<Change>,
}

impl<T> Done<T> {
    /// A change that affects no decision.
    pub(super) fn new(transaction: Transaction, value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { transaction, value, records: records.into(), changes: Vec::new() }
    }

    /// A change that affects decisions on calls to some users, or the validity of tokens.
    pub(super) fn concerning(self, changes: impl IntoIterator<Item = Change>) -> Self {
        Self { changes: changes.into_iter().collect(), ..self }
    }
}

impl Server {
    /// Runs `work` in one transaction (see [`store::transaction`]), with its records in the audit trail of `by`. Its
    /// changes invalidate the caches of this instance immediately, and those of others within the staleness. If there
    /// are no records, nothing has changed and the transaction is rolled back: no revision is raised, and no cache is
    /// invalidated. The number of concurrent changes of an actor is limited.
    pub(super) async fn change<T, W, F>(&self, by: &Actor, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<Done<T>, Failure>>,
    {
        let _turn = self.writers.admit(by).await?;
        let work = &work;
        let ended = store::transaction(&self.db, |transaction| async move {
            let Done { transaction, value, mut records, changes } = work(transaction).await?;
            records.retain(|record| record.before != record.after);
            if records.is_empty() {
                return Ok((End::Undo(transaction), (value, Vec::new())));
            }
            audit::insert(&transaction, by, &records, || self.clock.new_id()).await?;
            let changes: Vec<_> = changes.into_iter().map(|change| (self.clock.new_id(), change)).collect();
            feed::note(&transaction, &changes).await?;
            Ok((End::Commit(transaction), (value, changes)))
        })
        .await;
        match ended {
            Ok((value, changes)) => {
                self.learn(&changes);
                Ok(value)
            }
            Err(Aborted { failure, perhaps }) => {
                // The transaction may have been committed, so the caches may be outdated.
                perhaps.iter().for_each(|(_, changes)| self.learn(changes));
                Err(failure)
            }
        }
    }

    fn learn(&self, changes: &[(Uuid, Change)]) {
        self.snapshots.note_own(changes);
        for (_, change) in changes {
            if let Change::Token(token) = change {
                self.identities.forget(token);
            }
        }
    }
}
