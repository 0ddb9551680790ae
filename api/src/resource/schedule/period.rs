//! Periods of schedules.

use std::collections::HashSet;

use jiff::civil;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    value::{
        name::PeriodName,
        open_enum::{WORDS, open_enum},
        recurrence::{RecurrenceRule, Times, cost},
        time::{Date, TimeOfDay},
    },
    wire::{
        payload::yes,
        problem::{Fault, MAX_FAULTS},
    },
};

/// The maximum number of periods of a schedule.
pub const MAX_PERIODS: usize = 1000;

open_enum! {
    /// How a period recurs, which determines its other members.
    PeriodType: WORDS, {
        /// Every week on `dayOfWeek`.
        DayOfTheWeek = "Day of the week",
        /// Every month on `dayOfMonth`.
        DayOfTheMonth = "Day of the month",
        /// Every day from `startDate` to `stopDate`.
        Date = "Date",
        /// On the days that `rule` generates from `startDate`.
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

/// A period of a schedule, in the local time of the user. The start time is inclusive, the stop time exclusive; without
/// times it is the whole day. A stop time before the start time is on the next day.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// The name, unique in the schedule.
    pub name: PeriodName,
    /// Whether the period is used.
    #[oai(default = "yes")]
    pub active: bool,
    /// How the period recurs.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: PeriodType,
    /// The day of the week; required for `Day of the week`, not allowed for other types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<DayOfWeek>,
    /// The day of the month; required for `Day of the month`, not allowed for other types. Shorter months are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "1"), maximum(value = "31")))]
    pub day_of_month: Option<i32>,
    /// The first day; required for `Date` and `Recurrence`, not allowed for other types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Date>,
    /// The last day, by default `startDate`; for `Date` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<Date>,
    /// The time at which the period starts on each of its days, before `24:00`; requires `stopTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<TimeOfDay>,
    /// The time at which the period ends; requires `startTime` and must differ from it. A time before `startTime` is on
    /// the next day: `22:00` to `06:00` lasts from 22:00 on each of its days to 06:00 on the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<TimeOfDay>,
    /// The recurrence rule; required for `Recurrence`, not allowed for other types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RecurrenceRule>,
    /// Days excluded from the rule; for `Recurrence` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 366, unique_items))]
    pub except_dates: Option<Vec<Date>>,
}

/// Members of some types only, with these types, and whether they are required there.
const MEMBERS: [(&str, &[&str], bool); 6] = [
    ("dayOfWeek", &["Day of the week"], true),
    ("dayOfMonth", &["Day of the month"], true),
    ("startDate", &["Date", "Recurrence"], true),
    ("stopDate", &["Date"], false),
    ("rule", &["Recurrence"], true),
    ("exceptDates", &["Recurrence"], false),
];

impl Period {
    /// The part of each day that the period covers. The error is the name of the invalid member.
    pub fn times(&self) -> Result<Times, &'static str> {
        match (&self.start_time, &self.stop_time) {
            (None, None) => Ok(Times::WHOLE_DAY),
            (Some(start), Some(stop)) => times(start, stop),
            (None, Some(_)) => Err("startTime"),
            (Some(_), None) => Err("stopTime"),
        }
    }
}

fn times(start: &TimeOfDay, stop: &TimeOfDay) -> Result<Times, &'static str> {
    match (start.minutes(), stop.minutes()) {
        (1440, _) => Err("startTime"),
        (start, stop) if start < stop => Ok(Times { start, stop }),
        (start, stop) if stop < start => Ok(Times { start, stop: stop + 1440 }),
        _ => Err("stopTime"),
    }
}

/// Adds the faults of the list of periods at `pointer` by the rules that its schema cannot express. Stops at the
/// maximum number of faults, and ignores a list that is too long.
pub(crate) fn check_all(periods: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let Some(periods) = periods.as_array().filter(|periods| periods.len() <= MAX_PERIODS) else { return };
    let mut names = HashSet::new();
    for (at, period) in periods.iter().enumerate() {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        let pointer = format!("{pointer}/{at}");
        check_members(period, &pointer, faults);
        check_times(period, &pointer, faults);
        check_dates(period, &pointer, faults);
        let name = period["name"].as_str().and_then(|name| PeriodName::parse(name).ok());
        if name.is_some_and(|name| !names.insert(name)) {
            faults.push(Fault::at(
                format!("{pointer}/name"),
                "An earlier period has the same name; names must be unique.",
            ));
        }
    }
    if let Some((at, detail)) = too_dear(periods.iter().map(Costs::of)) {
        faults.push(Fault::at(format!("{pointer}/{at}/rule"), detail));
    }
}

