//! Selective Call Acceptance: a call is accepted if it matches one of the user's criteria, and refused if it matches
//! none.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use super::{
    operations::criteria_api,
    schemas::criteria_schemas,
    shape::{
        self, CriteriaDescription, NumberListReference, NumberListSelection, OutsideSchedules, ScheduleReference,
        ScheduleSelection, check_schedules, check_update,
    },
};
use crate::{
    resource::user_service::ServiceName,
    value::{
        change::Change,
        name::{CriteriaName, Ignored},
        phone_number::PhoneNumberPattern,
        time::Instant,
    },
    wire::{
        payload::{Body, yes},
        problem::Fault,
    },
};

/// Which callers a criteria matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum Selection {
    /// All callers.
    Any,
    /// The callers specified by the other members.
    #[oai(rename = "Specified Only")]
    #[serde(rename = "Specified Only")]
    SpecifiedOnly,
}

impl From<shape::Selection> for Selection {
    fn from(selection: shape::Selection) -> Self {
        match selection {
            shape::Selection::Any => Self::Any,
            // No request of this service selects forwarded calls.
            shape::Selection::SpecifiedOnly | shape::Selection::Forwarded => Self::SpecifiedOnly,
        }
    }
}

impl From<Selection> for shape::Selection {
    fn from(selection: Selection) -> Self {
        match selection {
            Selection::Any => Self::Any,
            Selection::SpecifiedOnly => Self::SpecifiedOnly,
        }
    }
}

criteria_schemas! {
    selection: Selection,
    from_dn_criteria: FromDnCriteria FromDnCriteriaCreate FromDnCriteriaUpdate,
    criteria: Criteria CriteriaCreate CriteriaUpdate CriteriaChange,
    do_not_perform_action: "Whether matching calls are refused instead of accepted.",
}

/// A user's service with its criteria.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct SelectiveCallAcceptance {
    /// The criteria in creation order.
    #[oai(validator(max_items = 100))]
    pub criteria: Vec<Criteria>,
    /// The service is suspended until this instant, which may be in the past; absent if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_until: Option<Instant>,
    /// `Accept` if calls that match no criteria are accepted while no active accepting criteria is in its validity and
    /// its schedules; absent if they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_schedules: Option<OutsideSchedules>,
}

impl From<shape::Service> for SelectiveCallAcceptance {
    fn from(service: shape::Service) -> Self {
        let outside = service.outside_schedules;
        Self {
            criteria: service.criteria.into_iter().map(Criteria::from).collect(),
            suspended_until: service.suspended_until,
            outside_schedules: (outside != OutsideSchedules::default()).then_some(outside),
        }
    }
}

/// Changes of a user's service, applied in order, all or none. Members left out are unchanged; at least one member is
/// required.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectiveCallAcceptanceUpdate {
    /// The changes; criteria that none of them names are unchanged.
    #[oai(validator(max_items = 200))]
    pub criteria: Option<Vec<CriteriaChange>>,
    /// The service is suspended until this instant; null ends the suspension.
    pub suspended_until: Change<Instant>,
    /// Whether calls that match no criteria are refused (`Reject`, the same as null) or accepted (`Accept`) while no
    /// active accepting criteria is in its validity and its schedules.
    pub outside_schedules: Change<OutsideSchedules>,
}

impl From<SelectiveCallAcceptanceUpdate> for shape::ServiceUpdate {
    fn from(update: SelectiveCallAcceptanceUpdate) -> Self {
        Self {
            criteria: update.criteria.into_iter().flatten().map(Into::into).collect(),
            suspended_until: update.suspended_until,
            outside_schedules: update.outside_schedules,
        }
    }
}

impl Body for SelectiveCallAcceptanceUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_update(body, &["criteria", "suspendedUntil", "outsideSchedules"], faults);
    }
}

criteria_api! {
    /// The operations on a user's Selective Call Acceptance.
    SelectiveCallAcceptanceApi: ServiceName::SelectiveCallAcceptance, "Tag::SelectiveCallAcceptance",
    schemas: Criteria CriteriaCreate CriteriaUpdate,
    service: SelectiveCallAcceptance SelectiveCallAcceptanceUpdate
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/",
    service_view: selective_call_acceptance_view "selective_call_acceptance_view"
        "View a user's Selective Call Acceptance",
    service_update: selective_call_acceptance_update "selective_call_acceptance_update"
        "Update a user's Selective Call Acceptance",
    criteria: "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/:instance_name/"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_acceptance/criteria/",
    criteria_view: criteria_view "criteria_view" "View a criteria",
    criteria_create: criteria_create "criteria_create" "Create a criteria",
    criteria_update: criteria_update "criteria_update" "Update a criteria",
    criteria_delete: criteria_delete "criteria_delete" "Delete a criteria",
}
