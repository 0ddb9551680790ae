//! `BYSETPOS`: selects days by their position among the matching days of a period.

use super::conditions::{Bits, both_ends, has};

/// The selected positions, counted from the first day and from the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Positions(Bits, Bits);

impl Positions {
    /// `None` if there are no positions: then every day is selected.
    pub(super) fn of(positions: &[i16]) -> Option<Self> {
        let (from_start, from_end) = both_ends(positions);
        (!positions.is_empty()).then_some(Self(from_start, from_end))
    }

    /// Whether the day at index `before` of `count` matching days is selected.
    pub(super) fn name(&self, before: u32, count: u32) -> bool {
        let place = |at: u32| i16::try_from(at).unwrap_or(i16::MAX);
        has(&self.0, place(before + 1)) || has(&self.1, place(count - before))
    }

    /// The selected `days`, where `days` are all matching days of a period.
    pub(super) fn pick<const N: usize>(&self, days: [u64; N]) -> [u64; N] {
        let count = days.iter().map(|word| word.count_ones()).sum();
        let mut before = 0;
        days.map(|mut left| {
            let mut picked = 0;
            while left != 0 {
                let lowest = left & left.wrapping_neg();
                if self.name(before, count) {
                    picked |= lowest;
                }
                before += 1;
                left ^= lowest;
            }
            picked
        })
    }
}
