//! Selective Call Acceptance: a user's criteria, and the six operations on them.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Header, Path},
};
use serde::Serialize;
use serde_json::Value;

use super::{Criteria, CriteriaChange, CriteriaCreate, CriteriaUpdate, check_schedules};
use crate::{
    access::{Actor, END_USERS, Read, Write},
    resource::tags::Tag,
    value::{
        name::{CriteriaName, GroupId, TenantId, UserId},
        owner::UserPath,
    },
    wire::{
        answer::{CreatedVersion, DeletedVersion, FoundVersion, UpdatedVersion},
        payload::{Body, JsonAnswer, JsonBody},
        precondition::{EntityTags, Versioned},
        problem::{BODY, Fails, Failure, Fault, ProblemCode, SERVICE, codes},
    },
};

/// The service of a user: its criteria.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct SelectiveCallAcceptance {
    /// The criteria in the order in which they were created.
    #[oai(validator(max_items = 100))]
    pub criteria: Vec<Criteria>,
}

/// Changes of a user's service, which apply in order, all or none.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct SelectiveCallAcceptanceUpdate {
    /// The changes; criteria that none of them names stay as they are.
    #[oai(validator(max_items = 200))]
    pub criteria: Vec<CriteriaChange>,
}

impl Body for SelectiveCallAcceptanceUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let mut names = Vec::new();
        for (at, entry) in body["criteria"].as_array().into_iter().flatten().enumerate() {
            let pointer = format!("/criteria/{at}");
            check_schedules(entry, &pointer, faults);
            let Some(name) = entry["name"].as_str() else { continue };
            if names.contains(&name) {
                faults.push(Fault::at(
                    format!("{pointer}/name"),
                    "An entry before names the same criteria; each may be named once in a request.",
                ));
            }
            names.push(name);
        }
    }
}

