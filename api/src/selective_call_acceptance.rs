//! Selective Call Acceptance: a user's criteria.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Header, Path},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::{Caller, END_USERS, Read, Write},
    answer::{CreatedVersion, DeletedVersion, FoundVersion, UpdatedVersion},
    change::Change,
    name::{CriteriaName, GroupId, Ignored, ScheduleName, TenantId, UserId, UserPath},
    payload::{Body, JsonAnswer, JsonBody},
    phone_number::PhoneNumberPattern,
    precondition::{EntityTags, Versioned},
    problem::{BODY, Fails, Failure, Fault, ProblemCode, SERVICE, codes},
    schedule::{Level, ScheduleType},
    tags::Tag,
};

/// The greatest number of criteria that a user can have.
pub const MAX_CRITERIA: usize = 100;

/// Which callers a criteria is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum Selection {
    /// Every caller.
    Any,
    /// The callers that the numbers and flags beside it say.
    #[oai(rename = "Specified Only")]
    #[serde(rename = "Specified Only")]
    SpecifiedOnly,
}

/// The callers that a criteria is about. With the selection `Any` the other members are kept but do not matter.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct FromDnCriteria {
    /// Every caller, or only those that the other members say.
    pub selection: Selection,
    /// Callers that withheld their number.
    pub include_anonymous_callers: bool,
    /// Callers whose number the network does not have.
    pub include_unavailable_callers: bool,
    /// Callers whose number one of these patterns matches, as they were sent.
    #[oai(validator(max_items = 500, unique_items))]
    pub phone_numbers: Vec<PhoneNumberPattern>,
}

/// The callers that a new criteria is about.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct FromDnCriteriaCreate {
    /// Every caller, or only those that the other members say.
    pub selection: Selection,
    /// Callers that withheld their number.
    #[oai(default)]
    pub include_anonymous_callers: bool,
    /// Callers whose number the network does not have.
    #[oai(default)]
    pub include_unavailable_callers: bool,
    /// Callers whose number one of these patterns matches.
    #[oai(default, validator(max_items = 500, unique_items))]
    pub phone_numbers: Vec<PhoneNumberPattern>,
}

/// A change of the callers that a criteria is about: what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct FromDnCriteriaUpdate {
    /// Every caller, or only those that the other members say. Required for a new criteria.
    pub selection: Option<Selection>,
    /// Callers that withheld their number.
    pub include_anonymous_callers: Option<bool>,
    /// Callers whose number the network does not have.
    pub include_unavailable_callers: Option<bool>,
    /// Callers whose number one of these patterns matches; replaces the whole list.
    #[oai(validator(max_items = 500, unique_items))]
    pub phone_numbers: Option<Vec<PhoneNumberPattern>>,
}

/// Where a schedule is, seen from the user whose criteria refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object, Serialize)]
pub struct ScheduleReference {
    /// Whose schedule it is: the user's, its group's or its tenant's.
    pub level: Level,
    /// The schedule's name.
    pub name: ScheduleName,
    /// The schedule's type.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: ScheduleType,
}

/// A reference to a schedule, to set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object)]
#[oai(deny_unknown_fields)]
pub struct ScheduleSelection {
    /// Whose schedule it is: the user's, its group's or its tenant's.
    pub level: Level,
    /// The schedule's name.
    pub name: ScheduleName,
    /// The schedule's type: `Time` in `timeSchedule`, `Holiday` in `holidaySchedule`; may be left out.
    #[oai(rename = "type")]
    pub kind: Option<ScheduleType>,
}

/// A criteria.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct Criteria {
    /// The name, unique in the user's service.
    pub name: CriteriaName,
    /// Whether the criteria takes part in decisions.
    pub active: bool,
    /// A summary of the callers for a table: `All calls`, or the first three of numbers, `Private` and `Unavailable`.
    #[oai(validator(max_length = 100))]
    pub calls_from: String,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: bool,
    /// The callers that the criteria is about.
    pub from_dn_criteria: FromDnCriteria,
    /// The time schedule that the criteria holds in; always when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_schedule: Option<ScheduleReference>,
    /// The holidays that the criteria holds on; every day when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holiday_schedule: Option<ScheduleReference>,
}

/// The service of a user: its criteria.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct SelectiveCallAcceptance {
    /// The criteria in the order in which they were created.
    #[oai(validator(max_items = 100))]
    pub criteria: Vec<Criteria>,
}

