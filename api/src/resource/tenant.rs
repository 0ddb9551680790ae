//! Tenants: the top of the hierarchy.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, Read, SYSTEM_ADMINS, TENANT_ADMINS, Write},
    resource::{
        deletion::{Deletion, Removed},
        tags::Tag,
    },
    value::{
        change::Change,
        name::{Ignored, Label, TenantId},
        phone_number::Region,
        time::TimeZone,
    },
    wire::{
        answer::{Created, Found, Updated},
        page::{Limit, PageQuery},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, ProblemCode, TENANT, codes},
    },
};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// The identifier.
    pub tenant_id: TenantId,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Label>,
    /// The region whose national numbers the tenant's users dial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The time zone of groups and users without their own; UTC if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
    /// True if refused calls of the users are recorded; absent if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_refused_calls: Option<bool>,
}

/// A tenant to create.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantCreate {
    /// The identifier.
    pub tenant_id: TenantId,
    /// The display name.
    pub name: Change<Label>,
    /// The region whose national numbers the tenant's users dial.
    pub region: Change<Region>,
    /// The time zone of groups and users without their own.
    pub time_zone: Change<TimeZone>,
    /// Whether refused calls of the users are recorded for 30 days, with the callers' numbers; false unless set.
    pub record_refused_calls: Change<bool>,
}

impl Body for TenantCreate {}

/// A change of a tenant. Members left out are unchanged; null clears.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantUpdate {
    /// Accepted and ignored; the path names the tenant.
    pub tenant_id: Option<Ignored>,
    /// The display name.
    pub name: Change<Label>,
    /// The region whose national numbers the tenant's users dial.
    pub region: Change<Region>,
    /// The time zone of groups and users without their own.
    pub time_zone: Change<TimeZone>,
    /// Whether refused calls of the users are recorded for 30 days, with the callers' numbers; false unless set.
    pub record_refused_calls: Change<bool>,
}

impl Body for TenantUpdate {}

/// A page of tenants in the order of their identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct TenantList {
    /// The tenants of the page.
    #[oai(validator(max_items = 1000))]
    pub tenants: Vec<Tenant>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<TenantId>,
}

/// The port of tenants.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// A page of the tenants.
    async fn list(&self, page: PageQuery<TenantId>) -> Result<TenantList, Failure>;
    /// Creates a tenant; refused if the identifier is taken.
    async fn create(&self, by: &Actor, tenant: TenantCreate) -> Result<Tenant, Failure>;
    /// One tenant.
    async fn view(&self, tenant: TenantId) -> Result<Tenant, Failure>;
    /// Updates the tenant.
    async fn update(&self, by: &Actor, tenant: TenantId, update: TenantUpdate) -> Result<Tenant, Failure>;
    /// Deletes the tenant; with `cascade` also everything in it. Without `cascade` it must be empty.
    /// Returns the deletion in progress, if there is too much in it for one transaction.
    async fn delete(&self, by: &Actor, tenant: TenantId, cascade: bool) -> Result<Option<Deletion>, Failure>;
}

/// The operations on tenants.
pub struct TenantsApi(pub Arc<dyn Tenants>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Tenants")]
impl TenantsApi {
    /// List the tenants
    ///
    /// Returns the tenants in pages, in the order of their identifiers.
    #[oai(path = "/tenants/", method = "get", operation_id = "tenants_list")]
    async fn tenants_list(
        &self,
        _actor: Read<SYSTEM_ADMINS>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<TenantId>>,
    ) -> Result<Found<TenantList>, Fails<0>> {
        Ok(Found::with(self.0.list(PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 }).await?))
    }

    /// Create a tenant
    ///
    /// Creates a tenant without groups.
    #[oai(path = "/tenants/", method = "post", operation_id = "tenant_create")]
    async fn tenant_create(
        &self,
        actor: Write<SYSTEM_ADMINS>,
        body: JsonBody<TenantCreate>,
    ) -> Result<Created<Tenant>, Fails<{ BODY | codes(&[ProblemCode::TenantExists]) }>> {
        let tenant = self.0.create(&actor.0, body.0).await?;
        Ok(Created::at(&["tenants", tenant.tenant_id.clone().as_str()], tenant))
    }

    /// View a tenant
    ///
    /// Returns one tenant.
    #[oai(path = "/tenants/:tenant_id/", method = "get", operation_id = "tenant_view")]
    async fn tenant_view(
        &self,
        _actor: Read<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
    ) -> Result<Found<Tenant>, Fails<TENANT>> {
        Ok(Found::with(self.0.view(tenant_id.0).await?))
    }

    /// Update a tenant
    ///
    /// Merges the body into the tenant: members left out are unchanged, null clears.
    #[oai(path = "/tenants/:tenant_id/", method = "put", operation_id = "tenant_update")]
    async fn tenant_update(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        body: JsonBody<TenantUpdate>,
    ) -> Result<Updated<Tenant>, Fails<{ BODY | TENANT }>> {
        Ok(Updated::with(self.0.update(&actor.0, tenant_id.0, body.0).await?))
    }

    /// Delete a tenant
    ///
    /// Deletes an empty tenant; with `cascade=true` also its groups, users, criteria and schedules.
    ///
    /// An owner with more than some hundreds of users is deleted in the background: the status is 202, with the
    /// deletion in progress, and `Location` is its path. Its tokens are revoked immediately. What is not yet deleted
    /// remains visible and works, but creating something below it is refused with `being_deleted`. Repeating the
    /// request returns the same deletion.
    #[oai(path = "/tenants/:tenant_id/", method = "delete", operation_id = "tenant_delete")]
    async fn tenant_delete(
        &self,
        actor: Write<SYSTEM_ADMINS>,
        tenant_id: Path<TenantId>,
        /// Whether the contents are deleted too.
        #[oai(default)]
        cascade: Query<bool>,
    ) -> Result<Removed, Fails<{ TENANT | codes(&[ProblemCode::TenantInUse]) }>> {
        Ok(self.0.delete(&actor.0, tenant_id.0, cascade.0).await?.into())
    }
}