/// The index of the first period that exceeds the budget of a schedule, with the error message.
pub fn too_dear_of(periods: &[Period]) -> Option<(usize, String)> {
    too_dear(periods.iter().map(|period| Costs {
        rule: period.rule.clone(),
        first: period.start_date.as_ref().and_then(|date| date.as_str().parse().ok()),
        whole_day: period.start_time.is_none(),
        exceptions: period.except_dates.as_ref().map_or(0, Vec::len),
    }))
}

/// What determines the cost of a period.
struct Costs {
    rule: Option<RecurrenceRule>,
    first: Option<civil::Date>,
    whole_day: bool,
    exceptions: usize,
}

impl Costs {
    fn of(period: &Value) -> Self {
        Self {
            rule: period["rule"].as_str().and_then(|rule| RecurrenceRule::parse(rule).ok()),
            first: date(&period["startDate"]),
            whole_day: period.get("startTime").is_none(),
            exceptions: period["exceptDates"].as_array().map_or(0, Vec::len),
        }
    }

    fn cost(&self, most: u32) -> u32 {
        match (&self.rule, self.first) {
            (Some(rule), Some(first)) => cost::of(rule, first, self.whole_day, self.exceptions, most),
            _ => cost::SIMPLE,
        }
    }
}

fn too_dear(periods: impl Iterator<Item = Costs>) -> Option<(usize, String)> {
    let mut spent = 0;
    for (at, period) in periods.enumerate() {
        let cost = period.cost(cost::BUDGET - spent);
        if cost > cost::BUDGET - spent {
            return Some((at, cost::refusal(spent, cost)));
        }
        spent += cost;
    }
    None
}

fn check_members(period: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let Some(kind) = period["type"].as_str() else { return };
    for (member, kinds, required) in MEMBERS {
        let pointer = format!("{pointer}/{member}");
        match (kinds.contains(&kind), period.get(member)) {
            (false, Some(_)) => faults
                .push(Fault::at(pointer, format!("`{member}` is only for a period of type {}.", kinds.join(" or ")))),
            (true, None) if required => {
                faults.push(Fault::at(pointer, format!("`{member}` is required for a period of type {kind}.")));
            }
            _ => {}
        }
    }
}

fn check_times(period: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let (member, detail) = match (period.get("startTime"), period.get("stopTime")) {
        (Some(start), Some(stop)) => {
            let parsed = |time: &Value| time.as_str().and_then(|text| TimeOfDay::parse(text).ok());
            let Some((start, stop)) = parsed(start).zip(parsed(stop)) else { return };
            match times(&start, &stop) {
                Ok(_) => return,
                Err("startTime") => (
                    "startTime",
                    "`24:00` is the end of a day; a period that starts then starts at `00:00` of the next day.",
                ),
                Err(_) => (
                    "stopTime",
                    "`stopTime` is the same as `startTime`; a whole day has neither, and a stop on the next day is \
                     before the start.",
                ),
            }
        }
        (Some(_), None) => ("stopTime", "`stopTime` is required with `startTime`."),
        (None, Some(_)) => ("startTime", "`startTime` is required with `stopTime`."),
        (None, None) => return,
    };
    faults.push(Fault::at(format!("{pointer}/{member}"), detail));
}

fn check_dates(period: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    if let (Some(start), Some(stop)) = (date(&period["startDate"]), date(&period["stopDate"]))
        && stop < start
    {
        faults.push(Fault::at(format!("{pointer}/stopDate"), "`stopDate` must not be before `startDate`."));
    }
}

fn date(value: &Value) -> Option<civil::Date> {
    value.as_str().filter(|text| Date::parse(text).is_ok())?.parse().ok()
}
