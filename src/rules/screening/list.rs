//! A number list, compiled once for all users who refer to it.

use call_acceptance_api::value::phone_number::{PhoneNumberPattern, Region};
use jiff::Timestamp;

use super::{
    number::{Forms, Reader},
    pattern::Index,
};

/// A compiled number list. Valid as long as its entries and the tenant's region are unchanged.
pub struct NumberList {
    /// The patterns. Their owner is 0 if they do not expire, else one more than the place of their end in `ends`.
    patterns: Index<u32>,
    /// When entries expire, in microseconds since 1970.
    ends: Box<[i64]>,
}

impl NumberList {
    /// Compiles entries, in the notation of `region`, each with the instant from which it matches nothing, in
    /// microseconds since 1970.
    pub fn compile(entries: &[(PhoneNumberPattern, Option<i64>)], region: Option<&Region>) -> Self {
        let mut ends = Vec::new();
        let owned = entries.iter().map(|(pattern, end)| {
            ends.extend(*end);
            (pattern, if end.is_some() { ends.len() } else { 0 })
        });
        let patterns = Index::of(owned, &Reader::of(region));
        Self { patterns, ends: ends.into() }
    }

    /// Whether an entry that has not expired at `at` matches a number with these forms. Costs one search for each form
    /// and each length of a prefix, however many entries there are; entries with `?` in many different places cost
    /// more, as they do in criteria.
    pub(super) fn matches(&self, forms: &Forms, at: Timestamp) -> bool {
        let valid = |end: &i64| at.as_microsecond() < *end;
        self.patterns.any(forms, |owner| match (owner as usize).checked_sub(1) {
            None => true,
            Some(place) => self.ends.get(place).is_some_and(valid),
        })
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        u64::try_from(size_of::<Self>() + self.patterns.weight() + size_of_val(&*self.ends)).unwrap_or(u64::MAX)
    }
}
