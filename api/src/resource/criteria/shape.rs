//! The types of a criteria in requests and responses.

use std::collections::HashSet;

use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use crate::{
    resource::schedule::ScheduleType,
    value::{
        change::Change,
        name::{CriteriaName, Ignored, ScheduleName},
        owner::Level,
        phone_number::PhoneNumberPattern,
    },
    wire::{
        payload::{Body, yes},
        problem::{Fault, MAX_FAULTS},
    },
};

/// The maximum number of criteria of a user.
pub const MAX_CRITERIA: usize = 100;

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

/// The callers that a criteria matches. With the selection `Any` the other members are stored but have no effect.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct FromDnCriteria {
    /// All callers, or only those that the other members specify.
    pub selection: Selection,
    /// Matches callers that withhold their number.
    pub include_anonymous_callers: bool,
    /// Matches callers whose number the network does not have.
    pub include_unavailable_callers: bool,
    /// Matches callers whose number matches one of these patterns; returned as sent.
    #[oai(validator(max_items = 500, unique_items))]
    pub phone_numbers: Vec<PhoneNumberPattern>,
}

/// The callers that a new criteria matches.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct FromDnCriteriaCreate {
    /// All callers, or only those that the other members specify.
    pub selection: Selection,
    /// Matches callers that withhold their number.
    #[oai(default)]
    pub include_anonymous_callers: bool,
    /// Matches callers whose number the network does not have.
    #[oai(default)]
    pub include_unavailable_callers: bool,
    /// Matches callers whose number matches one of these patterns.
    #[oai(default, validator(max_items = 500, unique_items))]
    pub phone_numbers: Vec<PhoneNumberPattern>,
}

/// A change of the callers that a criteria matches. Members left out are unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct FromDnCriteriaUpdate {
    /// All callers, or only those that the other members specify. Required for a new criteria.
    pub selection: Option<Selection>,
    /// Matches callers that withhold their number.
    pub include_anonymous_callers: Option<bool>,
    /// Matches callers whose number the network does not have.
    pub include_unavailable_callers: Option<bool>,
    /// Matches callers whose number matches one of these patterns; replaces the whole list.
    #[oai(validator(max_items = 500, unique_items))]
    pub phone_numbers: Option<Vec<PhoneNumberPattern>>,
}

/// A reference to a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object, Serialize)]
pub struct ScheduleReference {
    /// The owner of the schedule: the user, the user's group or the user's tenant.
    pub level: Level,
    /// The schedule's name.
    pub name: ScheduleName,
    /// The schedule's type.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: ScheduleType,
}

/// A reference to a schedule, in a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object)]
#[oai(deny_unknown_fields)]
pub struct ScheduleSelection {
    /// The owner of the schedule: the user, the user's group or the user's tenant.
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
    /// Whether the criteria is used in decisions.
    pub active: bool,
    /// A summary of the callers for a table: `All calls`, or the first three of the numbers, `Private` and
    /// `Unavailable`.
    #[oai(validator(max_length = 100))]
    pub calls_from: String,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: bool,
    /// The callers that the criteria matches.
    pub from_dn_criteria: FromDnCriteria,
    /// The criteria applies only within this time schedule; always if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_schedule: Option<ScheduleReference>,
    /// The criteria applies only on these holidays; on every day if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holiday_schedule: Option<ScheduleReference>,
}

/// A criteria to create.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaCreate {
    /// The name, unique in the user's service.
    pub name: CriteriaName,
    /// Whether the criteria is used in decisions.
    #[oai(default = "yes")]
    pub active: bool,
    /// Accepted and ignored, since it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    #[oai(default)]
    pub do_not_perform_action: bool,
    /// The callers that the criteria matches.
    pub from_dn_criteria: FromDnCriteriaCreate,
    /// The criteria applies only within this time schedule.
    pub time_schedule: Change<ScheduleSelection>,
    /// The criteria applies only on these holidays.
    pub holiday_schedule: Change<ScheduleSelection>,
}

impl Body for CriteriaCreate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_schedules(body, "", faults);
    }
}

/// A change of a criteria. Members left out are unchanged; null clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaUpdate {
    /// Accepted and ignored; the path names the criteria.
    pub name: Option<Ignored>,
    /// The new name.
    pub new_name: Option<CriteriaName>,
    /// Whether the criteria is used in decisions.
    pub active: Option<bool>,
    /// Accepted and ignored, since it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: Option<bool>,
    /// The callers that the criteria matches.
    pub from_dn_criteria: Option<FromDnCriteriaUpdate>,
    /// The criteria applies only within this time schedule.
    pub time_schedule: Change<ScheduleSelection>,
    /// The criteria applies only on these holidays.
    pub holiday_schedule: Change<ScheduleSelection>,
}

impl Body for CriteriaUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_schedules(body, "", faults);
    }
}

/// One change of the service: updates the criteria that it names, creates it if it does not exist, or deletes it.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CriteriaChange {
    /// The criteria to update, create or delete.
    pub name: CriteriaName,
    /// The new name of an existing criteria.
    pub new_name: Option<CriteriaName>,
    /// True deletes the criteria; the other members are then ignored.
    #[oai(default)]
    pub delete: bool,
    /// Whether the criteria is used in decisions.
    pub active: Option<bool>,
    /// Accepted and ignored, since it is derived.
    pub calls_from: Option<Ignored>,
    /// Whether matching calls are refused instead of accepted.
    pub do_not_perform_action: Option<bool>,
    /// The callers that the criteria matches; required, with its selection, to create a criteria.
    pub from_dn_criteria: Option<FromDnCriteriaUpdate>,
    /// The criteria applies only within this time schedule.
    pub time_schedule: Change<ScheduleSelection>,
    /// The criteria applies only on these holidays.
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
    /// The update as a change of the criteria `name`.
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

/// Checks the rules of a list of changes that a schema cannot express.
pub(super) fn check_changes(body: &Value, faults: &mut Vec<Fault>) {
    let mut names = HashSet::new();
    for (at, entry) in body["criteria"].as_array().into_iter().flatten().enumerate() {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        let pointer = format!("/criteria/{at}");
        check_schedules(entry, &pointer, faults);
        // Names are compared in their stored form. An invalid name is reported elsewhere.
        let Some(name) = entry["name"].as_str().and_then(|name| CriteriaName::parse(name).ok()) else { continue };
        if !names.insert(name) {
            faults.push(Fault::at(
                format!("{pointer}/name"),
                "An earlier entry names the same criteria; each criteria may be named once in a request.",
            ));
        }
    }
}

fn check_schedules(criteria: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    for (member, right) in [("timeSchedule", "Time"), ("holidaySchedule", "Holiday")] {
        let kind = criteria[member]["type"].as_str();
        if matches!(kind, Some("Time" | "Holiday")) && kind != Some(right) {
            let detail = format!("`{member}` requires a schedule of type {right:?}.");
            faults.push(Fault::at(format!("{pointer}/{member}/type"), detail));
        }
    }
}
