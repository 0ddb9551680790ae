//! What few users have. The others pay for a pointer only.

use std::sync::Arc;

use call_acceptance_api::value::time::Instant;
use jiff::Timestamp;
use uuid::Uuid;

use super::policy::Policy;
use crate::rules::criteria::KeptCriteria;

/// What few users have, if this one has any of it.
#[derive(Default)]
pub(super) struct Extras(Option<Box<Inner>>);

#[derive(Default)]
struct Inner {
    policies: Box<[Arc<Policy>]>,
    lists: Box<[Uuid]>,
    /// By the places of their rules, in rising order.
    rules: Box<[(usize, RuleExtras)]>,
}

impl Extras {
    /// The extras of `rules`, by their places in rising order, with the keys of the number lists that they refer to.
    pub(super) fn of(rules: Vec<(usize, RuleExtras)>, lists: Vec<Uuid>) -> Self {
        let any = !rules.is_empty() || !lists.is_empty();
        // A copy: shrinking in place would keep the spare capacity allocated.
        let inner = || Inner { policies: Box::default(), lists: lists.as_slice().into(), rules: rules.into() };
        Self(any.then(|| Box::new(inner())))
    }

    /// Sets the policies.
    pub(super) fn set_policies(&mut self, policies: Box<[Arc<Policy>]>) {
        if self.0.is_some() || !policies.is_empty() {
            self.0.get_or_insert_default().policies = policies;
        }
    }

    /// The policies that apply to the user, from the nearest up.
    pub(super) fn policies(&self) -> &[Arc<Policy>] {
        self.0.as_ref().map_or(&[], |inner| &inner.policies)
    }

    /// The keys of the number lists that rules refer to, each once.
    pub(super) fn lists(&self) -> &[Uuid] {
        self.0.as_ref().map_or(&[], |inner| &inner.lists)
    }

    /// Those of the rule at this place.
    pub(super) fn of_rule(&self, place: usize) -> Option<&RuleExtras> {
        let rules = &self.0.as_ref()?.rules;
        rules.binary_search_by_key(&place, |(place, _)| *place).ok().map(|at| &rules[at].1)
    }

    /// The memory that it takes beside itself, without policies, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.0.as_deref().map_or(0, |inner| {
            let rules = inner.rules.iter().map(|(_, extras)| extras.weight());
            size_of_val(inner)
                + size_of_val(&*inner.policies)
                + size_of_val(&*inner.lists)
                + size_of_val(&*inner.rules)
                + rules.sum::<usize>()
        })
    }
}

/// What few criteria have: a validity, or number lists.
pub(super) struct RuleExtras {
    pub(super) validity: Validity,
    /// Places in [`Screening::number_lists`](super::Screening::number_lists).
    pub(super) lists: Box<[usize]>,
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

/// The time in which a criteria takes part: from its beginning until just before its end, as far as it has them.
pub(super) struct Validity {
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

    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}
