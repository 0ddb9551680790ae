//! One criteria, ready to be asked.

use std::num::NonZeroU16;

use call_acceptance_api::resource::{
    criteria::Selection,
    decision::{Outcome, Presentation},
};

use super::facts::Facts;
use crate::rules::criteria::{CriteriaKey, KeptCriteria};

/// A criteria as it is asked. There are several for each user in memory, so it is small.
pub(super) struct Rule {
    pub(super) key: CriteriaKey,
    /// Places in [`Parts::schedules`](super::facts::Parts::schedules).
    time: Option<Place>,
    holiday: Option<Place>,
    /// Whether the service leaves undone what it does with the calls that other criteria match.
    pub(super) does_not_perform: bool,
    callers: Callers,
}

/// Whose calls a criteria matches.
enum Callers {
    /// It is not active.
    Nobody,
    /// Everybody's.
    Any,
    /// Those that were forwarded to the user.
    Forwarded,
    /// Those from its numbers and number lists, and of these callers.
    Specified { anonymous: bool, unavailable: bool, internal: bool },
}

impl Callers {
    fn of(criteria: &KeptCriteria) -> Self {
        let from = &criteria.from_dn_criteria;
        match from.selection {
            _ if !criteria.active => Self::Nobody,
            Selection::Any => Self::Any,
            Selection::Forwarded => Self::Forwarded,
            Selection::SpecifiedOnly => Self::Specified {
                anonymous: from.include_anonymous_callers,
                unavailable: from.include_unavailable_callers,
                internal: from.include_internal_callers,
            },
        }
    }
}

/// A place in a list of at most as many things as criteria can refer to, which are a few hundred.
#[derive(Clone, Copy)]
struct Place(NonZeroU16);

impl Place {
    fn of(place: usize) -> Self {
        Self(NonZeroU16::MIN.saturating_add(u16::try_from(place).unwrap_or(u16::MAX)))
    }

    fn get(self) -> usize {
        usize::from(self.0.get() - 1)
    }
}

/// Whether the numbers of the criteria are ever looked at.
pub(super) fn compares_numbers(criteria: &KeptCriteria) -> bool {
    criteria.active && criteria.from_dn_criteria.selection == Selection::SpecifiedOnly
}

impl Rule {
    /// The criteria, whose schedules are at these places.
    pub(super) fn of(criteria: &KeptCriteria, time: Option<usize>, holiday: Option<usize>) -> Self {
        Self {
            key: CriteriaKey { revision: 0, position: criteria.position },
            does_not_perform: criteria.do_not_perform_action,
            callers: Callers::of(criteria),
            time: time.map(Place::of),
            holiday: holiday.map(Place::of),
        }
    }

    /// Whether the criteria, which is at the place `at`, takes part when the call comes in.
    pub(super) fn is_valid(&self, at: usize, facts: &Facts<'_>) -> bool {
        let extras = facts.parts.extras.of_rule(at);
        !matches!(self.callers, Callers::Nobody) && extras.is_none_or(|extras| extras.validity.contains(facts.call.at))
    }

    /// Whether the criteria takes part in the call whoever calls: it is in its validity and its schedules.
    pub(super) fn is_in_effect(&self, at: usize, facts: &Facts<'_>) -> bool {
        let holds = |schedule: Option<Place>| schedule.is_none_or(|place| facts.holds(place.get()));
        self.is_valid(at, facts) && holds(self.time) && holds(self.holiday)
    }

    /// What the criteria says of the call.
    pub(super) fn outcome(&self, at: usize, facts: &Facts<'_>) -> Outcome {
        let holds = |schedule: Option<Place>| schedule.is_none_or(|place| facts.holds(place.get()));
        if matches!(self.callers, Callers::Nobody) {
            Outcome::Inactive
        } else if !self.is_valid(at, facts) {
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
        match self.callers {
            Callers::Nobody => false,
            Callers::Any => true,
            Callers::Forwarded => facts.call.forwarded,
            Callers::Specified { internal: true, .. } if facts.call.internal => true,
            Callers::Specified { anonymous, unavailable, .. } => match facts.presentation() {
                Presentation::Allowed => facts.is_listed(at) || is_on_list(at, facts),
                Presentation::Restricted => anonymous,
                Presentation::Unavailable => unavailable,
            },
        }
    }
}

/// Whether the caller is on a number list of the criteria at this place.
fn is_on_list(at: usize, facts: &Facts<'_>) -> bool {
    let extras = facts.parts.extras.of_rule(at);
    extras.is_some_and(|extras| extras.lists.iter().any(|list| facts.is_on_list(*list)))
}
