//! Warnings about a service: who gets through, and when.

use std::collections::HashMap;

use call_acceptance_api::resource::{
    criteria::Selection,
    user_service::ServiceName,
    warning::{Warning, WarningCode},
};

use super::{
    calendar::{Calendar, Stretch},
    callers::{Kind, Route},
    outlook::{Outlook, instant, warning},
    reach::{Asked, By, Reach, State, accepts_all, reach, refused},
    set::RuleSet,
    wording,
};

/// Different states, beyond which nothing is said.
const MOST_STATES: usize = 1000;

/// What holds in a state.
#[derive(Debug, Clone, Copy)]
struct Judgement {
    reach: Reach,
    accepts_all: bool,
    /// Whether callers inside, and callers who withhold their number, are refused because no criteria accepts them.
    refuses_internal: bool,
    refuses_withheld: bool,
}

/// Adds the warnings about services.
pub(super) fn find(outlook: &Outlook<'_>, calendar: &Calendar, warnings: &mut Vec<Warning>) {
    let stretches = calendar.stretches(&outlook.rules);
    let Some(judged) = judge(outlook, &stretches) else { return };
    let all = |holds: fn(&Judgement) -> bool| judged.iter().all(holds);
    if all(|judged| judged.reach == Reach::Nobody) {
        warnings.push(blocks_everyone(outlook, calendar));
        return;
    }
    warnings.extend(blocks_at_times(outlook, &stretches, &judged));
    let acceptance = ServiceName::SelectiveCallAcceptance;
    if outlook.has(acceptance) && all(|judged| judged.accepts_all) {
        let is_idle = !(outlook.rules.roles.accepting | outlook.rules.roles.refusing).meets(active(outlook));
        let detail = if is_idle { wording::NO_ACTIVE_CRITERIA } else { wording::ACCEPTS_EVERYONE };
        warnings.push(warning(WarningCode::AcceptsEveryone, acceptance, detail));
    }
    let whenever =
        |refuses: fn(&Judgement) -> bool| judged.iter().filter(|judged| judged.reach != Reach::Nobody).all(refuses);
    if whenever(|judged| judged.refuses_internal) {
        warnings.push(warning(WarningCode::InternalCallersRefused, acceptance, wording::INTERNAL_CALLERS_REFUSED));
    }
    if whenever(|judged| judged.refuses_withheld) {
        warnings.push(warning(WarningCode::WithheldRefused, acceptance, wording::WITHHELD_REFUSED));
    }
}

fn active(outlook: &Outlook<'_>) -> RuleSet {
    RuleSet::of(&vec![true; outlook.rules.all.len()])
}

/// What holds in each stretch.
fn judge(outlook: &Outlook<'_>, stretches: &[Stretch]) -> Option<Vec<Judgement>> {
    let mut known: HashMap<State, Judgement> = HashMap::new();
    let mut judged = Vec::with_capacity(stretches.len());
    for Stretch { state, .. } in stretches {
        if known.len() > MOST_STATES {
            return None;
        }
        judged.push(*known.entry(*state).or_insert_with(|| judgement(outlook, state)));
    }
    Some(judged)
}

fn judgement(outlook: &Outlook<'_>, state: &State) -> Judgement {
    let (roles, callers) = (&outlook.rules.roles, &outlook.callers);
    let is_default = |kind: &Kind| refused(roles, state, kind) == Some(By::Default);
    Judgement {
        reach: reach(roles, callers, state),
        accepts_all: accepts_all(roles, callers, state),
        refuses_internal: is_default(&callers.stranger(Route { internal: true, forwarded: false })),
        refuses_withheld: is_default(&callers.withheld(Route::default())),
    }
}

/// The next time in which nobody gets through.
fn blocks_at_times(outlook: &Outlook<'_>, stretches: &[Stretch], judged: &[Judgement]) -> Option<Warning> {
    let is_closed = |judged: &Judgement| judged.reach == Reach::Nobody;
    let first = judged.iter().position(is_closed)?;
    let length = judged[first..].iter().take_while(|judged| is_closed(judged)).count();
    let (from, last) = (stretches[first].start, first + length - 1);
    let until = (last + 1 < stretches.len()).then(|| instant(stretches[last].stop));
    let (service, _) = cause(outlook, &stretches[first].state);
    let detail = wording::blocks_at_times(service == ServiceName::SelectiveCallAcceptance);
    let found = warning(WarningCode::BlocksEveryoneAtTimes, service, detail);
    Some(Warning { from: Some(instant(from)), until, ..found })
}

fn blocks_everyone(outlook: &Outlook<'_>, calendar: &Calendar) -> Warning {
    let state = State {
        asked: Asked::ALL,
        effect: RuleSet::of(&calendar.effect.iter().map(|spans| calendar.horizon.is_within(spans)).collect::<Vec<_>>()),
        is_any_valid: true,
    };
    let (service, by) = cause(outlook, &state);
    let roles = &outlook.rules.roles;
    let detail = match by {
        Some(at) => wording::refuses_all(outlook.rules.all[at].kept.name.as_str(), service),
        None if service != ServiceName::SelectiveCallAcceptance => wording::REJECTS_EVERYONE.to_owned(),
        None if !roles.accepting.meets(active(outlook)) => wording::NOTHING_ACCEPTS.to_owned(),
        None => wording::NOTHING_ACCEPTED.to_owned(),
    };
    let criteria = by.map(|at| outlook.rules.all[at].kept.name.clone());
    Warning { criteria, ..warning(WarningCode::BlocksEveryone, service, detail) }
}

/// The service that refuses strangers in a state, and the criteria that refuses whoever calls, if one alone does.
fn cause(outlook: &Outlook<'_>, state: &State) -> (ServiceName, Option<usize>) {
    let roles = &outlook.rules.roles;
    let by = refused(roles, state, &outlook.callers.stranger(Route::default()));
    let (service, of) = match by {
        Some(By::Rejection) => (ServiceName::SelectiveCallRejection, roles.rejecting),
        _ => (ServiceName::SelectiveCallAcceptance, roles.refusing),
    };
    let is_any = |at: &usize| outlook.rules.all[*at].kept.from_dn_criteria.selection == Selection::Any;
    let spares = by == Some(By::Rejection) && state.effect.meets(roles.sparing);
    let refusing = (0..outlook.rules.all.len()).filter(|at| (of & state.effect).has(*at)).find(is_any);
    (service, refusing.filter(|_| !spares))
}
