//! The compiled policies of tenants and groups: one copy for the snapshots of all their users.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use call_acceptance_api::value::{owner::Owner, phone_number::Region};

use crate::rules::{policy::KeptPolicy, screening::Policy};

/// How many policies may be known before those that no snapshot uses are forgotten.
const LEAST: usize = 64;

/// The policies that snapshots use.
#[derive(Default)]
pub(super) struct Policies(Mutex<Known>);

#[derive(Default)]
struct Known {
    policies: HashMap<Owner, Weak<Policy>>,
    /// How many there were after unused ones were last forgotten.
    used: usize,
}

impl Policies {
    /// The compiled policy of the owner, if anything is set: the known one if it is the same.
    pub fn share(&self, owner: Owner, kept: KeptPolicy, region: Option<&Region>) -> Option<Arc<Policy>> {
        if kept.is_empty() {
            return None;
        }
        // Held while a policy is compiled, so that concurrent loads share it too.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.policies.get(&owner).and_then(Weak::upgrade).filter(|policy| policy.is_of(&kept, region));
        if same.is_some() {
            return same;
        }
        known.forget_unused();
        let policy = Arc::new(Policy::compile(kept, region.cloned()));
        known.policies.insert(owner, Arc::downgrade(&policy));
        Some(policy)
    }
}

impl Known {
    /// Forgets policies that no snapshot uses, when there are twice as many as there were after the last time.
    fn forget_unused(&mut self) {
        if self.policies.len() >= LEAST.max(2 * self.used) {
            self.policies.retain(|_, policy| policy.strong_count() > 0);
            self.used = self.policies.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use call_acceptance_api::{
        resource::protected_callers::ProtectedCaller,
        value::{name::TenantId, phone_number::PhoneNumberPattern},
    };

    use super::*;

    fn owner(tenant: usize) -> Owner {
        Owner::Tenant(TenantId::parse(&tenant.to_string()).expect("an identifier"))
    }

    fn protecting(pattern: &str) -> KeptPolicy {
        let pattern = PhoneNumberPattern::parse(pattern).expect("a pattern");
        KeptPolicy { callers: vec![ProtectedCaller { pattern, note: None }], ..KeptPolicy::default() }
    }

    #[test]
    fn a_policy_is_compiled_once_until_it_or_the_region_changes() {
        let policies = Policies::default();
        let belgium = Region::parse("BE").expect("a region");
        let share = |pattern, region| policies.share(owner(1), protecting(pattern), region).expect("something is set");
        let first = share("112", None);
        assert!(Arc::ptr_eq(&first, &share("112", None)));
        let second = share("113", None);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&second, &share("113", Some(&belgium))));
        assert!(policies.share(owner(1), KeptPolicy::default(), None).is_none());
    }

    #[test]
    fn policies_that_nobody_uses_are_forgotten() {
        let policies = Policies::default();
        let used = policies.share(owner(0), protecting("112"), None);
        for tenant in 1..1000 {
            policies.share(owner(tenant), protecting("112"), None);
        }
        assert!(policies.0.lock().expect("no panic").policies.len() <= LEAST);
        let again = policies.share(owner(0), protecting("112"), None);
        assert!(Arc::ptr_eq(&used.expect("it is set"), &again.expect("it is set")));
    }
}
