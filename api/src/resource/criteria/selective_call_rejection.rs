//! Selective Call Rejection: a call is refused if it matches one of the user's criteria.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use super::{
    operations::criteria_api,
    schemas::criteria_schemas,
    shape::{
        self, CriteriaDescription, NumberListReference, NumberListSelection, ScheduleReference, ScheduleSelection,
        check_schedules, check_update,
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
pub enum RejectionSelection {
    /// All callers.
    Any,
    /// The callers specified by the other members.
    #[oai(rename = "Specified Only")]
    #[serde(rename = "Specified Only")]
    SpecifiedOnly,
    /// All callers whose call was forwarded to the user.
    Forwarded,
}

impl From<shape::Selection> for RejectionSelection {
    fn from(selection: shape::Selection) -> Self {
        match selection {
            shape::Selection::Any => Self::Any,
            shape::Selection::SpecifiedOnly => Self::SpecifiedOnly,
            shape::Selection::Forwarded => Self::Forwarded,
        }
    }
}

impl From<RejectionSelection> for shape::Selection {
    fn from(selection: RejectionSelection) -> Self {
        match selection {
            RejectionSelection::Any => Self::Any,
            RejectionSelection::SpecifiedOnly => Self::SpecifiedOnly,
            RejectionSelection::Forwarded => Self::Forwarded,
        }
    }
}

criteria_schemas! {
    selection: RejectionSelection,
    from_dn_criteria: RejectionFromDnCriteria RejectionFromDnCriteriaCreate RejectionFromDnCriteriaUpdate,
    criteria: RejectionCriteria RejectionCriteriaCreate RejectionCriteriaUpdate RejectionCriteriaChange,
    do_not_perform_action: "Whether matching calls are not refused, even if they match other criteria.",
}

/// A user's service with its criteria.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct SelectiveCallRejection {
    /// The criteria in creation order.
    #[oai(validator(max_items = 100))]
    pub criteria: Vec<RejectionCriteria>,
    /// The service is suspended until this instant, which may be in the past; absent if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_until: Option<Instant>,
}

impl From<shape::Service> for SelectiveCallRejection {
    fn from(service: shape::Service) -> Self {
        let criteria = service.criteria.into_iter().map(RejectionCriteria::from).collect();
        Self { criteria, suspended_until: service.suspended_until }
    }
}

/// Changes of a user's service, applied in order, all or none. Members left out are unchanged; at least one member is
/// required.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectiveCallRejectionUpdate {
    /// The changes; criteria that none of them names are unchanged.
    #[oai(validator(max_items = 200))]
    pub criteria: Option<Vec<RejectionCriteriaChange>>,
    /// The service is suspended until this instant; null ends the suspension.
    pub suspended_until: Change<Instant>,
}

impl From<SelectiveCallRejectionUpdate> for shape::ServiceUpdate {
    fn from(update: SelectiveCallRejectionUpdate) -> Self {
        let criteria = update.criteria.into_iter().flatten().map(Into::into).collect();
        Self { criteria, suspended_until: update.suspended_until, outside_schedules: Change::Keep }
    }
}

impl Body for SelectiveCallRejectionUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_update(body, &["criteria", "suspendedUntil"], faults);
    }
}

criteria_api! {
    /// The operations on a user's Selective Call Rejection.
    SelectiveCallRejectionApi: ServiceName::SelectiveCallRejection, "Tag::SelectiveCallRejection",
    schemas: RejectionCriteria RejectionCriteriaCreate RejectionCriteriaUpdate,
    service: SelectiveCallRejection SelectiveCallRejectionUpdate
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_rejection/",
    service_view: selective_call_rejection_view "selective_call_rejection_view"
        "View a user's Selective Call Rejection",
    service_update: selective_call_rejection_update "selective_call_rejection_update"
        "Update a user's Selective Call Rejection",
    criteria: "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_rejection/criteria/:instance_name/"
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/services/selective_call_rejection/criteria/",
    criteria_view: rejection_criteria_view "rejection_criteria_view" "View a rejection criteria",
    criteria_create: rejection_criteria_create "rejection_criteria_create" "Create a rejection criteria",
    criteria_update: rejection_criteria_update "rejection_criteria_update" "Update a rejection criteria",
    criteria_delete: rejection_criteria_delete "rejection_criteria_delete" "Delete a rejection criteria",
}
