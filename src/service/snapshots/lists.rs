//! The compiled number lists: one copy for all users who refer to one, whichever snapshots there are. A change of a
//! list outdates this copy and no snapshot.

use std::{sync::Arc, time::Duration};

use call_acceptance_api::value::phone_number::Region;
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{affected::Affected, entry::Entry};
use crate::{rules::screening::NumberList, store::number_list::NumberListKey};

/// Least memory for lists, in bytes. Any list fits into it: one that does not would be loaded for each decision.
const LEAST: u64 = 16 << 20;
/// Typical memory of a list, in bytes.
const TYPICAL: u64 = 64 << 10;

/// A compiled number list with what it was compiled from.
#[derive(Clone)]
pub struct CompiledList {
    /// The compiled list.
    pub list: Arc<NumberList>,
    /// The revision of its entries.
    pub revision: i64,
    /// The region of its tenant.
    pub region: Option<Region>,
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<NumberListKey, Arc<Entry<CompiledList>>> for ByMemory {
    fn weight(&self, _: &NumberListKey, entry: &Arc<Entry<CompiledList>>) -> u64 {
        entry.list.weight()
    }
}

/// The lists in memory, of which those that were not used for long are evicted.
pub(super) struct Lists(Cache<NumberListKey, Arc<Entry<CompiledList>>, ByMemory>);

impl Lists {
    /// No lists; they may take `budget` bytes.
    pub fn of(budget: u64) -> Self {
        let budget = budget.max(LEAST);
        let items = usize::try_from(budget / TYPICAL).unwrap_or(usize::MAX);
        // Each shard has its part of the memory, so a large list fits only into a single one.
        let options = OptionsBuilder::new().shards(1).weight_capacity(budget).estimated_items_capacity(items).build();
        let options = options.expect("all that is required is set");
        Self(Cache::with_options(options, ByMemory, DefaultHashBuilder::default(), DefaultLifecycle::default()))
    }

    /// The list in memory.
    pub fn get(&self, key: &NumberListKey) -> Option<Arc<Entry<CompiledList>>> {
        self.0.get(key)
    }

    /// Keeps a list in memory.
    pub fn insert(&self, key: NumberListKey, entry: Arc<Entry<CompiledList>>) {
        self.0.insert(key, entry);
    }

    /// Forgets a list that does not exist any more.
    pub fn remove(&self, key: &NumberListKey) {
        self.0.remove(key);
    }

    /// Marks the affected lists as outdated; they may be used until `until` while their successors are loaded.
    pub fn outdate(&self, affected: &Affected, until: Duration) {
        if affected.may_concern_lists() {
            let affected = self.0.iter().filter(|(key, _)| affected.concerns_list(key));
            affected.for_each(|(_, entry)| entry.outdate(until));
        }
    }

    /// The number of lists, and their approximate memory in bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.0.len(), self.0.weight())
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::{
        resource::number_list::MAX_ENTRIES,
        value::{name::TenantId, phone_number::PhoneNumberPattern},
    };
    use uuid::Uuid;

    use super::*;

    fn key(id: u128) -> NumberListKey {
        NumberListKey { tenant: TenantId::parse("t").expect("an identifier"), id: Uuid::from_u128(id) }
    }

    /// A list of this many expiring national numbers, which have two written forms each.
    fn list(numbers: usize) -> Arc<NumberList> {
        let region = Region::parse("BE").expect("a region");
        let number = |number| (PhoneNumberPattern::parse(&format!("0{:09}", 475_000_000 + number)), Some(1));
        let entries: Vec<_> =
            (0..numbers).map(number).map(|(pattern, end)| (pattern.expect("a pattern"), end)).collect();
        Arc::new(NumberList::compile(&entries, Some(&region)))
    }

    fn entry(list: &Arc<NumberList>) -> Arc<Entry<CompiledList>> {
        let value = CompiledList { list: list.clone(), revision: 1, region: None };
        Arc::new(Entry::new(value, &0, Duration::ZERO, Duration::from_secs(600)))
    }

    #[test]
    fn the_largest_list_is_kept_whatever_the_memory() {
        let largest = list(MAX_ENTRIES);
        assert!(largest.weight() >= 32 * MAX_ENTRIES as u64, "both forms of each are in it");
        let lists = Lists::of(1);
        for id in 0..3 {
            lists.insert(key(id), entry(&largest));
            assert!(lists.get(&key(id)).is_some());
        }
        assert_eq!(lists.size(), (2, 2 * largest.weight()), "there is room for two");
    }

    #[test]
    fn lists_take_at_most_the_memory_and_those_in_use_remain() {
        let small = list(1000);
        let lists = Lists::of(LEAST);
        lists.insert(key(0), entry(&small));
        for id in 1..2000 {
            lists.insert(key(id), entry(&small));
            assert!(lists.get(&key(0)).is_some(), "it is used all the time");
        }
        let (count, bytes) = lists.size();
        assert!(bytes <= LEAST && bytes > LEAST / 2);
        assert_eq!(bytes, count as u64 * small.weight());
    }
}
