//! The order of the decision: the first that applies decides.
//!
//! 1. An emergency service calls back: accepted.
//! 2. The caller is a protected caller of the user's group or tenant: accepted.
//! 3. The services that the user has and that are not suspended, in the order of [`ORDER`], until one decides.
//! 4. None has: accepted.
//!
//! Selective Call Rejection refuses what a criteria of it matches, unless one with `doNotPerformAction` matches too.
//!
//! Anonymous Call Rejection, while it is active, refuses callers who withhold their number, but for those inside.
//!
//! Selective Call Acceptance decides always: a call is accepted while no criteria is active and in its validity, for
//! the service does nothing until then; refused by a matching criteria with `doNotPerformAction`; accepted by a
//! matching one without it; accepted while none of those is in effect, where the user wants that; refused otherwise.
//!
//! Where several criteria match, the first in creation order is named. To add a service, give it its place in [`ORDER`]
//! and its step in [`Order::step`].

use std::ops::Range;

use call_acceptance_api::{
    resource::{
        criteria::OutsideSchedules,
        decision::{CriteriaOutcome, Outcome, Presentation, Reason},
        user_service::ServiceName,
    },
    value::name::CriteriaNames,
};
use jiff::Timestamp;

use super::{call::Ruling, facts::Facts, rule::Rule};
use crate::rules::{
    criteria::KeptCriteria,
    service::{KeptService, Settings},
};

/// The services in the order in which they are asked.
const ORDER: [ServiceName; ServiceName::ALL.len()] =
    [ServiceName::SelectiveCallRejection, ServiceName::AnonymousCallRejection, ServiceName::SelectiveCallAcceptance];

/// A service that the user has.
pub(super) struct Service {
    name: ServiceName,
    active: bool,
    accepts_outside_schedules: bool,
    /// The places of its criteria in [`Order::rules`].
    rules: Range<u16>,
    /// In a box, since few services are suspended.
    suspended_until: Option<Box<Timestamp>>,
}

impl Service {
    fn of(name: ServiceName, settings: &Settings, rules: Range<usize>) -> Self {
        // A user has a few hundred criteria at most.
        let [start, end] = [rules.start, rules.end].map(|place| u16::try_from(place).unwrap_or(u16::MAX));
        Self {
            name,
            active: settings.active,
            accepts_outside_schedules: settings.outside_schedules == OutsideSchedules::Accept,
            rules: start..end,
            suspended_until: settings.suspended_until.as_ref().map(|until| Box::new(until.timestamp())),
        }
    }

    fn rules(&self) -> Range<usize> {
        self.rules.start.into()..self.rules.end.into()
    }

    fn is_suspended(&self, at: Timestamp) -> bool {
        self.suspended_until.as_ref().is_some_and(|until| at < **until)
    }
}

/// The services in the order in which they are asked, and their criteria, those of one together in creation order.
pub(super) fn arrange(services: &[KeptService]) -> (Box<[Service]>, Vec<&KeptCriteria>) {
    let mut arranged = Vec::new();
    let mut criteria: Vec<&KeptCriteria> = Vec::new();
    for kept in ORDER.iter().filter_map(|name| services.iter().find(|service| service.name == *name)) {
        let start = criteria.len();
        criteria.extend(&kept.criteria);
        criteria[start..].sort_by_key(|criteria| criteria.position);
        arranged.push(Service::of(kept.name, &kept.settings, start..criteria.len()));
    }
    (arranged.into(), criteria)
}

/// The services of a user with their criteria, in the order of the decision.
pub(super) struct Order {
    services: Box<[Service]>,
    /// The criteria of all services, those of one together and in creation order.
    rules: Box<[Rule]>,
    /// Their names.
    names: CriteriaNames,
}

impl Order {
    /// These services with the rules that their criteria were compiled to and the names of these, all as [`arrange`]
    /// arranged them.
    pub(super) fn of(services: Box<[Service]>, rules: Box<[Rule]>, names: CriteriaNames) -> Self {
        Self { services, rules, names }
    }

    /// How many criteria there are.
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Sets the revision of its service when each criteria was created, by service and position.
    pub(super) fn set_created(&mut self, revision: impl Fn(ServiceName, i32) -> i64) {
        for service in &self.services {
            for rule in &mut self.rules[service.rules()] {
                rule.key.revision = revision(service.name, rule.key.position);
            }
        }
    }

    /// Whether the user has the service.
    pub(super) fn has(&self, service: ServiceName) -> bool {
        self.services.iter().any(|assigned| assigned.name == service)
    }

    /// The memory that it takes beside itself, in bytes.
    pub(super) fn weight(&self) -> usize {
        let suspended = self.services.iter().filter_map(|service| service.suspended_until.as_deref());
        let suspended = suspended.map(size_of_val).sum::<usize>();
        size_of_val(&*self.services) + size_of_val(&*self.rules) + self.names.as_str().len() + suspended
    }

