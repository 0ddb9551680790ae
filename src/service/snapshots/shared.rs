//! What snapshots share: the paths of groups, the compiled policies of tenants and groups, and compiled schedules.
//! There is one copy of each for all users whom it concerns.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use call_acceptance_api::value::{
    owner::{GroupPath, Owner},
    phone_number::Region,
    time::TimeZone,
};
use uuid::Uuid;

use crate::rules::{
    policy::KeptPolicy,
    screening::{KeyedSchedule, Policy},
};

/// How many values of a kind may be known before those that no snapshot uses are forgotten.
const LEAST: usize = 64;

/// What snapshots share.
#[derive(Default)]
pub(super) struct SharedParts {
    groups: Known<GroupPath, GroupPath>,
    policies: Known<Owner, Policy>,
    /// By their keys, and the zone of their local times.
    schedules: Known<(Uuid, Option<TimeZone>), KeyedSchedule>,
}

impl SharedParts {
    /// The path of a group.
    pub fn group(&self, group: GroupPath) -> Arc<GroupPath> {
        self.groups.get_or_insert(group.clone(), |_| true, || group.into())
    }

    /// The compiled policy of the owner, if anything is set: the known one if it is the same.
    pub fn policy(&self, owner: Owner, kept: KeptPolicy, region: Option<&Region>) -> Option<Arc<Policy>> {
        if kept.is_empty() {
            return None;
        }
        let is_same = |policy: &Policy| policy.is_of(&kept, region);
        Some(self.policies.get_or_insert(owner, is_same, || Policy::compile(kept.clone(), region.cloned()).into()))
    }

    /// The schedule in this zone: the known one with the same key if it is equal to `compiled`.
    pub fn schedule(&self, zone: Option<&TimeZone>, compiled: Arc<KeyedSchedule>) -> Arc<KeyedSchedule> {
        let is_same = |schedule: &KeyedSchedule| *schedule == *compiled;
        self.schedules.get_or_insert((compiled.key, zone.cloned()), is_same, || compiled.clone())
    }
}

/// The values that snapshots use, by key.
struct Known<K, V>(Mutex<Values<K, V>>);

struct Values<K, V> {
    values: HashMap<K, Weak<V>>,
    /// How many there were after unused ones were last forgotten.
    used: usize,
}

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Values { values: HashMap::new(), used: 0 }))
    }
}

impl<K: Eq + Hash, V> Known<K, V> {
    /// The known value of `key` if it is the same, else a new one.
    fn get_or_insert(&self, key: K, is_same: impl Fn(&V) -> bool, new: impl FnOnce() -> Arc<V>) -> Arc<V> {
        if let Some(same) = self.values().find(&key, &is_same) {
            return same;
        }
        // Without the lock, since it may take milliseconds. So another load may have made the same one meanwhile.
        let value = new();
        let mut known = self.values();
        if let Some(same) = known.find(&key, &is_same) {
            return same;
        }
        known.forget_unused();
        known.values.insert(key, Arc::downgrade(&value));
        value
    }

    fn values(&self) -> MutexGuard<'_, Values<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Values<K, V> {
    fn find(&self, key: &K, is_same: impl Fn(&V) -> bool) -> Option<Arc<V>> {
        self.values.get(key).and_then(Weak::upgrade).filter(|value| is_same(value))
    }

    /// Forgets values that no snapshot uses, when there are twice as many as there were after the last time.
    fn forget_unused(&mut self) {
        if self.values.len() >= LEAST.max(2 * self.used) {
            self.values.retain(|_, value| value.strong_count() > 0);
            self.used = self.values.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::{
        resource::protected_callers::ProtectedCaller,
        value::{
            name::{GroupId, TenantId},
            phone_number::PhoneNumberPattern,
        },
    };

    use super::*;
    use crate::rules::screening::Schedule;

    fn owner(tenant: usize) -> Owner {
        Owner::Tenant(TenantId::parse(&tenant.to_string()).expect("an identifier"))
    }

    fn protecting(pattern: &str) -> KeptPolicy {
        let pattern = PhoneNumberPattern::parse(pattern).expect("a pattern");
        KeptPolicy { callers: vec![ProtectedCaller { pattern, note: None }], ..KeptPolicy::default() }
    }

    #[test]
    fn the_users_of_a_group_share_its_path() {
        let known = SharedParts::default();
        let group = |tenant: &str| {
            let tenant = TenantId::parse(tenant).expect("an identifier");
            known.group(GroupPath { tenant, group: GroupId::parse("g").expect("an identifier") })
        };
        let first = group("s");
        assert!(Arc::ptr_eq(&first, &group("s")));
        assert_ne!(first, group("t"));
    }

    #[test]
    fn a_policy_is_compiled_once_until_it_or_the_region_changes() {
        let known = SharedParts::default();
        let belgium = Region::parse("BE").expect("a region");
        let share = |pattern, region| known.policy(owner(1), protecting(pattern), region).expect("something is set");
        let first = share("112", None);
        assert!(Arc::ptr_eq(&first, &share("112", None)));
        let second = share("113", None);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&second, &share("113", Some(&belgium))));
        assert!(known.policy(owner(1), KeptPolicy::default(), None).is_none());
    }

    #[test]
    fn equal_schedules_of_one_key_and_zone_are_one() {
        let known = SharedParts::default();
        let brussels = TimeZone::parse("Europe/Brussels").expect("a time zone");
        let [friday, sunday] = ["Friday", "Sunday"].map(|day| {
            move |key| {
                let schedule = Schedule::of_one(&format!(r#"{{"type": "Day of the week", "dayOfWeek": "{day}"}}"#));
                Arc::new(KeyedSchedule { key, schedule })
            }
        });
        let first = known.schedule(None, friday(Uuid::nil()));
        assert!(Arc::ptr_eq(&first, &known.schedule(None, friday(Uuid::nil()))));
        assert!(!Arc::ptr_eq(&first, &known.schedule(None, friday(Uuid::max()))));
        assert!(!Arc::ptr_eq(&first, &known.schedule(Some(&brussels), friday(Uuid::nil()))));
        assert!(!Arc::ptr_eq(&first, &known.schedule(None, sunday(Uuid::nil()))));
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let known = SharedParts::default();
        let used = known.policy(owner(0), protecting("112"), None);
        for tenant in 1..1000 {
            known.policy(owner(tenant), protecting("112"), None);
        }
        assert!(known.policies.values().values.len() <= LEAST);
        let again = known.policy(owner(0), protecting("112"), None);
        assert!(Arc::ptr_eq(&used.expect("it is set"), &again.expect("it is set")));
    }
}
