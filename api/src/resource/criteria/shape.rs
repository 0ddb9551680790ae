//! What a criteria is, whichever service has it: the types of the port and of all code behind it. The types of requests
//! and responses are separate for each service, see `schemas.rs`.

use std::collections::HashSet;

use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use crate::{
    resource::schedule::ScheduleType,
    value::{
        change::Change,
        name::{CriteriaName, NumberListName, ScheduleName},
        owner::Level,
        phone_number::PhoneNumberPattern,
        text::text,
        time::Instant,
    },
    wire::problem::{Fault, MAX_FAULTS},
};

/// The greatest number of criteria that a user can have in a service.
pub const MAX_CRITERIA: usize = 100;

text! {
    /// What people say about a criteria.
    CriteriaDescription {
        meaning: "a description",
        rule: "1 to 200 characters, no control character",
        length: 1..=200,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "Until the end of the holidays",
    }
}

/// Which callers a criteria is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Selection {
    /// All callers.
    Any,
    /// The callers that the numbers and flags beside it say.
    #[serde(rename = "Specified Only")]
    SpecifiedOnly,
    /// Every caller whose call was forwarded to the user.
    Forwarded,
}

/// The callers that a criteria is about. With a selection other than `Specified Only` the other members are kept but do
/// not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FromDnCriteria {
    /// Which callers the criteria is about.
    pub selection: Selection,
    /// Matches callers that withhold their number.
    pub include_anonymous_callers: bool,
    /// Matches callers whose number the network does not have.
    pub include_unavailable_callers: bool,
    /// Callers of the user's own organisation, as the node says; not shown when false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_internal_callers: bool,
    /// Callers whose number one of these patterns matches, as they were sent.
    pub phone_numbers: Vec<PhoneNumberPattern>,
    /// Callers whose number an entry of one of these number lists matches; not shown when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub number_lists: Vec<NumberListReference>,
}

/// A change of the callers that a criteria is about: what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromDnCriteriaChange {
    /// Which callers the criteria is about. Required for a new criteria.
    pub selection: Option<Selection>,
    /// As [`FromDnCriteria::include_anonymous_callers`].
    pub include_anonymous_callers: Option<bool>,
    /// As [`FromDnCriteria::include_unavailable_callers`].
    pub include_unavailable_callers: Option<bool>,
    /// As [`FromDnCriteria::include_internal_callers`].
    pub include_internal_callers: Option<bool>,
    /// As [`FromDnCriteria::phone_numbers`]; replaces the whole list.
    pub phone_numbers: Option<Vec<PhoneNumberPattern>>,
    /// As [`FromDnCriteria::number_lists`]; replaces the whole list.
    pub number_lists: Option<Vec<NumberListReference>>,
}

/// The numbers of a new criteria that has none in the request.
pub(super) fn no_numbers() -> Change<Vec<PhoneNumberPattern>> {
    Change::Set(Vec::new())
}

/// The number lists that a change refers to, if it changes them.
pub(super) fn references(change: Change<Vec<NumberListSelection>>) -> Option<Vec<NumberListReference>> {
    Some(change.replaced()?.into_iter().map(NumberListReference::from).collect())
}

/// A reference to a number list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object, Serialize)]
pub struct NumberListReference {
    /// The owner of the number list: the user, the user's group or the user's tenant.
    pub level: Level,
    /// The number list's name.
    pub name: NumberListName,
}

/// A reference to a number list, in a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Object)]
#[oai(deny_unknown_fields)]
pub struct NumberListSelection {
    /// The owner of the number list: the user, the user's group or the user's tenant.
    pub level: Level,
    /// The number list's name.
    pub name: NumberListName,
}

impl From<NumberListSelection> for NumberListReference {
    fn from(NumberListSelection { level, name }: NumberListSelection) -> Self {
        Self { level, name }
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Criteria {
    /// The name, unique in the user's service.
    pub name: CriteriaName,
    /// What people say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<CriteriaDescription>,
    /// Whether the criteria takes part in decisions.
    pub active: bool,
    /// When it begins to take part; at any time when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Instant>,
    /// When it no longer takes part; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// A summary of the callers for a table.
    pub calls_from: String,
    /// Whether the service leaves out what it does with matching calls, and other criteria do not count for them.
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

/// One change of a service: merges into the criteria that it names, creates it when there is none, or removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaChange {
    /// The criteria to update, create or delete.
    pub name: CriteriaName,
    /// The new name of an existing criteria.
    pub new_name: Option<CriteriaName>,
    /// True removes the criteria; the other members do not matter then.
    pub delete: bool,
    /// As [`Criteria::description`].
    pub description: Change<CriteriaDescription>,
    /// As [`Criteria::active`].
    pub active: Option<bool>,
    /// As [`Criteria::valid_from`].
    pub valid_from: Change<Instant>,
    /// As [`Criteria::valid_until`].
    pub valid_until: Change<Instant>,
    /// As [`Criteria::do_not_perform_action`].
    pub do_not_perform_action: Option<bool>,
    /// The callers that the criteria is about; required, with its selection, to create one.
    pub from_dn_criteria: Option<FromDnCriteriaChange>,
    /// As [`Criteria::time_schedule`].
    pub time_schedule: Change<ScheduleSelection>,
    /// As [`Criteria::holiday_schedule`].
    pub holiday_schedule: Change<ScheduleSelection>,
}

/// What becomes of a call that meets no criteria while none that accepts is in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Enum, Serialize)]
pub enum OutsideSchedules {
    /// It is refused.
    #[default]
    Reject,
    /// It is accepted.
    Accept,
}

/// A service of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its criteria, in the order in which they were created.
    pub criteria: Vec<Criteria>,
    /// The service does nothing before this instant.
    pub suspended_until: Option<Instant>,
    /// What it does while no accepting criteria is in effect.
    pub outside_schedules: OutsideSchedules,
}

/// A change of a service: its criteria by a list of changes, which apply in order, all or none; and its own members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceUpdate {
    /// The changes of criteria.
    pub criteria: Vec<CriteriaChange>,
    /// As [`Service::suspended_until`].
    pub suspended_until: Change<Instant>,
    /// As [`Service::outside_schedules`]; null is the default.
    pub outside_schedules: Change<OutsideSchedules>,
}

/// The rules of a change of a service that a schema cannot say. It has one of these `members`.
pub(super) fn check_update(body: &Value, members: &[&str], faults: &mut Vec<Fault>) {
    if body.as_object().is_some_and(|body| members.iter().all(|member| !body.contains_key(*member))) {
        faults.push(Fault::at("/criteria", format!("`{}` is required.", members.join("` or `"))));
    }
    check_changes(body, faults);
}

/// The rules of a list of changes that a schema cannot say.
fn check_changes(body: &Value, faults: &mut Vec<Fault>) {
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

/// The rules of a criteria that a schema cannot say; it stands at `pointer` in the body.
pub(super) fn check_schedules(criteria: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    for (member, right) in [("timeSchedule", "Time"), ("holidaySchedule", "Holiday")] {
        let kind = criteria[member]["type"].as_str();
        if matches!(kind, Some("Time" | "Holiday")) && kind != Some(right) {
            let detail = format!("`{member}` requires a schedule of type {right:?}.");
            faults.push(Fault::at(format!("{pointer}/{member}/type"), detail));
        }
    }
}