/// A criteria to create.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaCreate {
    /// The name, unique in the user's service.
    pub name: CriteriaName,
    /// Whether the criteria takes part in decisions.
    #[oai(default = "yes")]
    pub active: bool,
    /// Accepted and ignored: it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    #[oai(default)]
    pub do_not_perform_action: bool,
    /// The callers that the criteria is about.
    pub from_dn_criteria: FromDnCriteriaCreate,
    /// The time schedule that the criteria holds in.
    pub time_schedule: Change<ScheduleSelection>,
    /// The holidays that the criteria holds on.
    pub holiday_schedule: Change<ScheduleSelection>,
}

/// The default of members that are true unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}

impl Body for CriteriaCreate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_schedules(body, "", faults);
    }
}

/// A change of a criteria: what is left out stays, null clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaUpdate {
    /// Accepted and ignored: the path names the criteria.
    pub name: Option<Ignored>,
    /// The name from now on.
    pub new_name: Option<CriteriaName>,
    /// Whether the criteria takes part in decisions.
    pub active: Option<bool>,
    /// Accepted and ignored: it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: Option<bool>,
    /// The callers that the criteria is about.
    pub from_dn_criteria: Option<FromDnCriteriaUpdate>,
    /// The time schedule that the criteria holds in.
    pub time_schedule: Change<ScheduleSelection>,
    /// The holidays that the criteria holds on.
    pub holiday_schedule: Change<ScheduleSelection>,
}

impl Body for CriteriaUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_schedules(body, "", faults);
    }
}

/// One change of the service: merges into the criteria that it names, creates it when there is none, or removes it.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaChange {
    /// The criteria that is changed, created or removed.
    pub name: CriteriaName,
    /// The name from now on; for a criteria that exists.
    pub new_name: Option<CriteriaName>,
    /// True removes the criteria; the other members do not matter then.
    #[oai(default)]
    pub delete: bool,
    /// Whether the criteria takes part in decisions.
    pub active: Option<bool>,
    /// Accepted and ignored: it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: Option<bool>,
    /// The callers that the criteria is about; required, with its selection, to create one.
    pub from_dn_criteria: Option<FromDnCriteriaUpdate>,
    /// The time schedule that the criteria holds in.
    pub time_schedule: Change<ScheduleSelection>,
    /// The holidays that the criteria holds on.
    pub holiday_schedule: Change<ScheduleSelection>,
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

fn check_schedules(criteria: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    for (member, right) in [("timeSchedule", "Time"), ("holidaySchedule", "Holiday")] {
        let kind = criteria[member]["type"].as_str();
        if matches!(kind, Some("Time" | "Holiday")) && kind != Some(right) {
            let detail = format!("`{member}` takes a schedule of type {right:?}.");
            faults.push(Fault::at(format!("{pointer}/{member}/type"), detail));
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
        by: &Caller,
        user: UserPath,
        update: SelectiveCallAcceptanceUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<SelectiveCallAcceptance>, Failure>;
    /// One criteria.
    async fn criteria_view(&self, user: UserPath, name: CriteriaName) -> Result<Versioned<Criteria>, Failure>;
    /// A new criteria; refused when its name is taken.
    async fn criteria_create(
        &self,
        by: &Caller,
        user: UserPath,
        criteria: CriteriaCreate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// The criteria as it is after `update`; refused when its new name is taken.
    async fn criteria_update(
        &self,
        by: &Caller,
        user: UserPath,
        name: CriteriaName,
        update: CriteriaUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Deletes one criteria.
    async fn criteria_delete(
        &self,
        by: &Caller,
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

fn unless_known<T: crate::answer::Answer>(
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
        _caller: Read<END_USERS>,
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
        caller: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        body: JsonBody<SelectiveCallAcceptanceUpdate>,
    ) -> Result<UpdatedVersion<SelectiveCallAcceptance>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.update(&caller.0, user, body.0, if_match.0).await?.into())
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
        _caller: Read<END_USERS>,
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
        caller: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
        body: JsonBody<CriteriaCreate>,
    ) -> Result<CreatedVersion<Criteria>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0.clone(), group: group_id.0.clone(), user: user_id.0.clone() };
        let created = self.0.criteria_create(&caller.0, user, body.0, if_match.0).await?;
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
        caller: Write<END_USERS>,
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
        Ok(self.0.criteria_update(&caller.0, user, instance_name.0, body.0, if_match.0).await?.into())
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
        caller: Write<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        instance_name: Path<CriteriaName>,
        /// The write is done only when one of these entity tags is the present revision.
        #[oai(name = "If-Match")]
        if_match: Header<Option<EntityTags>>,
    ) -> Result<DeletedVersion, Fails<{ CRITERIA | PRECONDITION }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.criteria_delete(&caller.0, user, instance_name.0, if_match.0).await?.into())
    }
}
