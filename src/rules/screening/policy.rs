//! The policy of a tenant or a group, compiled once for all its users.

use call_acceptance_api::{
    resource::{treatment::Treatment, user_service::ServiceName},
    value::phone_number::Region,
};

use super::{
    number::{Forms, Reader},
    pattern::Index,
};
use crate::rules::policy::KeptPolicy;

/// The compiled policy of a tenant or a group. Valid as long as the policy and the tenant's region are unchanged.
pub struct Policy {
    kept: KeptPolicy,
    region: Option<Region>,
    /// The patterns of the protected callers.
    protected: Index,
}

impl Policy {
    /// Compiles a policy whose patterns are in the notation of `region`.
    pub fn compile(kept: KeptPolicy, region: Option<Region>) -> Self {
        let reader = Reader::of(region.as_ref());
        let protected = Index::of(kept.callers.iter().map(|caller| (&caller.pattern, 0)), &reader);
        Self { kept, region, protected }
    }

    /// Whether it was compiled from these.
    pub fn is_of(&self, kept: &KeptPolicy, region: Option<&Region>) -> bool {
        self.kept == *kept && self.region.as_ref() == region
    }

    /// What a caller gets whom the service refuses, if that is set.
    pub fn treatment(&self, service: ServiceName) -> Option<&Treatment> {
        self.kept.treatments.iter().find(|treatment| treatment.service == service)
    }

    /// Whether there are protected callers.
    pub(super) fn protects_any(&self) -> bool {
        !self.protected.is_empty()
    }

    /// Whether a number with these forms is that of a protected caller.
    pub(super) fn protects(&self, forms: &Forms) -> bool {
        self.protected.any(forms, |_| true)
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        let text = |text: Option<&str>| text.map_or(0, str::len);
        let callers = self.kept.callers.iter();
        let callers: usize = callers
            .map(|caller| {
                size_of_val(caller)
                    + caller.pattern.as_str().len()
                    + text(caller.note.as_ref().map(|note| note.as_str()))
            })
            .sum();
        let treatments: usize = self.kept.treatments.iter().map(|treatment| size_of_val(treatment) + 256).sum();
        u64::try_from(size_of::<Self>() + callers + treatments + self.protected.weight()).unwrap_or(u64::MAX)
    }
}
