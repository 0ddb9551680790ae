//! The shape of a criteria: how it is sent, changed and answered.

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
pub(super) fn check_changes(body: &Value, faults: &mut Vec<Fault>) {
    let mut names = HashSet::new();
    for (at, entry) in body["criteria"].as_array().into_iter().flatten().enumerate() {
        if faults.len() >= MAX_FAULTS {
            return;
        }
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