/// The port: what the server does for a user's criteria. A write with `if_match` that does not name the present
/// revision is refused and changes nothing.
#[async_trait]
pub trait SelectiveCallAcceptanceService: Send + Sync {
    /// The user's service.
    async fn view(&self, user: UserPath) -> Result<Versioned<SelectiveCallAcceptance>, Failure>;
    /// The user's service as it is after `update`.
    async fn update(
        &self,
        by: &Actor,
        user: UserPath,
        update: SelectiveCallAcceptanceUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<SelectiveCallAcceptance>, Failure>;
    /// One criteria.
    async fn criteria_view(&self, user: UserPath, name: CriteriaName) -> Result<Versioned<Criteria>, Failure>;
    /// A new criteria; refused when its name is taken.
    async fn criteria_create(
        &self,
        by: &Actor,
        user: UserPath,
        criteria: CriteriaCreate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// The criteria as it is after `update`; refused when its new name is taken.
    async fn criteria_update(
        &self,
        by: &Actor,
        user: UserPath,
        name: CriteriaName,
        update: CriteriaUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Deletes one criteria.
    async fn criteria_delete(
        &self,
        by: &Actor,
        user: UserPath,
        name: CriteriaName,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<()>, Failure>;
}

/// The operations on a user's criteria.
pub struct SelectiveCallAcceptanceApi(pub Arc<dyn SelectiveCallAcceptanceService>);

const CRITERIA: u64 = SERVICE | codes(&[ProblemCode::CriteriaNotFound]);
const PRECONDITION: u64 = codes(&[ProblemCode::RevisionMismatch]);
const TAKEN: u64 = codes(&[ProblemCode::CriteriaExists]);
const FULL: u64 = codes(&[ProblemCode::TooManyCriteria]);

fn unless_known<T: crate::wire::answer::Answer>(
    versioned: Versioned<T>,
    if_none_match: Option<EntityTags>,
) -> FoundVersion<T> {
    let tag = versioned.revision.entity_tag();
    match if_none_match {
        Some(tags) if tags.name_weakly(versioned.revision) => FoundVersion::NotModified(tag),
        _ => FoundVersion::Ok(JsonAnswer(versioned.value), tag),
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::SelectiveCallAcceptance")]
impl SelectiveCallAcceptanceApi {
    /// View a user's Selective Call Acceptance
    ///
    /// Answers all criteria of the user in the order in which they were created.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/",
        method = "get",
        operation_id = "selective_call_acceptance_view"
    )]
    async fn selective_call_acceptance_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// Answers 304 when one of these entity tags is the present revision.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<EntityTags>>,
    ) -> Result<FoundVersion<SelectiveCallAcceptance>, Fails<SERVICE>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(unless_known(self.0.view(user).await?, if_none_match.0))
    }

    /// Update a user's Selective Call Acceptance
    ///
    /// Applies a list of changes in order, all or none. An entry merges into the criteria that it names, creates it
    /// when there is none (then `fromDnCriteria` is required), or removes it with `"delete": true`, which is no error
    /// when it is not there. Criteria that no entry names stay as they are. One bad entry, and nothing changes.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/",
        method = "put",
        operation_id = "selective_call_acceptance_update"
    )]
    async fn selective_call_acceptance_update(
        &self,
        actor: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        body: JsonBody<SelectiveCallAcceptanceUpdate>,
    ) -> Result<UpdatedVersion<SelectiveCallAcceptance>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.update(&actor.0, user, body.0, if_match.0).await?.into())
    }

    /// View a criteria
    ///
    /// Answers one criteria of the user.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/:instance_name/",
        method = "get",
        operation_id = "criteria_view"
    )]
    async fn criteria_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        instance_name: Path<CriteriaName>,
        /// Answers 304 when one of these entity tags is the present revision.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<EntityTags>>,
    ) -> Result<FoundVersion<Criteria>, Fails<CRITERIA>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(unless_known(self.0.criteria_view(user, instance_name.0).await?, if_none_match.0))
    }

    /// Create a criteria
    ///
    /// Adds a criteria behind those that the user has. A user can have 100.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/",
        method = "post",
        operation_id = "criteria_create"
    )]
    async fn criteria_create(
        &self,
        actor: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        body: JsonBody<CriteriaCreate>,
    ) -> Result<CreatedVersion<Criteria>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0.clone(), group: group_id.0.clone(), user: user_id.0.clone() };
        let created = self.0.criteria_create(&actor.0, user, body.0, if_match.0).await?;
        let name = created.value.name.clone();
        let (tenant, group, user) = (tenant_id.as_str(), group_id.as_str(), user_id.as_str());
        let service = ["services", "selective_call_acceptance", "criteria", name.as_str()];
        Ok(CreatedVersion::at(&[&["tenants", tenant, "groups", group, "users", user], &service[..]].concat(), created))
    }

    /// Update a criteria
    ///
    /// Merges the body into the criteria: what is left out stays as it is, `null` clears a schedule, `phoneNumbers`
    /// replaces the whole list, `newName` renames.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/:instance_name/",
        method = "put",
        operation_id = "criteria_update"
    )]
    async fn criteria_update(
        &self,
        actor: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        instance_name: Path<CriteriaName>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        body: JsonBody<CriteriaUpdate>,
    ) -> Result<UpdatedVersion<Criteria>, Fails<{ BODY | CRITERIA | TAKEN | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.criteria_update(&actor.0, user, instance_name.0, body.0, if_match.0).await?.into())
    }

    /// Delete a criteria
    ///
    /// Deletes the criteria that the path names. A body is ignored.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/:instance_name/",
        method = "delete",
        operation_id = "criteria_delete"
    )]
    async fn criteria_delete(
        &self,
        actor: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        instance_name: Path<CriteriaName>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
    ) -> Result<DeletedVersion, Fails<{ CRITERIA | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.criteria_delete(&actor.0, user, instance_name.0, if_match.0).await?.into())
    }
}
