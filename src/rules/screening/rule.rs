//! One criteria, ready to be asked.

use std::num::NonZeroU16;

use call_acceptance_api::{
    resource::{
        criteria::Selection,
        decision::{Outcome, Presentation},
    },
    value::time::Instant,
};
use jiff::Timestamp;

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

/// What few criteria have.
pub(super) struct RuleExtras {
    validity: Validity,
    /// Places in [`Screening::number_lists`](super::Screening::number_lists).
    lists: Box<[usize]>,
}

impl RuleExtras {
    /// Those of the criteria, whose number lists are at these places, if it has any.
    pub(super) fn of(criteria: &KeptCriteria, lists: Vec<usize>) -> Option<Self> {
        let extras = Self { validity: Validity::of(criteria), lists: lists.into() };
        (!extras.validity.is_always() || !extras.lists.is_empty()).then_some(extras)
    }

    /// The memory that they take beside themselves, in bytes.
    pub(super) fn weight(&self) -> usize {
        size_of_val(&*self.lists)
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

/// The time in which a criteria takes part: from its beginning until just before its end, as far as it has them.
struct Validity {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Validity {
    fn of(criteria: &KeptCriteria) -> Self {
        let [from, until] =
            [&criteria.valid_from, &criteria.valid_until].map(|end| end.as_ref().map(Instant::timestamp));
        Self { from, until }
    }

    fn is_always(&self) -> bool {
        self.from.is_none() && self.until.is_none()
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
        let contains = |extras: &RuleExtras| extras.validity.contains(facts.call.at);
        !matches!(self.callers, Callers::Nobody) && facts.parts.extras.of_rule(at).is_none_or(contains)
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
