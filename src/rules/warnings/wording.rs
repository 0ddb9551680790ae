//! What the warnings say: what is, and what would be right.

use call_acceptance_api::resource::{criteria::ScheduleReference, user_service::ServiceName};

use crate::rules::criteria::{KeptCriteria, ScheduleLink};

/// How many numbers a text names.
const MOST_NAMED: usize = 3;

pub(super) const NO_ACTIVE_CRITERIA: &str = "The service has no active criteria and refuses no call until it has one. \
    Add a criteria for the callers who may call.";

pub(super) const ACCEPTS_EVERYONE: &str = "Every call is accepted at all times, so the service has no effect. Limit \
    the criteria that accepts all callers to some callers (`selection` `Specified Only`) or to a `timeSchedule`, or \
    refuse some callers by a criteria with `doNotPerformAction`.";

pub(super) const NOTHING_ACCEPTS: &str = "Nobody gets through: all active criteria have `doNotPerformAction`, and a \
    call that no criteria accepts is refused. Add a criteria with `selection` `Any` and without `doNotPerformAction`; \
    those with it win over it.";

pub(super) const NOTHING_ACCEPTED: &str = "Nobody gets through at any time in the coming two years: no criteria that \
    accepts calls ever decides one. See the warnings about the criteria; remove what keeps them from matching, or set \
    `outsideSchedules` to `Accept` so that calls are accepted outside of their schedules.";

pub(super) const REJECTS_EVERYONE: &str = "Nobody gets through at any time in the coming two years: the criteria of \
    this service refuse every call. Limit them to some callers, or add a criteria with `doNotPerformAction` for the \
    callers who may call.";

pub(super) const INTERNAL_CALLERS_REFUSED: &str = "Callers of the user's own organisation are refused like everyone \
    else whom no criteria accepts. Set `includeInternalCallers` in a criteria if colleagues are to get through.";

pub(super) const WITHHELD_REFUSED: &str = "Callers who withhold their number are always refused, even those whose \
    number is listed: a withheld number matches none. Set `includeAnonymousCallers` in a criteria if they are to get \
    through.";

pub(super) const NO_CALLERS: &str = "The criteria matches no caller: it has `selection` `Specified Only`, and neither \
    numbers nor a flag. Add `phoneNumbers`, set `includeAnonymousCallers`, `includeUnavailableCallers` or \
    `includeInternalCallers`, or select `Any`.";

/// Nobody gets through because one criteria refuses whoever calls.
pub(super) fn refuses_all(criteria: &str, service: ServiceName) -> String {
    let action =
        if service == ServiceName::SelectiveCallRejection { "rejects" } else { "has `doNotPerformAction` and refuses" };
    format!(
        "Nobody gets through: the criteria {criteria:?} {action} every call at all times, and wins over what accepts \
         calls. Limit it to some callers (`selection` `Specified Only`) or to a schedule, or make it inactive."
    )
}

/// Nobody gets through for some time.
pub(super) fn blocks_at_times(of_acceptance: bool) -> &'static str {
    match of_acceptance {
        true => {
            "There are times at which nobody gets through; the next is from `from` until `until`. If that is not \
             meant, set `outsideSchedules` to `Accept`, or add a criteria that accepts some callers at all times."
        }
        false => {
            "There are times at which every call is refused; the next is from `from` until `until`. If that is not \
             meant, limit the criteria to some callers."
        }
    }
}

fn named(link: &ScheduleLink) -> String {
    let ScheduleReference { level, name, kind } = &link.reference;
    format!("the schedule {:?} (level {level:?}, type {kind:?})", name.as_str())
}

/// A schedule is over.
pub(super) fn past(link: &ScheduleLink) -> String {
    format!(
        "The criteria matches no more: the last day of {} is over. Add periods to the schedule, use another one, or \
         delete the criteria.",
        named(link)
    )
}

/// The schedules have no time in common.
pub(super) fn never_in_schedules(time: &Option<ScheduleLink>, holiday: &Option<ScheduleLink>) -> String {
    match (time, holiday) {
        (Some(time), Some(holiday)) => format!(
            "The criteria never matches in the coming two years: {} and {} have no common time, and both must hold. \
             {EXCEPT_HOLIDAYS}",
            named(time),
            named(holiday)
        ),
        (one, other) => {
            let link = one.as_ref().or(other.as_ref()).map(named).unwrap_or_default();
            format!(
                "The criteria never matches in the coming two years: {link} has no time in them. Add active periods \
                 to it, or use another one."
            )
        }
    }
}

const EXCEPT_HOLIDAYS: &str = "For the time schedule except holidays, remove `holidaySchedule` here and add a criteria \
    with `doNotPerformAction`, `selection` `Any` and the holiday schedule; for both times, use two criteria with one \
    schedule each.";

/// The schedules have little time in common.
pub(super) fn narrow(time: &ScheduleLink, holiday: &ScheduleLink) -> String {
    format!(
        "Both schedules must hold, and less than 5 % of the time of {} is also in {}. {EXCEPT_HOLIDAYS}",
        named(time),
        named(holiday)
    )
}

/// Another criteria decides before this one.
pub(super) fn shadowed(other: &KeptCriteria, service: ServiceName, is_same: bool) -> String {
    let of = if is_same { String::new() } else { format!(" of {}", service.as_str()) };
    let what = match (service, other.do_not_perform_action) {
        (ServiceName::SelectiveCallRejection, true) => "which spares them",
        (_, true) | (ServiceName::SelectiveCallRejection, false) => "which refuses them",
        _ => "which accepts them",
    };
    format!(
        "The criteria decides no call: all that it matches are decided by {:?}{of}, {what} whenever this one is in \
         effect. Delete this criteria, or limit the other one to fewer callers or times.",
        other.name.as_str()
    )
}

/// One number twice.
pub(super) fn twice(pairs: &[(&str, &str)]) -> String {
    let named: Vec<_> =
        pairs.iter().take(MOST_NAMED).map(|(first, second)| format!("{first:?} and {second:?}")).collect();
    let (named, more) = (named.join("; "), more(pairs.len()));
    format!("{named}{more} are the same number in two written forms. Keep one of them.")
}

/// The user's own number.
pub(super) fn own(pattern: &str) -> String {
    format!(
        "{pattern:?} is the user's own number. Criteria list the numbers of callers, not those that are called; remove \
         it."
    )
}

/// Patterns that no number matches.
pub(super) fn never_written(patterns: &[&str]) -> String {
    let named: Vec<_> = patterns.iter().take(MOST_NAMED).map(|pattern| format!("{pattern:?}")).collect();
    let (named, more) = (named.join(", "), more(patterns.len()));
    format!(
        "No caller's number has a written form that matches {named}{more}. Write patterns in international form \
         (`+` and the country code, without the 0 of the national number) or in national form (`0` in front where the \
         country dials it)."
    )
}

fn more(count: usize) -> String {
    match count.saturating_sub(MOST_NAMED) {
        0 => String::new(),
        left => format!(" (and {left} more)"),
    }
}
