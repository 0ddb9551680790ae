//! Deletes an owner with everything below it.

use call_acceptance_api::{access::Scope, resource::token::TokenId, value::owner::Owner, wire::problem::Failure};

use super::{change::Done, record::token_record};
use crate::store::{ConnectionTrait, StoreError, Transaction, audit::Record, contents, feed::Change, ownership, token};

/// The contents of an owner that is about to be deleted.
pub(super) struct Emptied {
    records: Vec<Record>,
    revoked: Vec<TokenId>,
}

impl Emptied {
    /// The completed deletion; the record of the owner follows those of its contents.
    pub(super) fn done(mut self, transaction: Transaction, owner: &Owner, own: Record) -> Done<()> {
        self.records.push(own);
        let changes = self.revoked.into_iter().map(Change::Token).chain([Change::Users(owner.clone())]);
        Done::new(transaction, (), self.records).concerning(changes)
    }
}

/// Deletes the owner's tokens and, with `cascade`, everything below the owner.
pub(super) async fn empty(db: &impl ConnectionTrait, owner: &Owner, cascade: bool) -> Result<Emptied, Failure> {
    let revoked = token::delete_within(db, &Scope::Of(owner.clone())).await?;
    let records = revoked.iter().map(|kept| token_record(kept, Some(&kept.token), None));
    let mut records = records.collect::<Result<Vec<_>, _>>()?;
    if cascade {
        records.extend(contents::removals(db, owner).await?);
        ownership::empty(db, owner).await.map_err(StoreError::or_again)?;
    }
    Ok(Emptied { records, revoked: revoked.into_iter().map(|kept| kept.token.token_id).collect() })
}
