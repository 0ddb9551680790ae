//! What few users have. The others pay for a pointer only.

use std::sync::Arc;

use uuid::Uuid;

use super::{policy::Policy, rule::RuleExtras};

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
