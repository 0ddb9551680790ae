//! `BYSETPOS`: which of the days that the conditions leave in a period count.

use super::conditions::{Bits, both_ends, has};

/// The places that count, from the first day and from the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Positions(Bits, Bits);

impl Positions {
    /// `None` if there are none: then every day counts.
    pub(super) fn of(positions: &[i16]) -> Option<Self> {
        let (from_start, from_end) = both_ends(positions);
        (!positions.is_empty()).then_some(Self(from_start, from_end))
    }

    /// Whether the day that comes after `before` of the days, of `count` in all, counts.
    pub(super) fn name(&self, before: u32, count: u32) -> bool {
        let place = |at: u32| i16::try_from(at).unwrap_or(i16::MAX);
        has(&self.0, place(before + 1)) || has(&self.1, place(count - before))
    }

    /// Those of `days` that count, where `days` are all of a period.
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
