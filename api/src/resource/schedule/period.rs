//! Periods: what a schedule is made of.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    value::{
        name::PeriodName,
        open_enum::{WORDS, open_enum},
        time::{Date, RecurrenceRule, TimeOfDay},
    },
    wire::{payload::yes, problem::Fault},
};

open_enum! {
    /// How a period recurs, and so which other members it takes.
    PeriodType: WORDS, {
        /// Every week on `dayOfWeek`.
        DayOfTheWeek = "Day of the week",
        /// Every month on `dayOfMonth`.
        DayOfTheMonth = "Day of the month",
        /// Every day from `startDate` to `stopDate`.
        Date = "Date",
        /// On the days that `rule` makes from `startDate` on.
        Recurrence = "Recurrence",
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the days of the week need no words")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A period of a schedule, in the local time of the user. Start times are inclusive, stop times exclusive; without
/// times it is the whole day.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// The name, unique in the schedule.
    pub name: PeriodName,
    /// Whether the period counts.
    #[oai(default = "yes")]
    pub active: bool,
    /// How the period recurs.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: PeriodType,
    /// The day of the week; for `Day of the week` only, and required there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<DayOfWeek>,
    /// The day of the month; for `Day of the month` only, and required there. Months that are shorter have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "1"), maximum(value = "31")))]
    pub day_of_month: Option<i32>,
    /// The first day; for `Date` and `Recurrence` only, and required there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Date>,
    /// The last day, `startDate` when left out; for `Date` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<Date>,
    /// When the period starts on each of its days; together with `stopTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<TimeOfDay>,
    /// When the period ends on each of its days; together with `startTime`, and after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<TimeOfDay>,
    /// The recurrence rule; for `Recurrence` only, and required there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RecurrenceRule>,
    /// Days that the rule makes and that do not count; for `Recurrence` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 366, unique_items))]
    pub except_dates: Option<Vec<Date>>,
}

/// Members that only some types take, with the types that take them and whether they are required there.
const MEMBERS: [(&str, &[&str], bool); 6] = [
    ("dayOfWeek", &["Day of the week"], true),
    ("dayOfMonth", &["Day of the month"], true),
    ("startDate", &["Date", "Recurrence"], true),
    ("stopDate", &["Date"], false),
    ("rule", &["Recurrence"], true),
    ("exceptDates", &["Recurrence"], false),
];

/// How many periods of a schedule can have a rule that is [costly](RecurrenceRule::is_costly): so many schedules as a
/// user can refer to are then still decided on in time.
const MAX_COSTLY: usize = 50;

/// Adds what is wrong with the list of periods at `pointer` by the rules that its schema cannot say.
pub(crate) fn check_all(periods: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    check_costs(periods, pointer, faults);
    let mut names = Vec::new();
    for (at, period) in periods.as_array().into_iter().flatten().enumerate() {
        let pointer = format!("{pointer}/{at}");
        check_members(period, &pointer, faults);
        check_order(period, &pointer, faults);
        let Some(name) = period["name"].as_str() else { continue };
        if names.contains(&name) {
            faults.push(Fault::at(format!("{pointer}/name"), "A period before has the same name; each needs its own."));
        }
        names.push(name);
    }
}

fn check_costs(periods: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let costly = |(_, period): &(usize, &Value)| {
        let rule = period["rule"].as_str().and_then(|rule| RecurrenceRule::parse(rule).ok());
        rule.is_some_and(|rule| rule.is_costly())
    };
    if let Some((at, _)) = periods.as_array().into_iter().flatten().enumerate().filter(costly).nth(MAX_COSTLY) {
        let detail = format!("A schedule can have {MAX_COSTLY} periods whose rule has `COUNT` or `BYSETPOS`.");
        faults.push(Fault::at(format!("{pointer}/{at}/rule"), detail));
    }
}

fn check_members(period: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let Some(kind) = period["type"].as_str() else { return };
    for (member, kinds, required) in MEMBERS {
        let pointer = format!("{pointer}/{member}");
        match (kinds.contains(&kind), period.get(member)) {
            (false, Some(_)) => faults
                .push(Fault::at(pointer, format!("`{member}` is only for a period of type {}.", kinds.join(" or ")))),
            (true, None) if required => {
                faults.push(Fault::at(pointer, format!("`{member}` is required for a period of type {kind}.")))
            }
            _ => {}
        }
    }
}

fn check_order(period: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    match (period.get("startTime"), period.get("stopTime")) {
        (Some(start), Some(stop)) => {
            let minutes =
                |time: &Value| time.as_str().and_then(|text| TimeOfDay::parse(text).ok()).map(|time| time.minutes());
            if let (Some(start), Some(stop)) = (minutes(start), minutes(stop))
                && stop <= start
            {
                faults.push(Fault::at(format!("{pointer}/stopTime"), "`stopTime` must be after `startTime`."));
            }
        }
        (Some(_), None) => {
            faults.push(Fault::at(format!("{pointer}/stopTime"), "`stopTime` is required beside `startTime`."))
        }
        (None, Some(_)) => {
            faults.push(Fault::at(format!("{pointer}/startTime"), "`startTime` is required beside `stopTime`."))
        }
        (None, None) => {}
    }
    let date = |member: &str| period[member].as_str().and_then(|text| Date::parse(text).ok());
    if let (Some(start), Some(stop)) = (date("startDate"), date("stopDate"))
        && stop < start
    {
        faults.push(Fault::at(format!("{pointer}/stopDate"), "`stopDate` must not be before `startDate`."));
    }
}
