//! Previews: what changes of a user's services would do to calls, before they are made.
//!
//! A change is the body of the PUT of a service, and is validated as that. To add a service, add its schema to
//! `faults_of_update` and the members that are its own to [`PreviewedUpdate`].

use std::{collections::HashSet, mem, sync::Arc};

use async_trait::async_trait;
use poem_openapi::{Enum, Object, OpenApi, param::Path, types::Type};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    access::{END_USERS, Read},
    resource::{
        anonymous_call_rejection::AnonymousCallRejectionUpdate,
        criteria::{
            OutsideSchedules, ServiceUpdate,
            selective_call_acceptance::SelectiveCallAcceptanceUpdate,
            selective_call_rejection::{RejectionCriteriaChange, SelectiveCallRejectionUpdate},
        },
        decision::{Decision, DecisionRequest, Question},
        tags::Tag,
        user_service::ServiceName,
        warning::Warning,
    },
    value::{
        change::Change,
        name::{GroupId, TenantId, UserId},
        owner::UserPath,
        time::Instant,
    },
    wire::{
        answer::Found,
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, Fault, MAX_FAULTS, ProblemCode, USER, codes},
        validation::BodySchemas,
    },
};

/// Maximum number of changes in a request; more than there are services.
const MAX_CHANGES: usize = 10;

/// The body of the PUT of the service. It has the members of all services; those that the service does not have are
/// refused.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewedUpdate {
    /// Changes of criteria; for services that have criteria. `Forwarded` is only for Selective Call Rejection.
    #[oai(validator(max_items = 200))]
    pub criteria: Option<Vec<RejectionCriteriaChange>>,
    /// The service is suspended until this instant; null ends the suspension. For services that have criteria.
    pub suspended_until: Change<Instant>,
    /// Whether calls that match no criteria are refused (`Reject`, the same as null) or accepted (`Accept`) while no
    /// active accepting criteria is in its validity and its schedules. Only for Selective Call Acceptance.
    pub outside_schedules: Change<OutsideSchedules>,
    /// Whether calls whose caller withholds the number are refused. Only for Anonymous Call Rejection.
    pub active: Option<bool>,
}

/// A change of a service, to preview.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct PreviewedChange {
    /// The service, which is assigned to the user.
    pub service: ServiceName,
    /// The body of the PUT of the service.
    pub update: PreviewedUpdate,
}

impl PreviewedChange {
    /// The service, and its change.
    pub fn into_change(self) -> (ServiceName, ServiceChange) {
        let PreviewedUpdate { criteria, suspended_until, outside_schedules, active } = self.update;
        let criteria = criteria.into_iter().flatten().map(Into::into).collect();
        let update = ServiceUpdate { criteria, suspended_until, outside_schedules };
        (self.service, ServiceChange { update, active })
    }
}

/// A change of a service, whichever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChange {
    /// The changes of its criteria and of the members beside them.
    pub update: ServiceUpdate,
    /// Whether it is switched on; `None` if that is unchanged.
    pub active: Option<bool>,
}

/// Changes of a user's services to preview, and calls to decide on.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The changes, at most one of each service. Without changes the services are previewed as they are.
    #[oai(validator(max_items = 10))]
    pub changes: Vec<PreviewedChange>,
    /// The calls to decide on, before and after the changes.
    #[oai(default, validator(max_items = 1000))]
    pub calls: Vec<DecisionRequest>,
}

impl Body for PreviewRequest {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        let mut services = HashSet::new();
        for (at, change) in body["changes"].as_array().into_iter().flatten().enumerate() {
            if service_of(change).is_some_and(|service| !services.insert(service)) {
                let detail = "An earlier entry is of the same service; each may be in the list once.";
                faults.push(Fault::at(format!("/changes/{at}/service"), detail));
            }
        }
    }

    /// Each update is validated by the schema and the rules of the PUT of its service, not by the schema that has the
    /// members of all services.
    fn faults(body: &mut Value, schemas: &BodySchemas) -> Result<Vec<Fault>, Failure> {
        let mut updates = take_updates(body);
        let mut faults = schemas.faults(&Self::name(), body)?;
        Self::check(body, &mut faults);
        for (at, service, update) in &mut updates {
            let place = format!("/changes/{at}/update");
            let own = faults_of_update(*service, update, schemas)?;
            faults.extend(own.into_iter().map(|fault| fault.below(&place)));
        }
        faults.truncate(MAX_FAULTS);
        for (at, _, update) in updates {
            if let Some(taken) = body.pointer_mut(&format!("/changes/{at}/update")) {
                *taken = update;
            }
        }
        Ok(faults)
    }
}

