//! The compiled number lists: one copy for all users who refer to one, whichever snapshots there are. A change of a
//! list outdates this copy and no snapshot.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use call_acceptance_api::value::phone_number::Region;

use super::{affected::Affected, entry::Entry};
use crate::{rules::screening::NumberList, store::number_list::NumberListKey};

/// A compiled number list with what it was compiled from.
pub struct CompiledList {
    /// The compiled list.
    pub list: Arc<NumberList>,
    /// The revision of its entries.
    pub revision: i64,
    /// The region of its tenant.
    pub region: Option<Region>,
}

/// A list in memory.
struct Held {
    entry: Arc<Entry<CompiledList>>,
    /// When it was last used: the number of uses of all lists until then.
    used: AtomicU64,
}

/// The lists in memory, of which those that were not used for the longest time are forgotten.
pub(super) struct Lists {
    held: RwLock<HashMap<NumberListKey, Held>>,
    uses: AtomicU64,
    /// The memory that they may take, in bytes. The one that was loaded last is kept however large it is.
    budget: u64,
}

impl Lists {
    /// No lists; they may take `budget` bytes.
    pub fn of(budget: u64) -> Self {
        Self { held: RwLock::default(), uses: AtomicU64::new(0), budget }
    }

    /// The list in memory.
    pub fn get(&self, key: &NumberListKey) -> Option<Arc<Entry<CompiledList>>> {
        let lists = self.read();
        let held = lists.get(key)?;
        held.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(held.entry.clone())
    }

    /// Keeps a list in memory.
    pub fn insert(&self, key: NumberListKey, entry: Entry<CompiledList>) {
        let used = AtomicU64::new(self.uses.fetch_add(1, Ordering::Relaxed));
        let mut lists = self.write();
        lists.insert(key.clone(), Held { entry: entry.into(), used });
        let mut total: u64 = lists.values().map(Held::weight).sum();
        while total > self.budget {
            let others = lists.iter().filter(|(other, _)| **other != key);
            let oldest = others.min_by_key(|(_, held)| held.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(oldest, _)| oldest.clone()) else { return };
            total -= lists.remove(&oldest).map_or(0, |held| held.weight());
        }
    }

    /// Forgets a list that does not exist any more.
    pub fn remove(&self, key: &NumberListKey) {
        self.write().remove(key);
    }

    /// Marks the affected lists as outdated; they may be used until `until` while their successors are loaded.
    pub fn outdate(&self, affected: &Affected, until: Duration) {
        if affected.may_concern_lists() {
            let lists = self.read();
            let affected = lists.iter().filter(|(key, _)| affected.concerns_list(key));
            affected.for_each(|(_, held)| held.entry.outdate(until));
        }
    }

    /// The number of lists, and their approximate memory in bytes.
    pub fn size(&self) -> (usize, u64) {
        let lists = self.read();
        (lists.len(), lists.values().map(Held::weight).sum())
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<NumberListKey, Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<NumberListKey, Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn weight(&self) -> u64 {
        self.entry.value.list.weight()
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::value::{name::TenantId, phone_number::PhoneNumberPattern};
    use uuid::Uuid;

    use super::*;

    fn key(id: u128) -> NumberListKey {
        NumberListKey { tenant: TenantId::parse("t").expect("an identifier"), id: Uuid::from_u128(id) }
    }

    fn entry(numbers: usize) -> Entry<CompiledList> {
        let number = |number| (PhoneNumberPattern::parse(&format!("+32{number:09}")).expect("a pattern"), None);
        let entries: Vec<_> = (0..numbers).map(number).collect();
        let list = Arc::new(NumberList::compile(&entries, None));
        let value = Arc::new(CompiledList { list, revision: 1, region: None });
        Entry::new(value, &0, Duration::ZERO, Duration::from_secs(600))
    }

    #[test]
    fn the_lists_that_were_not_used_for_the_longest_time_are_forgotten() {
        let lists = Lists::of(3 * entry(100).value.list.weight());
        for id in 0..3 {
            lists.insert(key(id), entry(100));
        }
        assert!(lists.get(&key(0)).is_some());
        lists.insert(key(3), entry(100));
        assert_eq!([0, 1, 2, 3].map(|id| lists.get(&key(id)).is_some()), [true, false, true, true]);
        lists.insert(key(4), entry(1000));
        assert_eq!(lists.size().0, 1, "a list that is too large is alone");
        assert!(lists.get(&key(4)).is_some());
    }
}
