//! The services of a user: which there are, which are assigned.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{Object, OpenApi, param::Path};
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
    }
}

impl ServiceName {
    /// The service as a path names it, `selective_call_acceptance`.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::SelectiveCallAcceptance => "selective_call_acceptance",
        }
    }

    /// The service that a path names so.
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
    /// The segments of the path below the user's.
    pub fn segments(&self) -> [&'static str; 2] {
        ["services", self.service.segment()]
    }
}

/// A service and whether the user has it.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct UserService {
    /// The service.
    pub name: ServiceName,
    /// Whether the user has it.
    pub assigned: bool,
}

/// All services, and which of them the user has.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct UserServiceList {
    /// Every service that a user can have.
    #[oai(validator(max_items = 10))]
    pub services: Vec<UserService>,
}

/// A service to assign or to take away.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct ServiceSelection {
    /// The service.
    pub name: ServiceName,
}

/// The services to assign or to take away.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct ServiceSelectionList {
    /// The services.
    #[oai(validator(min_items = 1, max_items = 10))]
    pub services: Vec<ServiceSelection>,
}

impl Body for ServiceSelectionList {}

/// The port: what the server does for a user's services.
#[async_trait]
pub trait UserServices: Send + Sync {
    /// All services, and which of them the user has.
    async fn list(&self, user: UserPath) -> Result<UserServiceList, Failure>;
    /// Gives the services to the user; those that the user has stay as they are.
    async fn assign(
        &self,
        by: &Actor,
        user: UserPath,
        services: ServiceSelectionList,
    ) -> Result<UserServiceList, Failure>;
    /// Takes the services from the user, with all their settings.
    async fn unassign(&self, by: &Actor, user: UserPath, services: ServiceSelectionList) -> Result<(), Failure>;
}

/// The operations on a user's services.
pub struct UserServicesApi(pub Arc<dyn UserServices>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::UserServices")]
impl UserServicesApi {
    /// List the services of a user
    ///
    /// Answers every service that a user can have, and whether this user has it.
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
    /// Gives the user the services. A service that the user has already stays as it is.
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
        body: JsonBody<ServiceSelectionList>,
    ) -> Result<Updated<UserServiceList>, Fails<{ BODY | USER }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(Updated::with(self.0.assign(&actor.0, user, body.0).await?))
    }

    /// Take services from a user
    ///
    /// Takes the services from the user; their settings, criteria included, are lost. A service that the user does
    /// not have is no error.
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
        body: JsonBody<ServiceSelectionList>,
    ) -> Result<Deleted, Fails<{ BODY | USER }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.unassign(&actor.0, user, body.0).await?.into())
    }
}
