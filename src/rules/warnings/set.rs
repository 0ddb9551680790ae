//! Sets of criteria.

use std::ops::{BitAnd, BitOr};

use call_acceptance_api::resource::criteria::MAX_CRITERIA;

/// A set of criteria, by their places in the order of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct RuleSet([u64; RuleSet::WORDS]);

/// The services that have criteria.
const SERVICES: usize = 2;

impl RuleSet {
    const WORDS: usize = (SERVICES * MAX_CRITERIA).div_ceil(64);

    /// The places at which `marks` is true.
    pub(super) fn of(marks: &[bool]) -> Self {
        let mut set = Self::default();
        marks.iter().enumerate().filter(|(_, mark)| **mark).for_each(|(at, _)| set.put(at, true));
        set
    }

    /// Whether the criteria at this place is in the set.
    pub(super) fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Puts the criteria at this place in or out.
    pub(super) fn put(&mut self, at: usize, is_in: bool) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(is_in) << (at % 64);
        }
    }

    /// Whether the sets have a criteria in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self & other != Self::default()
    }
}

impl BitAnd for RuleSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }
}

impl BitOr for RuleSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}
