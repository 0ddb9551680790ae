//! Groups of a tenant.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::{
        deletion::{Deletion, Removed},
        tags::Tag,
    },
    value::{
        change::Change,
        name::{GroupId, Ignored, Label, TenantId},
        owner::GroupPath,
        time::TimeZone,
    },
    wire::{
        answer::{Created, Found, Updated},
        page::{Limit, PageQuery},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, GROUP, ProblemCode, TENANT, codes},
    },
};

/// What the creation of a group is refused for.
const GROUP_CREATED: u64 = codes(&[ProblemCode::GroupExists, ProblemCode::BeingDeleted]);

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The identifier.
    pub group_id: GroupId,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<Label>,
    /// The time zone of users without their own; the tenant's if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
}

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupCreate {
    /// The identifier.
    pub group_id: GroupId,
    /// The display name.
    pub group_name: Change<Label>,
    /// The time zone of users without their own.
    pub time_zone: Change<TimeZone>,
}

impl Body for GroupCreate {}

/// A change of a group. Members left out are unchanged; null clears.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupUpdate {
    /// Accepted and ignored; the path names the group.
    pub group_id: Option<Ignored>,
    /// The display name.
    pub group_name: Change<Label>,
    /// The time zone of users without their own.
    pub time_zone: Change<TimeZone>,
}

impl Body for GroupUpdate {}

/// A page of groups in the order of their identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct GroupList {
    /// The groups of the page.
    #[oai(validator(max_items = 1000))]
    pub groups: Vec<Group>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<GroupId>,
}

/// The port of groups.
#[async_trait]
pub trait Groups: Send + Sync {
    /// A page of the tenant's groups.
    async fn list(&self, tenant: TenantId, page: PageQuery<GroupId>) -> Result<GroupList, Failure>;
    /// Creates a group in the tenant; refused if the identifier is taken.
    async fn create(&self, by: &Actor, tenant: TenantId, group: GroupCreate) -> Result<Group, Failure>;
    /// One group.
    async fn view(&self, group: GroupPath) -> Result<Group, Failure>;
    /// Updates the group.
    async fn update(&self, by: &Actor, group: GroupPath, update: GroupUpdate) -> Result<Group, Failure>;
    /// Deletes the group; with `cascade` also everything in it. Without `cascade` it must be empty.
    /// Returns the deletion in progress, if there is too much in it for one transaction.
    async fn delete(&self, by: &Actor, group: GroupPath, cascade: bool) -> Result<Option<Deletion>, Failure>;
}

/// The operations on groups.
pub struct GroupsApi(pub Arc<dyn Groups>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Groups")]
impl GroupsApi {
    /// List the groups of a tenant
    ///
    /// Returns the groups in pages, in the order of their identifiers.
    #[oai(path = "/tenants/:tenant_id/groups/", method = "get", operation_id = "groups_list")]
    async fn groups_list(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<GroupId>>,
    ) -> Result<Found<GroupList>, Fails<TENANT>> {
        Ok(Found::with(
            self.0.list(tenant_id.0, PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 }).await?,
        ))
    }

    /// Create a group
    ///
    /// Creates a group without users.
    #[oai(path = "/tenants/:tenant_id/groups/", method = "post", operation_id = "group_create")]
    async fn group_create(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        body: JsonBody<GroupCreate>,
    ) -> Result<Created<Group>, Fails<{ BODY | TENANT | GROUP_CREATED }>> {
        let group = self.0.create(&actor.0, tenant_id.0.clone(), body.0).await?;
        Ok(Created::at(&["tenants", tenant_id.0.as_str(), "groups", group.group_id.clone().as_str()], group))
    }

    /// View a group
    ///
    /// Returns one group.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/", method = "get", operation_id = "group_view")]
    async fn group_view(
        &self,
        _actor: Read<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
    ) -> Result<Found<Group>, Fails<GROUP>> {
        Ok(Found::with(self.0.view(GroupPath { tenant: tenant_id.0, group: group_id.0 }).await?))
    }

    /// Update a group
    ///
    /// Merges the body into the group: members left out are unchanged, null clears.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/", method = "put", operation_id = "group_update")]
    async fn group_update(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        body: JsonBody<GroupUpdate>,
    ) -> Result<Updated<Group>, Fails<{ BODY | GROUP }>> {
        Ok(Updated::with(self.0.update(&actor.0, GroupPath { tenant: tenant_id.0, group: group_id.0 }, body.0).await?))
    }

    /// Delete a group
    ///
    /// Deletes an empty group; with `cascade=true` also its users, criteria and schedules.
    ///
    /// An owner with more than some hundreds of users is deleted in the background: the status is 202, with the
    /// deletion in progress, and `Location` is its path. Its tokens are revoked immediately. What is not yet deleted
    /// remains visible and works, but creating something below it is refused with `being_deleted`. Repeating the
    /// request returns the same deletion.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/", method = "delete", operation_id = "group_delete")]
    async fn group_delete(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        /// Whether the contents are deleted too.
        #[oai(default)]
        cascade: Query<bool>,
    ) -> Result<Removed, Fails<{ GROUP | codes(&[ProblemCode::GroupInUse]) }>> {
        Ok(self.0.delete(&actor.0, GroupPath { tenant: tenant_id.0, group: group_id.0 }, cascade.0).await?.into())
    }
}
