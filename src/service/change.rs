//! A change: one transaction with its audit, and what it makes of memory.

use call_acceptance_api::{access::Actor, wire::problem::Failure};
use uuid::Uuid;

use super::server::Server;
use crate::store::{
    self, Aborted, End, Transaction,
    audit::{self, Record},
    feed::{self, Change},
};

/// What a change did, in a transaction that is still open.
pub(super) struct Done<T> {
    pub(super) transaction: Transaction,
    pub(super) value: T,
    /// What it did to each thing; a thing that is as it was before is not recorded.
    pub(super) records: Vec<Record>,
    /// What other instances, and what is in memory here, must know of.
    pub(super) changes: Vec<Change>,
}

impl<T> Done<T> {
    /// A change that concerns no decision.
    pub(super) fn new(transaction: Transaction, value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { transaction, value, records: records.into(), changes: Vec::new() }
    }

    /// A change after which calls to some users may be decided otherwise, or tokens are no longer valid.
    pub(super) fn concerning(self, changes: impl IntoIterator<Item = Change>) -> Self {
        Self { changes: changes.into_iter().collect(), ..self }
    }
}

impl Server {
    /// Does `work` in one transaction, as [`store::transaction`], with its records in the audit, done by `by`. What it
    /// concerns is known here at once, and by other instances within the staleness. Work that records nothing changed
    /// nothing, and is undone: no revision rises, and nobody is told. An actor has only so many changes under way.
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
                // It may have been done: what is in memory may be outdated.
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
