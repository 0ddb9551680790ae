//! What a tenant or a group sets for the calls of all its users.

use call_acceptance_api::resource::{protected_callers::ProtectedCaller, treatment::Treatment};

/// The policy of a tenant or a group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptPolicy {
    /// Callers that no service refuses.
    pub callers: Vec<ProtectedCaller>,
    /// What refused callers get, at most one treatment of each service.
    pub treatments: Vec<Treatment>,
}

impl KeptPolicy {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty() && self.treatments.is_empty()
    }
}
