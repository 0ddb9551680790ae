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
    /// In a box, since few criteria have one.
    validity: Option<Box<Validity>>,
    /// Whether the service leaves undone what it does with the calls that other criteria match.
    pub(super) does_not_perform: bool,
    selection: Selection,
    anonymous: bool,
    unavailable: bool,
    internal: bool,
    /// Places in [`Parts::schedules`](super::facts::Parts::schedules).
    time: Option<u32>,
    holiday: Option<u32>,
    /// Places in [`Screening::number_lists`](super::Screening::number_lists).
    lists: Box<[u32]>,
}

/// The time in which a criteria takes part.
struct Validity {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Validity {
    fn of(criteria: &KeptCriteria) -> Option<Self> {
        let [from, until] =
            [&criteria.valid_from, &criteria.valid_until].map(|end| end.as_ref().map(Instant::timestamp));
        (from.is_some() || until.is_some()).then_some(Self { from, until })
    }

    fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Whether the numbers of the criteria are ever looked at.
pub(super) fn compares_numbers(criteria: &KeptCriteria) -> bool {
    criteria.active && criteria.from_dn_criteria.selection == Selection::SpecifiedOnly
}

impl Rule {
    /// The criteria, whose schedules and number lists are at these places.
    pub(super) fn of(criteria: &KeptCriteria, time: Option<usize>, holiday: Option<usize>, lists: Vec<usize>) -> Self {
        let from = &criteria.from_dn_criteria;
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            name: criteria.name.clone(),
            position: criteria.position,
            active: criteria.active,
            validity: Validity::of(criteria).map(Box::new),
            does_not_perform: criteria.do_not_perform_action,
            selection: from.selection,
            anonymous: from.include_anonymous_callers,
            unavailable: from.include_unavailable_callers,
            internal: from.include_internal_callers,
            time: time.map(short),
            holiday: holiday.map(short),
            lists: lists.into_iter().map(short).collect(),
        }
    }

    /// Whether the criteria takes part at this instant.
    pub(super) fn is_valid(&self, at: Timestamp) -> bool {
        self.active && self.validity.as_ref().is_none_or(|validity| validity.contains(at))
    }

    /// Whether the criteria takes part in the call whoever calls: it is in its validity and its schedules.
    pub(super) fn is_in_effect(&self, facts: &Facts<'_>) -> bool {
        let holds = |schedule: Option<u32>| schedule.is_none_or(|at| facts.holds(at));
        self.is_valid(facts.call.at) && holds(self.time) && holds(self.holiday)
    }

    /// What the criteria, which is at the place `at`, says of the call.
    pub(super) fn outcome(&self, at: usize, facts: &Facts<'_>) -> Outcome {
        let holds = |schedule: Option<u32>| schedule.is_none_or(|at| facts.holds(at));
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
        self.name.as_str().len() + size_of_val(&*self.lists) + self.validity.as_deref().map_or(0, size_of_val)
    }
}
