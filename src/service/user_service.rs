//! The services of a user.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::user_service::{
        ServiceName, ServiceSelectionList, UserService, UserServiceList, UserServicePath, UserServices,
    },
    value::owner::{Owner, UserPath},
    wire::{precondition::Revision, problem::Failure},
};

use super::{change::Done, criteria::service_record, owner::check_owner, server::Server, write::Unwritten};
use crate::{
    rules::service::KeptService,
    store::{ConnectionTrait, StoreError, audit::Record, criteria as rows, feed::Change, user_service},
};

fn list_of(assigned: &[ServiceName]) -> UserServiceList {
    let service = |name| UserService { name, assigned: assigned.contains(&name) };
    UserServiceList { services: ServiceName::ALL.into_iter().map(service).collect() }
}

fn paths(user: &UserPath, services: ServiceSelectionList) -> Vec<UserServicePath> {
    let path = |service| UserServicePath { user: user.clone(), service };
    let wanted = |service: &ServiceName| services.services.iter().any(|selected| selected.name == *service);
    ServiceName::ALL.into_iter().filter(wanted).map(path).collect()
}

/// Assigns the service in a transaction, with its first revision; returns the record if the user did not have it.
pub(super) async fn assign(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    first: Revision,
) -> Result<Option<Record>, Unwritten> {
    match user_service::insert(db, path, first).await {
        Ok(true) => Ok(Some(service_record(path, None, Some(KeptService::new(path.service)))?)),
        Ok(false) => Ok(None),
        Err(StoreError::Reference(_)) => Err(Unwritten::NoOwner(Owner::User(path.user.clone()))),
        Err(error) => Err(error.into()),
    }
}

impl Server {
    /// The first revision of a service that is assigned now. Revisions start at the current time in microseconds, so
    /// that they do not repeat when a service is unassigned and assigned again, and old entity tags never match.
    pub(super) fn first_revision(&self) -> Revision {
        Revision(self.clock.now().as_microsecond())
    }
}

/// Unassigns the service and deletes its criteria; returns the record if the user had it.
pub(super) async fn take(tx: &impl ConnectionTrait, path: &UserServicePath) -> Result<Option<Record>, Failure> {
    if user_service::raise_revision(tx, path).await?.is_none() {
        return Ok(None);
    }
    let kept = rows::load(tx, path, None).await?.map(|kept| kept.value);
    rows::delete_all(tx, path).await?;
    user_service::delete(tx, path).await?;
    service_record(path, kept, None).map(Some)
}

#[async_trait]
impl UserServices for Server {
    async fn list(&self, user: UserPath) -> Result<UserServiceList, Failure> {
        let user = &user;
        self.read(|db| async move {
            let assigned = user_service::assigned(&db, user).await?;
            if assigned.is_empty() {
                check_owner(&db, &Owner::User(user.clone())).await?;
            }
            Ok(list_of(&assigned))
        })
        .await
    }

    async fn assign(
        &self,
        by: &Actor,
        user: UserPath,
        services: ServiceSelectionList,
    ) -> Result<UserServiceList, Failure> {
        let first = self.first_revision();
        let (user, owner, paths) = (&user, &Owner::User(user.clone()), &paths(&user, services));
        self.change(by, |tx| async move {
            let mut records = Vec::new();
            for path in paths {
                match assign(&tx, path, first).await {
                    Ok(record) => records.extend(record),
                    Err(unassigned) => return self.done(tx, Err(unassigned)).await,
                }
            }
            let assigned = user_service::assigned(&tx, user).await?;
            Ok(Done::new(tx, list_of(&assigned), records).concerning([Change::Users(owner.clone())]))
        })
        .await
    }

    async fn unassign(&self, by: &Actor, user: UserPath, services: ServiceSelectionList) -> Result<(), Failure> {
        let (owner, paths) = (&Owner::User(user.clone()), &paths(&user, services));
        self.change(by, |tx| async move {
            let mut records = Vec::new();
            for path in paths {
                records.extend(take(&tx, path).await?);
            }
            if records.is_empty() {
                check_owner(&tx, owner).await?;
            }
            Ok(Done::new(tx, (), records).concerning([Change::Users(owner.clone())]))
        })
        .await
    }
}
