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

use super::{change::Done, owner::not_found, record::record, server::Server};
use crate::{
    rules::policy::KeptPolicy,
    store::{feed::Change, policy},
};

impl Server {
    async fn policy(&self, owner: &Owner) -> Result<KeptPolicy, Failure> {
        match policy::find(&self.db, owner).await? {
            Some(kept) => Ok(kept),
            None => Err(not_found(&self.db, owner).await),
        }
    }
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
            let Some(kept) = policy::lock(&tx, owner).await? else { return Err(not_found(&tx, owner).await) };
            policy::write_callers(&tx, owner, &replaced.callers).await?;
            let before = ProtectedCallerList { callers: kept.callers };
            let [before, after] = [&before, replaced].map(|list| (!list.callers.is_empty()).then_some(list));
            let record = record(owner, &["protected_callers"], before, after)?;
            Ok(Done::new(tx, replaced.clone(), [record]).concerning([Change::Users(owner.clone())]))
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
            let Some(kept) = policy::lock(&tx, owner).await? else { return Err(not_found(&tx, owner).await) };
            policy::write_treatments(&tx, owner, &replaced.treatments).await?;
            let before = TreatmentList { treatments: kept.treatments };
            let [before, after] = [&before, replaced].map(|list| (!list.treatments.is_empty()).then_some(list));
            let record = record(owner, &["treatments"], before, after)?;
            Ok(Done::new(tx, replaced.clone(), [record]).concerning([Change::Treatments(owner.clone())]))
        })
        .await
    }
}
