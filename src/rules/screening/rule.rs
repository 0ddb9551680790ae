//! One criteria, ready to be asked.

use call_acceptance_api::{
    resource::{
        criteria::Selection,
        decision::{Outcome, Presentation},
    },
    value::{name::CriteriaName, time::Instant},
};
use jiff::Timestamp;

use super::facts::Facts;
use crate::rules::criteria::KeptCriteria;

/// A criteria as it is asked.
pub(super) struct Rule {
    pub(super) name: CriteriaName,
    pub(super) position: i32,
    active: bool,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    /// Whether the service leaves undone what it does with the calls that other criteria match.
    pub(super) does_not_perform: bool,
    selection: Selection,
    anonymous: bool,
    unavailable: bool,
    internal: bool,
    /// Places in [`Parts::schedules`](super::facts::Parts::schedules).
    time: Option<usize>,
    holiday: Option<usize>,
    /// Places in [`Screening::number_lists`](super::Screening::number_lists).
    lists: Box<[usize]>,
}

/// Whether the numbers of the criteria are ever looked at.
pub(super) fn compares_numbers(criteria: &KeptCriteria) -> bool {
    criteria.active && criteria.from_dn_criteria.selection == Selection::SpecifiedOnly
}

impl Rule {
    /// The criteria, whose schedules and number lists are at these places.
    pub(super) fn of(
        criteria: &KeptCriteria,
        time: Option<usize>,
        holiday: Option<usize>,
        lists: Box<[usize]>,
    ) -> Self {
        let from = &criteria.from_dn_criteria;
        Self {
            name: criteria.name.clone(),
            position: criteria.position,
            active: criteria.active,
            valid_from: criteria.valid_from.as_ref().map(Instant::timestamp),
            valid_until: criteria.valid_until.as_ref().map(Instant::timestamp),
            does_not_perform: criteria.do_not_perform_action,
            selection: from.selection,
            anonymous: from.include_anonymous_callers,
            unavailable: from.include_unavailable_callers,
            internal: from.include_internal_callers,
            time,
            holiday,
            lists,
        }
    }

    /// Whether the criteria takes part at this instant.
    pub(super) fn is_valid(&self, at: Timestamp) -> bool {
        self.active && self.valid_from.is_none_or(|from| from <= at) && self.valid_until.is_none_or(|until| at < until)
    }

    /// Whether the criteria takes part in the call whoever calls: it is in its validity and its schedules.
    pub(super) fn is_in_effect(&self, facts: &Facts<'_>) -> bool {
        let holds = |schedule: Option<usize>| schedule.is_none_or(|at| facts.holds(at));
        self.is_valid(facts.call.at) && holds(self.time) && holds(self.holiday)
    }

    /// What the criteria, which is at the place `at`, says of the call.
    pub(super) fn outcome(&self, at: usize, facts: &Facts<'_>) -> Outcome {
        let holds = |schedule: Option<usize>| schedule.is_none_or(|at| facts.holds(at));
        if !self.active {
            Outcome::Inactive
        } else if !self.is_valid(facts.call.at) {
            Outcome::OutsideValidity
        } else if !self.number_part(at, facts) {
            Outcome::NumberNotMatched
        } else if !holds(self.time) {
            Outcome::OutsideTimeSchedule
        } else if !holds(self.holiday) {
            Outcome::OutsideHolidaySchedule
        } else {
            Outcome::Matched
        }
    }

    fn number_part(&self, at: usize, facts: &Facts<'_>) -> bool {
        match self.selection {
            Selection::Any => true,
            Selection::Forwarded => facts.call.forwarded,
            Selection::SpecifiedOnly => self.internal && facts.call.internal || self.is_about(at, facts),
        }
    }

    fn is_about(&self, at: usize, facts: &Facts<'_>) -> bool {
        match facts.presentation() {
            Presentation::Allowed => facts.is_listed(at) || self.lists.iter().any(|list| facts.is_on_list(*list)),
            Presentation::Restricted => self.anonymous,
            Presentation::Unavailable => self.unavailable,
        }
    }

    /// The memory that it takes beside itself, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.name.as_str().len() + size_of_val(&*self.lists)
    }
}
