//! Protected callers of a tenant or a group: numbers that no service of its users ever refuses, such as their own
//! voicemail, alarm lines, and the number from which the emergency service calls back.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::tags::Tag,
    value::{
        change::Change,
        name::{GroupId, TenantId},
        owner::{GroupPath, Owner},
        phone_number::PhoneNumberPattern,
        text::text,
    },
    wire::{
        answer::{Found, Updated},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, Fault, GROUP, MAX_FAULTS, TENANT},
    },
};

text! {
    /// A note about a protected caller.
    CallerNote {
        meaning: "a note",
        rule: "1 to 200 characters, no control character",
        length: 1..=200,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "Voicemail",
    }
}

/// A caller that is never refused.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
pub struct ProtectedCaller {
    /// The pattern that the caller's number matches, as sent. Only a number that is presented matches.
    pub pattern: PhoneNumberPattern,
    /// A note for people; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<CallerNote>,
}

/// A caller that is to be protected.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct ProtectedCallerEntry {
    /// The pattern that the caller's number matches; each may be in the list once.
    pub pattern: PhoneNumberPattern,
    /// A note for people.
    pub note: Change<CallerNote>,
}

impl From<ProtectedCallerEntry> for ProtectedCaller {
    fn from(entry: ProtectedCallerEntry) -> Self {
        Self { pattern: entry.pattern, note: entry.note.initial() }
    }
}

/// The protected callers of a tenant or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object, Serialize)]
pub struct ProtectedCallerList {
    /// The callers, in the order in which they were sent.
    #[oai(validator(max_items = 100))]
    pub callers: Vec<ProtectedCaller>,
}

/// The new protected callers of a tenant or a group.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct ProtectedCallersUpdate {
    /// The callers; replaces the whole list.
    #[oai(validator(max_items = 100))]
    pub callers: Vec<ProtectedCallerEntry>,
}

impl Body for ProtectedCallersUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_patterns(body, "callers", faults);
    }
}

/// Adds a fault for each entry of the list `member` that has the pattern of an earlier one.
pub(super) fn check_patterns(body: &Value, member: &str, faults: &mut Vec<Fault>) {
    let mut patterns = HashSet::new();
    for (at, entry) in body[member].as_array().into_iter().flatten().enumerate() {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        if entry["pattern"].as_str().is_some_and(|pattern| !patterns.insert(pattern)) {
            let detail = "An earlier entry has the same pattern; each may be in the list once.";
            faults.push(Fault::at(format!("/{member}/{at}/pattern"), detail));
        }
    }
}

/// The port: what the server does for protected callers. Owners are tenants and groups.
#[async_trait]
pub trait ProtectedCallers: Send + Sync {
    /// The protected callers of the owner.
    async fn view(&self, owner: Owner) -> Result<ProtectedCallerList, Failure>;
    /// Replaces the protected callers of the owner.
    async fn replace(
        &self,
        by: &Actor,
        owner: Owner,
        callers: ProtectedCallerList,
    ) -> Result<ProtectedCallerList, Failure>;
}

impl From<ProtectedCallersUpdate> for ProtectedCallerList {
    fn from(update: ProtectedCallersUpdate) -> Self {
        Self { callers: update.callers.into_iter().map(ProtectedCaller::from).collect() }
    }
}

/// The operations on protected callers.
pub struct ProtectedCallersApi(pub Arc<dyn ProtectedCallers>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::ProtectedCallers")]
impl ProtectedCallersApi {
    /// View the protected callers of a tenant
    ///
    /// Returns the callers that are never refused by the users of the tenant.
    #[oai(
        path = "/tenants/:tenant_id/protected_callers/",
        method = "get",
        operation_id = "tenant_protected_callers_view"
    )]
    async fn tenant_protected_callers_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
    ) -> Result<Found<ProtectedCallerList>, Fails<TENANT>> {
        Ok(Found::with(self.0.view(Owner::Tenant(tenant_id.0)).await?))
    }

    /// Replace the protected callers of a tenant
    ///
    /// Replaces the whole list. A protected caller is accepted whatever the services of the users say; a withheld
    /// number is never a protected one.
    #[oai(
        path = "/tenants/:tenant_id/protected_callers/",
        method = "put",
        operation_id = "tenant_protected_callers_update"
    )]
    async fn tenant_protected_callers_update(
        &self,
        actor: Write<TENANT_ADMINS>,
        tenant_id: Path<TenantId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<ProtectedCallersUpdate>,
    ) -> Result<Updated<ProtectedCallerList>, Fails<{ BODY | TENANT }>> {
        Ok(Updated::with(self.0.replace(&actor.0.trying(dry_run.0), Owner::Tenant(tenant_id.0), body.0.into()).await?))
    }

    /// View the protected callers of a group
    ///
    /// Returns the callers that are never refused by the users of the group, without those of the tenant.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/protected_callers/",
        method = "get",
        operation_id = "group_protected_callers_view"
    )]
    async fn group_protected_callers_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
    ) -> Result<Found<ProtectedCallerList>, Fails<GROUP>> {
        let owner = Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 });
        Ok(Found::with(self.0.view(owner).await?))
    }

    /// Replace the protected callers of a group
    ///
    /// Replaces the whole list. Those of the tenant are protected too.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/protected_callers/",
        method = "put",
        operation_id = "group_protected_callers_update"
    )]
    async fn group_protected_callers_update(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        /// Answers as without it, and changes nothing; without `ETag` and `Location`.
        #[oai(name = "dryRun", default)]
        dry_run: Query<bool>,
        body: JsonBody<ProtectedCallersUpdate>,
    ) -> Result<Updated<ProtectedCallerList>, Fails<{ BODY | GROUP }>> {
        let owner = Owner::Group(GroupPath { tenant: tenant_id.0, group: group_id.0 });
        Ok(Updated::with(self.0.replace(&actor.0.trying(dry_run.0), owner, body.0.into()).await?))
    }
}