fn service_of(change: &Value) -> Option<ServiceName> {
    ServiceName::parse(change["service"].as_str()?)
}

/// Takes the updates out of the changes, each with the index of its change and its service, and leaves empty objects.
/// Those of unknown services stay, and so do those of a list that is too long.
fn take_updates(body: &mut Value) -> Vec<(usize, ServiceName, Value)> {
    let changes = body.get_mut("changes").and_then(Value::as_array_mut).filter(|list| list.len() <= MAX_CHANGES);
    let take = |(at, change): (usize, &mut Value)| {
        let service = service_of(change)?;
        Some((at, service, mem::replace(change.get_mut("update")?, json!({}))))
    };
    changes.into_iter().flatten().enumerate().filter_map(take).collect()
}

/// The faults of the body of the PUT of a service.
fn faults_of_update(service: ServiceName, update: &mut Value, schemas: &BodySchemas) -> Result<Vec<Fault>, Failure> {
    match service {
        ServiceName::SelectiveCallAcceptance => SelectiveCallAcceptanceUpdate::faults(update, schemas),
        ServiceName::SelectiveCallRejection => SelectiveCallRejectionUpdate::faults(update, schemas),
        ServiceName::AnonymousCallRejection => AnonymousCallRejectionUpdate::faults(update, schemas),
    }
}

/// The decisions on a call.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct PreviewedCall {
    /// By the services as they are.
    pub before: Decision,
    /// By the services as they would be after the changes.
    pub after: Decision,
}

/// Who gets through. Protected callers and callbacks of emergency services always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum AdmittedCallers {
    /// Callers whom no criteria lists; criteria may still refuse some.
    Everyone,
    /// Only callers whom criteria list.
    Listed,
    /// Nobody.
    Nobody,
}

/// A time in which the same callers get through: whole half hours of the user's local time.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct PreviewedHours {
    /// The start, inclusive.
    pub start: Instant,
    /// The end, exclusive.
    pub stop: Instant,
    /// Who gets through, by the start of each half hour.
    pub callers: AdmittedCallers,
}

/// Who gets through in the coming 7 days, from the half hour that has begun, without gaps. Adjoining half hours with
/// the same callers are joined.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct PreviewedWeek {
    /// By the services as they are.
    #[oai(validator(max_items = 336))]
    pub before: Vec<PreviewedHours>,
    /// By the services as they would be after the changes.
    #[oai(validator(max_items = 336))]
    pub after: Vec<PreviewedHours>,
}

/// What changes of a user's services would do.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct Preview {
    /// The decisions on the calls, in the order of the request.
    #[oai(validator(max_items = 1000))]
    pub calls: Vec<PreviewedCall>,
    /// The number of calls that would be accepted instead of refused, or refused instead of accepted.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000")))]
    pub changed: i32,
    /// The warnings about the services as they would be after the changes.
    #[oai(validator(max_items = 2000))]
    pub warnings: Vec<Warning>,
    /// Who gets through in the coming week.
    pub week: PreviewedWeek,
}

/// The port of previews.
#[async_trait]
pub trait Previews: Send + Sync {
    /// What `changes` of the user's services, at most one of each, would do to `calls` and in the coming week. Nothing
    /// is changed.
    ///
    /// # Errors
    /// As the writes, with pointers below `/changes/`; or a service is not assigned.
    async fn preview(
        &self,
        user: UserPath,
        changes: Vec<(ServiceName, ServiceChange)>,
        calls: Vec<Question>,
    ) -> Result<Preview, Failure>;
}

const CHANGE: u64 = codes(&[ProblemCode::CriteriaExists, ProblemCode::TooManyCriteria]);

/// The operation on previews.
pub struct PreviewsApi(pub Arc<dyn Previews>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::UserServices")]
impl PreviewsApi {
    /// Preview changes of a user's services
    ///
    /// Says what changes would do, and changes nothing: the decisions on up to 1000 calls before and after, who gets
    /// through in the coming week before and after, and the warnings after. Faults of a change are those of the PUT of
    /// the service, below `/changes/`. A service that is not assigned is a fault too.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/preview/",
        method = "post",
        operation_id = "services_preview"
    )]
    async fn services_preview(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        body: JsonBody<PreviewRequest>,
    ) -> Result<Found<Preview>, Fails<{ BODY | USER | CHANGE }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        let PreviewRequest { changes, calls } = body.0;
        let changes = changes.into_iter().map(PreviewedChange::into_change).collect();
        let calls = calls.into_iter().map(|call| call.question(false)).collect();
        Ok(Found::with(self.0.preview(user, changes, calls).await?))
    }
}
