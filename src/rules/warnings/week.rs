//! Who gets through in the coming week.
//!
//! A week is 336 half hours of the user's local time, from that which contains the instant asked about. Each is judged
//! at its start, as a call at that instant would be decided: suspensions count.

use std::collections::HashMap;

use call_acceptance_api::resource::user_service::ServiceName;
use jiff::{SignedDuration, Timestamp};

use super::{
    outlook::Outlook,
    reach::{Asked, Reach, State, reach},
    set::RuleSet,
};
use crate::rules::screening::schedule::Moment;

const HALF_HOUR: SignedDuration = SignedDuration::from_mins(30);
const HALF_HOURS: usize = 7 * 48;

/// Whole half hours in which the same callers get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Inclusive.
    pub start: Timestamp,
    /// Exclusive.
    pub stop: Timestamp,
    /// Who gets through.
    pub reach: Reach,
}

/// The week from the half hour that contains `at`, adjoining half hours of the same callers joined.
pub(super) fn of(outlook: &Outlook<'_>, at: Timestamp) -> Vec<Hours> {
    let mut known: HashMap<State, Reach> = HashMap::new();
    let mut week: Vec<Hours> = Vec::new();
    let mut start = begin(outlook, at);
    for _ in 0..HALF_HOURS {
        let stop = start.saturating_add(HALF_HOUR).unwrap_or(Timestamp::MAX);
        let state = state(outlook, start);
        let judge = || reach(&outlook.rules.roles, &outlook.callers, &state);
        let reach = *known.entry(state).or_insert_with(judge);
        match week.last_mut() {
            Some(last) if last.reach == reach => last.stop = stop,
            _ => week.push(Hours { start, stop, reach }),
        }
        start = stop;
    }
    week
}

/// The start of the local half hour that contains `at`.
fn begin(outlook: &Outlook<'_>, at: Timestamp) -> Timestamp {
    let local = outlook.zone.to_datetime(at);
    let into = i64::from(local.minute() % 30) * 60 + i64::from(local.second());
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.saturating_sub(SignedDuration::from_secs(into)).unwrap_or(Timestamp::MIN)
}

/// What is in effect at an instant.
fn state(outlook: &Outlook<'_>, at: Timestamp) -> State {
    let moment = Moment::of(outlook.zone.to_datetime(at));
    let holds: Vec<bool> = outlook.rules.schedules.iter().map(|schedule| schedule.holds(&moment)).collect();
    let is_asked = |name| {
        let service = outlook.subject.services.iter().find(|service| service.name == name);
        let until = service.and_then(|service| service.settings.suspended_until.as_ref());
        until.is_none_or(|until| until.timestamp() <= at)
    };
    let rules = || outlook.rules.all.iter();
    let effect = rules().map(|rule| {
        rule.is_valid(at) && [rule.time, rule.holiday].into_iter().flatten().all(|schedule| holds[schedule])
    });
    let of_acceptance = |service| service == ServiceName::SelectiveCallAcceptance;
    State {
        asked: Asked {
            rejection: is_asked(ServiceName::SelectiveCallRejection),
            anonymous: is_asked(ServiceName::AnonymousCallRejection),
            acceptance: is_asked(ServiceName::SelectiveCallAcceptance),
        },
        effect: RuleSet::of(&effect.collect::<Vec<_>>()),
        is_any_valid: rules().any(|rule| of_acceptance(rule.service) && rule.is_valid(at)),
    }
}
