//! Selective Call Acceptance: a call is accepted if it matches one of the user's criteria, and refused if it matches
//! none.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use super::{
    operations::criteria_api,
    shape::{CriteriaChange, check_changes},
};
use crate::{
    resource::user_service::ServiceName,
    wire::{payload::Body, problem::Fault},
};

/// The criteria of a user's service.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct SelectiveCallAcceptance {
    /// The criteria in creation order.
    #[oai(validator(max_items = 100))]
    pub criteria: Vec<Criteria>,
}

impl From<Vec<Criteria>> for SelectiveCallAcceptance {
    fn from(criteria: Vec<Criteria>) -> Self {
        Self { criteria }
    }
}

/// Changes of a user's service, applied in order, all or none.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct SelectiveCallAcceptanceUpdate {
    /// The changes; criteria that none of them names are unchanged.
    #[oai(validator(max_items = 200))]
    pub criteria: Vec<CriteriaChange>,
}

impl Body for SelectiveCallAcceptanceUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_changes(body, faults);
    }
}

criteria_api! {
    /// The operations on a user's Selective Call Acceptance.
    SelectiveCallAcceptanceApi: ServiceName::SelectiveCallAcceptance, "Tag::SelectiveCallAcceptance",
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
