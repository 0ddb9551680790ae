//! What tenants and groups set for the calls of all their users: protected callers and treatments. An empty list is
//! recorded as one that is not there.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        protected_callers::{ProtectedCallerList, ProtectedCallers},
        treatment::{TreatmentList, Treatments},
    },
    value::owner::Owner,
    wire::problem::Failure,
};

use super::{
    owner::not_found,
    record::record,
    server::Server,
    write::{Unwritten, Written},
};
use crate::{
    rules::policy::KeptPolicy,
    store::{ConnectionTrait, feed::Change, policy},
};

impl Server {
    async fn policy(&self, owner: &Owner) -> Result<KeptPolicy, Failure> {
        match policy::find(&self.db, owner).await? {
            Some(kept) => Ok(kept),
            None => Err(not_found(&self.db, owner).await),
        }
    }
}

/// Replaces the protected callers of the owner in a transaction.
pub(super) async fn replace_callers(
    db: &impl ConnectionTrait,
    owner: &Owner,
    replaced: &ProtectedCallerList,
) -> Result<Written<ProtectedCallerList>, Unwritten> {
    let Some(kept) = policy::lock(db, owner).await? else { return Err(not_found(db, owner).await.into()) };
    policy::write_callers(db, owner, &replaced.callers).await?;
    let before = ProtectedCallerList { callers: kept.callers };
    let [before, after] = [&before, replaced].map(|list| (!list.callers.is_empty()).then_some(list));
    let record = record(owner, &["protected_callers"], before, after)?;
    Ok(Written::new(replaced.clone(), [record]).concerning([Change::Users(owner.clone())]))
}

/// Replaces the treatments of the owner in a transaction.
pub(super) async fn replace_treatments(
    db: &impl ConnectionTrait,
    owner: &Owner,
    replaced: &TreatmentList,
) -> Result<Written<TreatmentList>, Unwritten> {
    let Some(kept) = policy::lock(db, owner).await? else { return Err(not_found(db, owner).await.into()) };
    policy::write_treatments(db, owner, &replaced.treatments).await?;
    let before = TreatmentList { treatments: kept.treatments };
    let [before, after] = [&before, replaced].map(|list| (!list.treatments.is_empty()).then_some(list));
    let record = record(owner, &["treatments"], before, after)?;
    Ok(Written::new(replaced.clone(), [record]).concerning([Change::Treatments(owner.clone())]))
}

#[async_trait]
impl ProtectedCallers for Server {
    async fn view(&self, owner: Owner) -> Result<ProtectedCallerList, Failure> {
        Ok(ProtectedCallerList { callers: self.policy(&owner).await?.callers })
    }

    async fn replace(
        &self,
        by: &Actor,
        owner: Owner,
        replaced: ProtectedCallerList,
    ) -> Result<ProtectedCallerList, Failure> {
        let (owner, replaced) = (&owner, &replaced);
        self.change(by, |tx| async move {
            let replaced = replace_callers(&tx, owner, replaced).await;
            self.done(tx, replaced).await
        })
        .await
    }
}

#[async_trait]
impl Treatments for Server {
    async fn view(&self, owner: Owner) -> Result<TreatmentList, Failure> {
        Ok(TreatmentList { treatments: self.policy(&owner).await?.treatments })
    }

    async fn replace(&self, by: &Actor, owner: Owner, replaced: TreatmentList) -> Result<TreatmentList, Failure> {
        let (owner, replaced) = (&owner, &replaced);
        self.change(by, |tx| async move {
            let replaced = replace_treatments(&tx, owner, replaced).await;
            self.done(tx, replaced).await
        })
        .await
    }
}
