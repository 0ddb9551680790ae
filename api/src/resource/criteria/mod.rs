//! Criteria: the shape that every service with criteria has, the port behind all of them, and their six operations.
//!
//! Each service has a file of its own here, with what is its own: its schemas, and a use of `criteria_api!`, which writes
//! the operations. To add a service, add its file, its [`ServiceName`](crate::resource::user_service::ServiceName), and its
//! operations to [`Apis`](crate::Apis).

pub mod selective_call_acceptance;

use std::collections::HashSet;

use async_trait::async_trait;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use super::{schedule::ScheduleType, user_service::UserServicePath};
use crate::{
    access::Actor,
    value::{
        change::Change,
        name::{CriteriaName, Ignored, ScheduleName},
        owner::Level,
        phone_number::PhoneNumberPattern,
    },
    wire::{
        payload::{Body, yes},
        precondition::{EntityTags, Versioned},
        problem::{Failure, Fault, ProblemCode, SERVICE, codes},
    },
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

impl From<CriteriaCreate> for CriteriaChange {
    fn from(create: CriteriaCreate) -> Self {
        let CriteriaCreate {
            name,
            active,
            calls_from,
            do_not_perform_action,
            from_dn_criteria: from,
            time_schedule,
            holiday_schedule,
        } = create;
        let from_dn_criteria = FromDnCriteriaUpdate {
            selection: Some(from.selection),
            include_anonymous_callers: Some(from.include_anonymous_callers),
            include_unavailable_callers: Some(from.include_unavailable_callers),
            phone_numbers: Some(from.phone_numbers),
        };
        Self {
            name,
            new_name: None,
            delete: false,
            active: Some(active),
            calls_from,
            do_not_perform_action: Some(do_not_perform_action),
            from_dn_criteria: Some(from_dn_criteria),
            time_schedule,
            holiday_schedule,
        }
    }
}

impl CriteriaUpdate {
    /// The same as a change of the criteria `name`.
    pub fn of(self, name: CriteriaName) -> CriteriaChange {
        let Self {
            name: _,
            new_name,
            active,
            calls_from,
            do_not_perform_action,
            from_dn_criteria,
            time_schedule,
            holiday_schedule,
        } = self;
        CriteriaChange {
            name,
            new_name,
            delete: false,
            active,
            calls_from,
            do_not_perform_action,
            from_dn_criteria,
            time_schedule,
            holiday_schedule,
        }
    }
}

/// The rules of a list of changes that a schema cannot say.
fn check_changes(body: &Value, faults: &mut Vec<Fault>) {
    let mut names = HashSet::new();
    for (at, entry) in body["criteria"].as_array().into_iter().flatten().enumerate() {
        let pointer = format!("/criteria/{at}");
        check_schedules(entry, &pointer, faults);
        // Compared as it is kept; what is no name is a fault of its own.
        let Some(name) = entry["name"].as_str().and_then(|name| CriteriaName::parse(name).ok()) else { continue };
        if !names.insert(name) {
            faults.push(Fault::at(
                format!("{pointer}/name"),
                "An entry before names the same criteria; each may be named once in a request.",
            ));
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

const CRITERIA: u64 = SERVICE | codes(&[ProblemCode::CriteriaNotFound]);
const PRECONDITION: u64 = codes(&[ProblemCode::RevisionMismatch]);
const TAKEN: u64 = codes(&[ProblemCode::CriteriaExists]);
const FULL: u64 = codes(&[ProblemCode::TooManyCriteria]);

/// The port: what the server does for the criteria of a user's service, whichever it is. A write with `if_match` that does
/// not name the present revision is refused and changes nothing.
#[async_trait]
pub trait CriteriaServices: Send + Sync {
    /// The criteria of the service, in the order in which they were created.
    async fn service_view(&self, service: UserServicePath) -> Result<Versioned<Vec<Criteria>>, Failure>;
    /// The criteria of the service as they are after `changes`, which apply in order, all or none.
    async fn service_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        changes: Vec<CriteriaChange>,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Vec<Criteria>>, Failure>;
    /// One criteria.
    async fn criteria_view(&self, service: UserServicePath, name: CriteriaName)
    -> Result<Versioned<Criteria>, Failure>;
    /// A new criteria; refused when its name is taken.
    async fn criteria_create(
        &self,
        by: &Actor,
        service: UserServicePath,
        criteria: CriteriaCreate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// The criteria as it is after `update`; refused when its new name is taken.
    async fn criteria_update(
        &self,
        by: &Actor,
        service: UserServicePath,
        name: CriteriaName,
        update: CriteriaUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure>;
    /// Deletes one criteria.
    async fn criteria_delete(
        &self,
        by: &Actor,
        service: UserServicePath,
        name: CriteriaName,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<()>, Failure>;
}

/// The six operations of a service with criteria. `view` and `update` are the schemas of the whole service: the first is made
/// of its criteria, the second has them in its member `criteria`.
macro_rules! criteria_api {
    (
        $(#[$doc:meta])* $api:ident: $service:expr, $tag:literal,
        service: $view:ident $update:ident $service_path:literal,
        service_view: $service_view:ident $service_view_id:literal $service_view_doc:literal,
        service_update: $service_update:ident $service_update_id:literal $service_update_doc:literal,
        criteria: $criteria_path:literal $collection_path:literal,
        criteria_view: $criteria_view:ident $criteria_view_id:literal $criteria_view_doc:literal,
        criteria_create: $criteria_create:ident $criteria_create_id:literal $criteria_create_doc:literal,
        criteria_update: $criteria_update:ident $criteria_update_id:literal $criteria_update_doc:literal,
        criteria_delete: $criteria_delete:ident $criteria_delete_id:literal $criteria_delete_doc:literal $(,)?
    ) => {
        use std::sync::Arc;

        use poem_openapi::{
            OpenApi,
            param::{Header, Path},
        };

        use super::{
            CRITERIA, Criteria, CriteriaCreate, CriteriaServices, CriteriaUpdate, FULL, PRECONDITION, TAKEN,
        };
        use crate::{
            access::{END_USERS, Read, Write},
            resource::{tags::Tag, user_service::UserServicePath},
            value::{
                name::{CriteriaName, GroupId, TenantId, UserId},
                owner::{Owner, UserPath},
            },
            wire::{
                answer::{CreatedVersion, DeletedVersion, FoundVersion, UpdatedVersion},
                payload::JsonBody,
                precondition::EntityTags,
                problem::{BODY, Fails, SERVICE},
            },
        };

        $(#[$doc])*
        pub struct $api(pub Arc<dyn CriteriaServices>);

        fn service_of(tenant: TenantId, group: GroupId, user: UserId) -> UserServicePath {
            UserServicePath { user: UserPath { tenant, group, user }, service: $service }
        }

        #[OpenApi(prefix_path = "/api/v1", tag = $tag)]
        impl $api {
            #[doc = $service_view_doc]
            ///
            /// Answers all criteria of the user in the order in which they were created.
            #[oai(path = $service_path, method = "get", operation_id = $service_view_id)]
            async fn $service_view(
                &self,
                _actor: Read<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                /// Answers 304 when one of these entity tags is the present revision.
                #[oai(name = "If-None-Match")]
                if_none_match: Header<Option<EntityTags>>,
            ) -> Result<FoundVersion<$view>, Fails<SERVICE>> {
                let found = self.0.service_view(service_of(tenant_id.0, group_id.0, user_id.0)).await?;
                Ok(FoundVersion::unless_known(found.map($view::from), if_none_match.0))
            }

            #[doc = $service_update_doc]
            ///
            /// Applies a list of changes in order, all or none. An entry merges into the criteria that it names, creates it
            /// when there is none (then `fromDnCriteria` is required), or removes it with `"delete": true`, which is no
            /// error when it is not there. Criteria that no entry names stay as they are. One bad entry, and nothing
            /// changes.
            #[oai(path = $service_path, method = "put", operation_id = $service_update_id)]
            async fn $service_update(
                &self,
                actor: Write<END_USERS>,
                tenant_id: Path<TenantId>,
                group_id: Path<GroupId>,
                user_id: Path<UserId>,
                /// The write is done only when one of these entity tags is the present revision.
                #[oai(name = "If-Match")]
                if_match: Header<Option<EntityTags>>,
                body: JsonBody<$update>,
            ) -> Result<UpdatedVersion<$view>, Fails<{ BODY | SERVICE | TAKEN | FULL | PRECONDITION }>> {
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let updated = self.0.service_update(&actor.0, service, body.0.criteria, if_match.0).await?;
                Ok(updated.map($view::from).into())
            }

            #[doc = $criteria_view_doc]
            ///
            /// Answers one criteria of the user.
            #[oai(path = $criteria_path, method = "get", operation_id = $criteria_view_id)]
            async fn $criteria_view(
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
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let found = self.0.criteria_view(service, instance_name.0).await?;
                Ok(FoundVersion::unless_known(found, if_none_match.0))
            }

            #[doc = $criteria_create_doc]
            ///
            /// Adds a criteria behind those that the user has. A user can have 100.
            #[oai(path = $collection_path, method = "post", operation_id = $criteria_create_id)]
            async fn $criteria_create(
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
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                let created = self.0.criteria_create(&actor.0, service.clone(), body.0, if_match.0).await?;
                let (owner, below) = (Owner::User(service.user.clone()), service.segments());
                let place = owner.path_of(&[below[0], below[1], "criteria", created.value.name.as_str()]);
                Ok(CreatedVersion::at(place, created))
            }

            #[doc = $criteria_update_doc]
            ///
            /// Merges the body into the criteria: what is left out stays as it is, `null` clears a schedule, `phoneNumbers`
            /// replaces the whole list, `newName` renames.
            #[oai(path = $criteria_path, method = "put", operation_id = $criteria_update_id)]
            async fn $criteria_update(
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
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                Ok(self.0.criteria_update(&actor.0, service, instance_name.0, body.0, if_match.0).await?.into())
            }

            #[doc = $criteria_delete_doc]
            ///
            /// Deletes the criteria that the path names. A body is ignored.
            #[oai(path = $criteria_path, method = "delete", operation_id = $criteria_delete_id)]
            async fn $criteria_delete(
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
                let service = service_of(tenant_id.0, group_id.0, user_id.0);
                Ok(self.0.criteria_delete(&actor.0, service, instance_name.0, if_match.0).await?.into())
            }
        }
    };
}
use criteria_api;