    /// What becomes of the call.
    pub(super) fn ruling(&self, facts: &Facts<'_>) -> Ruling {
        if let Some(reason) = before_services(facts) {
            return by_none(reason);
        }
        self.asked(facts).find_map(|service| self.step(service, facts)).unwrap_or_else(|| by_none(self.undecided()))
    }

    /// What the criteria of the services that are asked say of the call.
    pub(super) fn explanation(&self, facts: &Facts<'_>) -> Vec<CriteriaOutcome> {
        let mut explanation = Vec::new();
        if before_services(facts).is_some() {
            return explanation;
        }
        for service in self.asked(facts) {
            let names = self.names.iter().skip(service.rules().start);
            explanation.extend(self.rules_of(service).zip(names).map(|((at, rule), criteria)| CriteriaOutcome {
                service: service.name,
                criteria,
                do_not_perform_action: rule.does_not_perform,
                outcome: rule.outcome(at, facts),
            }));
            if self.step(service, facts).is_some() {
                break;
            }
        }
        explanation
    }

    /// The services that are asked, until one decides.
    fn asked(&self, facts: &Facts<'_>) -> impl Iterator<Item = &Service> {
        let at = facts.call.at;
        self.services.iter().filter(move |service| !service.is_suspended(at))
    }

    /// Why a call is accepted that no service decides on.
    fn undecided(&self) -> Reason {
        if self.has(ServiceName::SelectiveCallAcceptance) {
            // It decides always when it is asked.
            Reason::Suspended
        } else if self.has(ServiceName::SelectiveCallRejection) {
            Reason::NoRejectionCriteriaMatched
        } else {
            Reason::ServiceNotAssigned
        }
    }

    /// What the service makes of the call; `None` when it leaves it to those that are asked after it.
    fn step(&self, service: &Service, facts: &Facts<'_>) -> Option<Ruling> {
        match service.name {
            ServiceName::SelectiveCallRejection => self.rejection(service, facts),
            ServiceName::AnonymousCallRejection => anonymous_rejection(service, facts),
            ServiceName::SelectiveCallAcceptance => Some(self.acceptance(service, facts)),
        }
    }

    fn rejection(&self, service: &Service, facts: &Facts<'_>) -> Option<Ruling> {
        let refusing = self.first_match(service, false, facts)?;
        let spared = self.first_match(service, true, facts).is_some();
        (!spared).then(|| self.by(Reason::RejectionCriteriaMatched, refusing))
    }

    fn acceptance(&self, service: &Service, facts: &Facts<'_>) -> Ruling {
        if !self.rules_of(service).any(|(at, rule)| rule.is_valid(at, facts)) {
            return by_none(Reason::NoActiveCriteria);
        }
        if let Some(refusing) = self.first_match(service, true, facts) {
            return self.by(Reason::DoNotAccept, refusing);
        }
        if let Some(accepting) = self.first_match(service, false, facts) {
            return self.by(Reason::CriteriaMatched, accepting);
        }
        let may_accept = |(at, rule): (usize, &Rule)| !rule.does_not_perform && rule.is_in_effect(at, facts);
        match service.accepts_outside_schedules && !self.rules_of(service).any(may_accept) {
            true => by_none(Reason::NoCriteriaInEffect),
            false => by_none(Reason::NoCriteriaMatched),
        }
    }

    fn rules_of(&self, service: &Service) -> impl Iterator<Item = (usize, &Rule)> {
        service.rules().zip(&self.rules[service.rules()])
    }

    /// The place of the first criteria of the service that matches, among those that do not perform its action or those
    /// that do.
    fn first_match(&self, service: &Service, does_not_perform: bool, facts: &Facts<'_>) -> Option<usize> {
        let matches = |(at, rule): &(usize, &Rule)| {
            rule.does_not_perform == does_not_perform && rule.outcome(*at, facts) == Outcome::Matched
        };
        self.rules_of(service).find(matches).map(|(at, _)| at)
    }

    /// What the criteria at this place decided.
    fn by(&self, reason: Reason, at: usize) -> Ruling {
        Ruling { reason, criteria: self.names.iter().nth(at), key: Some(self.rules[at].key) }
    }
}

/// Why the call is accepted whatever the services say.
fn before_services(facts: &Facts<'_>) -> Option<Reason> {
    if facts.call.is_emergency_callback {
        Some(Reason::EmergencyCallback)
    } else {
        facts.is_protected().then_some(Reason::ProtectedCaller)
    }
}

fn anonymous_rejection(service: &Service, facts: &Facts<'_>) -> Option<Ruling> {
    let refuses = service.active && !facts.call.internal && facts.presentation() == Presentation::Restricted;
    refuses.then_some(by_none(Reason::AnonymousCallRejected))
}

/// What no criteria decided.
fn by_none(reason: Reason) -> Ruling {
    Ruling { reason, criteria: None, key: None }
}
