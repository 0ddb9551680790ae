//! Treatments of a tenant or a group: what a caller gets whom a service refuses.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::{tags::Tag, user_service::ServiceName},
    value::{
        change::Change,
        name::{GroupId, TenantId},
        owner::{GroupPath, Owner},
        sip::{Announcement, RedirectTarget, SipReason},
    },
    wire::{
        answer::{Found, Updated},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, Fault, GROUP, MAX_FAULTS, TENANT},
    },
};

/// The SIP status of a treatment that redirects (RFC 3261, section 21.3.3).
pub const MOVED_TEMPORARILY: i32 = 302;

/// What a caller gets whom a service refuses.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Treatment {
    /// The service that refuses.
    pub service: ServiceName,
    /// The SIP status: 400 to 699, or 302 with `redirectTo`.
    #[oai(validator(minimum(value = "300"), maximum(value = "699")))]
    pub sip_status: i32,
    /// The SIP reason phrase.
    pub sip_reason: SipReason,
    /// The cause for the `Reason` header field (RFC 3326, ITU-T Q.850); absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "1"), maximum(value = "127")))]
    pub q850_cause: Option<i32>,
    /// The announcement that the switch plays; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announcement: Option<Announcement>,
    /// Where the call is redirected to; with status 302.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_to: Option<RedirectTarget>,
}

impl Treatment {
    /// What refused callers get unless the tenant or the group says otherwise.
    pub fn default_of(service: ServiceName) -> &'static Self {
        static DEFAULTS: LazyLock<[Treatment; ServiceName::ALL.len()]> =
            LazyLock::new(|| ServiceName::ALL.map(Treatment::new_default));
        &DEFAULTS[service as usize]
    }

    fn new_default(service: ServiceName) -> Self {
        let (sip_status, reason) = match service {
            // RFC 5079.
            ServiceName::AnonymousCallRejection => (433, "Anonymity Disallowed"),
            // RFC 3261, section 21.6.2.
            ServiceName::SelectiveCallAcceptance | ServiceName::SelectiveCallRejection => (603, "Decline"),
        };
        let sip_reason = SipReason::parse(reason).expect("the default phrases follow the rule");
        Self { service, sip_status, sip_reason, q850_cause: None, announcement: None, redirect_to: None }
    }
}

/// A treatment to set. What is left out or null is as the service has it by default.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TreatmentEntry {
    /// The service that refuses; each may be in the list once.
    pub service: ServiceName,
    /// The SIP status: 400 to 699, or 302 with `redirectTo`. By default 603, and 433 of Anonymous Call Rejection.
    #[oai(validator(minimum(value = "302"), maximum(value = "699")))]
    pub sip_status: Change<i32>,
    /// The SIP reason phrase. By default `Decline`, and `Anonymity Disallowed` of Anonymous Call Rejection.
    pub sip_reason: Change<SipReason>,
    /// The cause for the `Reason` header field (RFC 3326, ITU-T Q.850).
    #[oai(validator(minimum(value = "1"), maximum(value = "127")))]
    pub q850_cause: Change<i32>,
    /// The announcement that the switch plays.
    pub announcement: Change<Announcement>,
    /// Where the call is redirected to; required with status 302, and only there.
    pub redirect_to: Change<RedirectTarget>,
}

impl From<TreatmentEntry> for Treatment {
    fn from(entry: TreatmentEntry) -> Self {
        let default = Self::default_of(entry.service);
        Self {
            service: entry.service,
            sip_status: entry.sip_status.initial().unwrap_or(default.sip_status),
            sip_reason: entry.sip_reason.initial().unwrap_or_else(|| default.sip_reason.clone()),
            q850_cause: entry.q850_cause.initial(),
            announcement: entry.announcement.initial(),
            redirect_to: entry.redirect_to.initial(),
        }
    }
}

/// The treatments of a tenant or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object, Serialize)]
pub struct TreatmentList {
    /// The treatments, at most one of each service, in the order in which they were sent.
    #[oai(validator(max_items = 20))]
    pub treatments: Vec<Treatment>,
}

