//! Warnings about one criteria: whether it ever matches, and whether it ever decides.

use call_acceptance_api::{
    resource::{
        criteria::Selection,
        warning::{Warning, WarningCode},
    },
    value::recurrence::number_of,
};
use jiff::Timestamp;

use super::{
    calendar::Calendar,
    outlook::{Outlook, warning},
    rule::Rule,
    set::RuleSet,
    wording,
};
use crate::rules::criteria::ScheduleLink;

/// The time of both schedules is narrow below this part of the time of the time schedule: one in twenty.
const NARROW: i64 = 20;

/// Adds the warnings about the criteria at the place `of`.
pub(super) fn find(
    outlook: &Outlook<'_>,
    calendar: Option<&Calendar>,
    of: usize,
    at: Timestamp,
    warnings: &mut Vec<Warning>,
) {
    let rule = &outlook.rules.all[of];
    let about = |code, detail: String| {
        let criteria = Some(rule.kept.name.clone());
        Warning { criteria, ..warning(code, rule.service, detail) }
    };
    if has_no_callers(rule) {
        warnings.push(about(WarningCode::NeverMatchesNoCallers, wording::NO_CALLERS.to_owned()));
    }
    let Some(calendar) = calendar else { return };
    match past(outlook, rule, at) {
        Some(link) => warnings.push(about(WarningCode::SchedulesPast, wording::past(link))),
        None if never_in_schedules(calendar, rule) => {
            let detail = wording::never_in_schedules(&rule.kept.time_schedule, &rule.kept.holiday_schedule);
            warnings.push(about(WarningCode::NeverMatchesSchedules, detail));
        }
        None => {}
    }
    if let (Some(time), Some(holiday)) = (&rule.kept.time_schedule, &rule.kept.holiday_schedule)
        && is_narrow(calendar, rule)
    {
        warnings.push(about(WarningCode::HolidayNarrows, wording::narrow(time, holiday)));
    }
    if let Some(by) = shadow(outlook, calendar, of) {
        let other = &outlook.rules.all[by];
        let detail = wording::shadowed(other.kept, other.service, other.service == rule.service);
        let found = about(WarningCode::Shadowed, detail);
        warnings.push(Warning { other: Some(other.kept.name.clone()), ..found });
    }
}

fn has_no_callers(rule: &Rule<'_>) -> bool {
    let from = &rule.kept.from_dn_criteria;
    let flags = [from.include_anonymous_callers, from.include_unavailable_callers, from.include_internal_callers];
    rule.is_specific() && !rule.is_open() && from.phone_numbers.is_empty() && flags == [false; 3]
}

/// The schedule of the criteria whose last day is over.
fn past<'a>(outlook: &Outlook<'_>, rule: &'a Rule<'_>, at: Timestamp) -> Option<&'a ScheduleLink> {
    // A period of the day before may still last.
    let yesterday = number_of(outlook.zone.to_datetime(at).date()) - 1;
    let links = [(rule.time, &rule.kept.time_schedule), (rule.holiday, &rule.kept.holiday_schedule)];
    links.into_iter().find_map(|(place, link)| {
        let last = outlook.rules.schedules[place?].last_day()?;
        link.as_ref().filter(|_| last < yesterday)
    })
}

/// Whether the schedules of the criteria have no common instant, whatever its validity.
fn never_in_schedules(calendar: &Calendar, rule: &Rule<'_>) -> bool {
    let mut links = [rule.time, rule.holiday].into_iter().flatten().map(|at| &calendar.schedules[at]);
    let Some(first) = links.next() else { return false };
    links.next().map_or(first.is_empty(), |second| first.intersection(second).is_empty())
}

fn is_narrow(calendar: &Calendar, rule: &Rule<'_>) -> bool {
    let (Some(time), Some(holiday)) = (rule.time, rule.holiday) else { return false };
    let time = &calendar.schedules[time];
    let both = time.intersection(&calendar.schedules[holiday]);
    !time.is_empty() && both.total() < time.total() / NARROW
}

/// The criteria that decides every call that the one at `of` could decide.
fn shadow(outlook: &Outlook<'_>, calendar: &Calendar, of: usize) -> Option<usize> {
    let (rule, effect) = (&outlook.rules.all[of], &calendar.effect[of]);
    if effect.is_empty() || has_no_callers(rule) {
        return None;
    }
    let covers = |by: &usize| effect.is_within(&calendar.effect[*by]) && has_callers_of(outlook, *by, of);
    candidates(outlook, of).into_iter().find(covers)
}

/// The criteria that are before the one at `of` in effect, in the order in which they decide.
fn candidates(outlook: &Outlook<'_>, of: usize) -> Vec<usize> {
    let roles = &outlook.rules.roles;
    let among = |set: RuleSet, until: usize| (0..until).filter(move |at| set.has(*at) && *at != of);
    let count = outlook.rules.all.len();
    // Calls that a criteria spares go on to the next service.
    let rejecting = if roles.sparing == RuleSet::default() { roles.rejecting } else { RuleSet::default() };
    if roles.accepting.has(of) {
        among(rejecting, count).chain(among(roles.refusing, count)).chain(among(roles.accepting, of)).collect()
    } else if roles.refusing.has(of) {
        among(rejecting, count).chain(among(roles.refusing, of)).collect()
    } else if roles.rejecting.has(of) {
        among(roles.sparing, count).chain(among(roles.rejecting, of)).collect()
    } else {
        among(roles.sparing, of).collect()
    }
}

/// Whether the criteria at `by` is about all callers that the one at `of` is about.
fn has_callers_of(outlook: &Outlook<'_>, by: usize, of: usize) -> bool {
    let from = |at: usize| &outlook.rules.all[at].kept.from_dn_criteria;
    let (one, other) = (from(of), from(by));
    match (other.selection, one.selection) {
        (Selection::Any, _) | (Selection::Forwarded, Selection::Forwarded) => true,
        (Selection::SpecifiedOnly, Selection::SpecifiedOnly) => {
            outlook.callers.covers(by, of)
                && (other.include_anonymous_callers || !one.include_anonymous_callers)
                && (other.include_unavailable_callers || !one.include_unavailable_callers)
                && (other.include_internal_callers || !one.include_internal_callers)
        }
        _ => false,
    }
}
