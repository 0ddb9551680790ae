//! The criteria of a user in the order of the decision, with what they do.

use std::collections::HashMap;

use call_acceptance_api::resource::{
    criteria::{OutsideSchedules, Selection},
    schedule::period::Period,
    user_service::ServiceName,
};
use jiff::{Timestamp, tz};
use uuid::Uuid;

use super::set::RuleSet;
use crate::rules::{
    criteria::{KeptCriteria, ScheduleLink},
    screening::{CompileError, Schedules, schedule::Schedule},
    service::KeptService,
};

/// An active criteria.
pub(super) struct Rule<'a> {
    pub(super) service: ServiceName,
    pub(super) kept: &'a KeptCriteria,
    /// Places of its schedules.
    pub(super) time: Option<usize>,
    pub(super) holiday: Option<usize>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl Rule<'_> {
    /// Whether the criteria is in its validity.
    pub(super) fn is_valid(&self, at: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }

    /// Its validity in microseconds, within what can be said in them.
    pub(super) fn validity(&self) -> (i64, i64) {
        let or = |end: Option<Timestamp>, else_: i64| end.map_or(else_, Timestamp::as_microsecond);
        (or(self.valid_from, i64::MIN), or(self.valid_until, i64::MAX))
    }

    /// Whether it is about the callers that its numbers and flags say.
    pub(super) fn is_specific(&self) -> bool {
        self.kept.from_dn_criteria.selection == Selection::SpecifiedOnly
    }

    /// Whether its callers cannot be known from its own numbers and flags: it refers to number lists.
    pub(super) fn is_open(&self) -> bool {
        !self.kept.number_lists.is_empty()
    }
}

/// The active criteria of a user in the order of the decision: Selective Call Rejection before Selective Call
/// Acceptance, those of one service in the order in which they were created.
pub(super) struct Rules<'a> {
    pub(super) all: Vec<Rule<'a>>,
    pub(super) schedules: Vec<Schedule>,
    /// The sets of criteria by what they do.
    pub(super) roles: Roles,
}

/// The criteria by what they do with the calls that they match, and what services do without criteria.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Roles {
    /// Of Selective Call Rejection: those that refuse, and those that spare calls from it.
    pub(super) rejecting: RuleSet,
    pub(super) sparing: RuleSet,
    /// Of Selective Call Acceptance: those that refuse, and those that accept.
    pub(super) refusing: RuleSet,
    pub(super) accepting: RuleSet,
    /// Whether Anonymous Call Rejection is on.
    pub(super) refuses_withheld: bool,
    /// Whether the user has Selective Call Acceptance.
    pub(super) has_acceptance: bool,
    pub(super) accepts_outside_schedules: bool,
}

/// The services with criteria in the order of the decision.
const ORDER: [ServiceName; 2] = [ServiceName::SelectiveCallRejection, ServiceName::SelectiveCallAcceptance];

impl<'a> Rules<'a> {
    /// The active criteria of `services`, with their schedules compiled.
    ///
    /// # Errors
    /// The stored data violates the contract.
    pub(super) fn compile(
        services: &'a [KeptService],
        periods: &HashMap<Uuid, Vec<Period>>,
        zone: &tz::TimeZone,
    ) -> Result<Self, CompileError> {
        let (mut all, mut schedules) = (Vec::new(), Schedules::new(zone, periods));
        for service in ORDER.iter().filter_map(|name| services.iter().find(|service| service.name == *name)) {
            let mut active: Vec<_> = service.criteria.iter().filter(|criteria| criteria.active).collect();
            active.sort_by_key(|criteria| criteria.position);
            for kept in active {
                let mut place = |link: &Option<ScheduleLink>| {
                    link.as_ref().map(|link| schedules.place(link, &kept.name)).transpose()
                };
                all.push(Rule {
                    service: service.name,
                    kept,
                    time: place(&kept.time_schedule)?,
                    holiday: place(&kept.holiday_schedule)?,
                    valid_from: kept.valid_from.as_ref().map(|from| from.timestamp()),
                    valid_until: kept.valid_until.as_ref().map(|until| until.timestamp()),
                });
            }
        }
        let roles = Roles::of(services, &all);
        Ok(Self { all, schedules: schedules.compiled, roles })
    }
}

impl Roles {
    fn of(services: &[KeptService], rules: &[Rule<'_>]) -> Self {
        let settings = |name| services.iter().find(|service| service.name == name).map(|service| &service.settings);
        let acceptance = settings(ServiceName::SelectiveCallAcceptance);
        let mut roles = Self {
            refuses_withheld: settings(ServiceName::AnonymousCallRejection).is_some_and(|settings| settings.active),
            has_acceptance: acceptance.is_some(),
            accepts_outside_schedules: acceptance
                .is_some_and(|settings| settings.outside_schedules == OutsideSchedules::Accept),
            ..Self::default()
        };
        for (at, rule) in rules.iter().enumerate() {
            let accepts = rule.service == ServiceName::SelectiveCallAcceptance;
            let set = match (accepts, rule.kept.do_not_perform_action) {
                (true, false) => &mut roles.accepting,
                (true, true) => &mut roles.refusing,
                (false, false) => &mut roles.rejecting,
                (false, true) => &mut roles.sparing,
            };
            set.put(at, true);
        }
        roles
    }
}