/// The new treatments of a tenant or a group.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct TreatmentsUpdate {
    /// The treatments, at most one of each service; replaces the whole list.
    #[oai(validator(max_items = 20))]
    pub treatments: Vec<TreatmentEntry>,
}

impl From<TreatmentsUpdate> for TreatmentList {
    fn from(update: TreatmentsUpdate) -> Self {
        Self { treatments: update.treatments.into_iter().map(Treatment::from).collect() }
    }
}

impl Body for TreatmentsUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let mut services = HashSet::new();
        for (at, entry) in body["treatments"].as_array().into_iter().flatten().enumerate() {
            if faults.len() >= MAX_FAULTS {
                return;
            }
            let mut fault = |member: &str, detail: &str| {
                faults.push(Fault::at(format!("/treatments/{at}/{member}"), detail));
            };
            if entry["service"].as_str().is_some_and(|service| !services.insert(service)) {
                fault("service", "An earlier entry is of the same service; each may be in the list once.");
            }
            let status = entry["sipStatus"].as_i64();
            if status.is_some_and(|status| (303..400).contains(&status)) {
                fault("sipStatus", "`sipStatus` is 400 to 699, or 302 with `redirectTo`.");
            }
            let redirects = status == Some(MOVED_TEMPORARILY.into());
            match (redirects, entry["redirectTo"].is_null()) {
                (true, true) => fault("redirectTo", "`redirectTo` is required with `sipStatus` 302."),
                (false, false) => fault("redirectTo", "`redirectTo` is only for `sipStatus` 302."),
                _ => {}
            }
        }
    }
}

/// The port: what the server does for treatments. Owners are tenants and groups.
#[async_trait]
pub trait Treatments: Send + Sync {
    /// The treatments of the owner.
    async fn view(&self, owner: Owner) -> Result<TreatmentList, Failure>;
    /// Replaces the treatments of the owner.
    async fn replace(&self, by: &Actor, owner: Owner, treatments: TreatmentList) -> Result<TreatmentList, Failure>;
}

/// The operations on treatments.
pub struct TreatmentsApi(pub Arc<dyn Treatments>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Treatments")]
impl TreatmentsApi {
    /// View the treatments of a tenant
    ///
    /// Returns what callers get whom services of the tenant's users refuse, where that is not the default.
    #[oai(path = "/tenants/:tenant_id/treatments/", method = "get", operation_id = "tenant_treatments_view")]
    async fn tenant_treatments_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
    ) -> Result<Found<TreatmentList>, Fails<TENANT>> {
        Ok(Found::with(self.0.view(Owner::Tenant(tenant_id.0)).await?))
    }

    /// Replace the treatments of a tenant
    ///
    /// Replaces the whole list. Services that are not in it refuse calls with their default.
    #[oai(path = "/tenants/:tenant_id/treatments/", method = "put", operation_id = "tenant_treatments_update")]
    async fn tenant_treatments_update(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<TreatmentsUpdate>,
    ) -> Result<Updated<TreatmentList>, Fails<{ BODY | TENANT }>> {
        Ok(Updated::with(self.0.replace(&actor.0.trying(dry_run.0), Owner::Tenant(tenant_id.0), body.0.into()).await?))
    }

    /// View the treatments of a group
    ///
    /// Returns the treatments of the group, without those of the tenant.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/treatments/",
        method = "get",
        operation_id = "group_treatments_view"
    )]
    async fn group_treatments_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
    ) -> Result<Found<TreatmentList>, Fails<GROUP>> {
        let owner = Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 });
        Ok(Found::with(self.0.view(owner).await?))
    }

    /// Replace the treatments of a group
    ///
    /// Replaces the whole list. The group's treatment of a service replaces the tenant's as a whole; services that are
    /// not in the list have the tenant's treatment.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/treatments/",
        method = "put",
        operation_id = "group_treatments_update"
    )]
    async fn group_treatments_update(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<TreatmentsUpdate>,
    ) -> Result<Updated<TreatmentList>, Fails<{ BODY | GROUP }>> {
        let owner = Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 });
        Ok(Updated::with(self.0.replace(&actor.0.trying(dry_run.0), owner, body.0.into()).await?))
    }
}
