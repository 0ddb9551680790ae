//! A change: a transaction with its audit events, followed by the invalidation of caches.

use std::sync::{Mutex, PoisonError};

use call_acceptance_api::{access::Actor, wire::problem::Failure};
use uuid::Uuid;

use super::{server::Server, writers::Turn};
use crate::store::{self, Aborted, End, Transaction, audit::Record, feed::Change, journal};

/// The result of a change whose transaction is still open.
pub(super) struct Done<T> {
    pub(super) transaction: Transaction,
    pub(super) value: T,
    /// The records of all changed resources; unchanged ones are not recorded.
    pub(super) records: Vec<Record>,
    /// The changes that invalidate caches, here and on other instances.
    pub(super) changes: Vec<Change>,
    /// Whether it is committed even if nothing is recorded.
    pub(super) is_kept: bool,
}

impl<T> Done<T> {
    /// A change that affects no decision.
    pub(super) fn new(transaction: Transaction, value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { transaction, value, records: records.into(), changes: Vec::new(), is_kept: false }
    }

    /// A change that is committed even if nothing is recorded, unless it is only tried.
    pub(super) fn kept(self) -> Self {
        Self { is_kept: true, ..self }
    }

    /// A change that affects decisions on calls to some users, or the validity of tokens.
    pub(super) fn concerning(self, changes: impl IntoIterator<Item = Change>) -> Self {
        Self { changes: changes.into_iter().collect(), ..self }
    }
}

/// The changes of a transaction whose outcome is not known yet. If the request is given up during the commit, caches
/// are invalidated on drop, because the commit may still succeed.
struct Uncertain<'s> {
    server: &'s Server,
    changes: Mutex<Vec<(Uuid, Change)>>,
}

impl<'s> Uncertain<'s> {
    fn of(server: &'s Server) -> Self {
        Self { server, changes: Mutex::default() }
    }

    fn put(&self, changes: Vec<(Uuid, Change)>) {
        *self.changes.lock().unwrap_or_else(PoisonError::into_inner) = changes;
    }

    fn take(&self) -> Vec<(Uuid, Change)> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Uncertain<'_> {
    fn drop(&mut self) {
        let changes = self.take();
        if !changes.is_empty() {
            self.server.invalidate_uncertain(&changes);
        }
    }
}

impl Server {
    /// Runs `work` in one transaction (see [`store::transaction`]), with its records in the audit trail of `by`. Its
    /// changes invalidate the caches of this instance immediately, and those of others within the staleness. If there
    /// are no records, nothing has changed and the transaction is rolled back: no revision is raised, and no cache is
    /// invalidated. The same goes for a change that `by` only tries. The number of concurrent changes of an actor is
    /// limited.
    pub(super) async fn change<T, W, F>(&self, by: &Actor, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<Done<T>, Failure>>,
    {
        let turn = self.writers.admit(by).await?;
        let done = self.carry_out(by, work).await;
        turn.into_iter().for_each(Turn::end);
        done
    }

    /// As [`Self::change`], for work that nobody waits for.
    pub(super) async fn carry_out<T, W, F>(&self, by: &Actor, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<Done<T>, Failure>>,
    {
        let (work, uncertain) = (&work, &Uncertain::of(self));
        let ended = store::transaction(&self.db, |transaction| async move {
            uncertain.take();
            let Done { transaction, value, mut records, changes, is_kept } = work(transaction).await?;
            records.retain(|record| record.before != record.after);
            if (records.is_empty() && !is_kept) || by.dry_run {
                return Ok((End::Undo(transaction), value));
            }
            let changes: Vec<_> = changes.into_iter().map(|change| (self.clock.new_id(), change)).collect();
            journal::insert(&transaction, by, &records, &changes, || self.clock.new_id()).await?;
            uncertain.put(changes);
            Ok((End::Commit(transaction), value))
        })
        .await;
        let changes = uncertain.take();
        match ended {
            Ok(value) => {
                self.invalidate(&changes);
                Ok(value)
            }
            Err(Aborted { failure, perhaps }) => {
                if perhaps.is_some() {
                    self.invalidate_uncertain(&changes);
                }
                Err(failure)
            }
        }
    }

    /// Invalidates the caches of this instance after a commit.
    fn invalidate(&self, changes: &[(Uuid, Change)]) {
        self.snapshots.note_own(changes);
        self.evict_tokens(changes);
    }

    /// Invalidates the caches of this instance if the commit may have succeeded, or may still succeed.
    fn invalidate_uncertain(&self, changes: &[(Uuid, Change)]) {
        self.snapshots.note_uncertain(changes);
        self.evict_tokens(changes);
    }

    fn evict_tokens(&self, changes: &[(Uuid, Change)]) {
        for (_, change) in changes {
            if let Change::Token(token) = change {
                self.identities.evict(token);
            }
        }
    }
}
