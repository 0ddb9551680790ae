//! The services of a user, and which of them are assigned.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, Write},
    resource::tags::Tag,
    value::{
        name::{GroupId, TenantId, UserId},
        open_enum::{WORDS, open_enum},
        owner::UserPath,
    },
    wire::{
        answer::{Deleted, Found, Updated},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, USER},
    },
};

open_enum! {
    /// A service that a user can have.
    ServiceName: WORDS, {
        /// Calls are accepted or refused by the user's criteria.
        SelectiveCallAcceptance = "Selective Call Acceptance",
        /// Calls that the user's criteria say are refused.
        SelectiveCallRejection = "Selective Call Rejection",
        /// Calls whose caller withholds the number are refused.
        AnonymousCallRejection = "Anonymous Call Rejection",
    }
}

impl ServiceName {
    /// The path segment of the service, like `selective_call_acceptance`.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::SelectiveCallAcceptance => "selective_call_acceptance",
            Self::SelectiveCallRejection => "selective_call_rejection",
            Self::AnonymousCallRejection => "anonymous_call_rejection",
        }
    }

    /// The service with this path segment.
    pub fn from_segment(segment: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.segment() == segment)
    }
}

/// A service of a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserServicePath {
    /// The user.
    pub user: UserPath,
    /// The service.
    pub service: ServiceName,
}

impl UserServicePath {
    /// The segments of its path below the user's.
    pub fn segments(&self) -> [&'static str; 2] {
        ["services", self.service.segment()]
    }
}

/// A service, and whether it is assigned to the user.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct UserService {
    /// The service.
    pub name: ServiceName,
    /// Whether it is assigned.
    pub assigned: bool,
}

/// All services, and whether each is assigned to the user.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct UserServiceList {
    /// All services that a user can have.
    #[oai(validator(max_items = 10))]
    pub services: Vec<UserService>,
}

/// A service to assign or unassign.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct ServiceSelection {
    /// The service.
    pub name: ServiceName,
}

/// The services to assign or unassign.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct ServiceSelectionList {
    /// The services.
    #[oai(validator(min_items = 1, max_items = 10))]
    pub services: Vec<ServiceSelection>,
}

impl Body for ServiceSelectionList {}

/// The port of a user's services.
#[async_trait]
pub trait UserServices: Send + Sync {
    /// All services, and whether each is assigned to the user.
    async fn list(&self, user: UserPath) -> Result<UserServiceList, Failure>;
    /// Assigns the services to the user; those already assigned are unchanged.
    async fn assign(
        &self,
        by: &Actor,
        user: UserPath,
        services: ServiceSelectionList,
    ) -> Result<UserServiceList, Failure>;
    /// Unassigns the services and deletes their settings.
    async fn unassign(&self, by: &Actor, user: UserPath, services: ServiceSelectionList) -> Result<(), Failure>;
}

/// The operations on a user's services.
pub struct UserServicesApi(pub Arc<dyn UserServices>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::UserServices")]
impl UserServicesApi {
    /// List the services of a user
    ///
    /// Returns all services that a user can have, and whether each is assigned to this user.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/",
        method = "get",
        operation_id = "user_services_list"
    )]
    async fn user_services_list(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
    ) -> Result<Found<UserServiceList>, Fails<USER>> {
        Ok(Found::with(self.0.list(UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 }).await?))
    }

    /// Assign services to a user
    ///
    /// Assigns the services to the user. Services that are already assigned are unchanged.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/",
        method = "post",
        operation_id = "user_services_assign"
    )]
    async fn user_services_assign(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<ServiceSelectionList>,
    ) -> Result<Updated<UserServiceList>, Fails<{ BODY | USER }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(Updated::with(self.0.assign(&actor.0.trying(dry_run.0), user, body.0).await?))
    }

    /// Unassign services from a user
    ///
    /// Unassigns the services; their settings are deleted, including all criteria. Unassigning a service that the user
    /// does not have is no error.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/",
        method = "delete",
        operation_id = "user_services_unassign"
    )]
    async fn user_services_unassign(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<ServiceSelectionList>,
    ) -> Result<Deleted, Fails<{ BODY | USER }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.unassign(&actor.0.trying(dry_run.0), user, body.0).await?.into())
    }
}
