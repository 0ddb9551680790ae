//! The services of a user. There is one; the contract has room for more.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::user_service::{ServiceName, ServiceSelectionList, UserService, UserServiceList, UserServices},
    value::owner::{Owner, UserPath},
    wire::{precondition::Revision, problem::Failure},
};

use super::{Done, Server, audit::record, check_owner, not_found};
use crate::{
    rules::criteria,
    store::{StoreError, contents::SERVICE, criteria as rows, user_service},
};

fn services(assigned: bool) -> UserServiceList {
    UserServiceList { services: vec![UserService { name: ServiceName::SelectiveCallAcceptance, assigned }] }
}

#[async_trait]
impl UserServices for Server {
    async fn list(&self, user: UserPath) -> Result<UserServiceList, Failure> {
        let assigned = user_service::is_assigned(&self.db, &user).await?;
        if !assigned {
            check_owner(&self.db, &Owner::User(user)).await?;
        }
        Ok(services(assigned))
    }

    async fn assign(&self, by: &Actor, user: UserPath, _: ServiceSelectionList) -> Result<UserServiceList, Failure> {
        // Revisions start at the present microsecond, so that none comes twice when a service is taken away and given
        // again, and an old entity tag never fits.
        let first = Revision(self.clock.now().as_microsecond());
        let (user, owner) = (&user, &Owner::User(user.clone()));
        let assigned = self.change(by, Some(owner), |tx| async move {
            match user_service::insert(&tx, user, first).await {
                Ok(inserted) => {
                    let empty = inserted.then(|| criteria::service(Vec::new()));
                    Ok(Done::new(tx, services(true), [record(owner, &SERVICE, None, empty.as_ref())]))
                }
                Err(StoreError::Reference(_)) => Err(not_found(self.outside(tx).await?, owner).await),
                Err(error) => Err(error.into()),
            }
        });
        assigned.await
    }

    async fn unassign(&self, by: &Actor, user: UserPath, _: ServiceSelectionList) -> Result<(), Failure> {
        let (user, owner) = (&user, &Owner::User(user.clone()));
        self.change(by, Some(owner), |tx| async move {
            let mut before = None;
            match user_service::raise_revision(&tx, user).await? {
                Some(_) => {
                    before = rows::load(&tx, user, None).await?.map(|kept| criteria::service(kept.value));
                    rows::delete_all(&tx, user).await?;
                    user_service::delete(&tx, user).await?;
                }
                None => check_owner(&tx, owner).await?,
            }
            Ok(Done::new(tx, (), [record(owner, &SERVICE, before.as_ref(), None)]))
        })
        .await
    }
}
