//! A change: one transaction with its audit, and what it makes of memory.

use call_acceptance_api::{access::Actor, resource::token::TokenId, value::owner::Owner, wire::problem::Failure};

use super::server::Server;
use crate::store::{
    self, Transaction,
    audit::{self, Record},
    feed::{self, Change},
};

/// What a change did, in a transaction that is still open.
pub(super) struct Done<T> {
    pub(super) transaction: Transaction,
    pub(super) value: T,
    /// What it did to each thing; a thing that is as it was before is not recorded.
    pub(super) records: Vec<Record>,
    /// The tokens that it revoked.
    pub(super) revoked: Vec<TokenId>,
}

impl<T> Done<T> {
    /// A change that revokes no token.
    pub(super) fn new(transaction: Transaction, value: T, records: impl Into<Vec<Record>>) -> Self {
        Self { transaction, value, records: records.into(), revoked: Vec::new() }
    }
}

impl Server {
    /// Does `work` in one transaction, as [`store::transaction`], with its records in the audit, done by `by`. Calls to the
    /// users of `owner` may be decided otherwise after it, here at once, and by other instances within the staleness;
    /// the same goes for the tokens that it revokes.
    pub(super) async fn change<T, W, F>(&self, by: &Actor, owner: Option<&Owner>, work: W) -> Result<T, Failure>
    where
        W: Fn(Transaction) -> F,
        F: Future<Output = Result<Done<T>, Failure>>,
    {
        let (work, id) = (&work, self.clock.new_id());
        let changed = store::transaction(&self.db, |transaction| async move {
            let Done { transaction, value, mut records, revoked } = work(transaction).await?;
            records.retain(|record| record.before != record.after);
            audit::insert(&transaction, by, &records, || self.clock.new_id()).await?;
            let tokens = revoked.iter().map(|token| (self.clock.new_id(), Change::Token(token.clone())));
            let users = owner.map(|owner| (id, Change::Users(owner.clone())));
            feed::note(&transaction, &tokens.chain(users).collect::<Vec<_>>()).await?;
            Ok((transaction, (value, revoked)))
        })
        .await;
        // Not on success only: a commit whose answer was lost may have been done.
        if let Some(owner) = owner {
            self.snapshots.forget_own(owner, id);
        }
        let (value, revoked) = changed?;
        revoked.iter().for_each(|token| self.identities.forget(token));
        Ok(value)
    }
}
