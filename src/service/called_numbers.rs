//! Cache of parsed called numbers. Parsing one by the numbering plans costs more than the decision itself.

use std::sync::Arc;

use call_acceptance_api::{resource::decision::Called, value::phone_number::PhoneNumber};
use quick_cache::sync::Cache;

use crate::rules::screening;

/// Maximum number of cached called numbers.
const MAX_CACHED: usize = 10_000;

/// The recently parsed called numbers.
pub struct CalledNumbers(Cache<Called, Arc<[PhoneNumber]>>);

impl CalledNumbers {
    /// An empty cache.
    pub fn new() -> Self {
        Self(Cache::new(MAX_CACHED))
    }

    /// The users' numbers that `called` may mean, see [`screening::called_numbers`].
    pub fn read(&self, called: Called) -> Arc<[PhoneNumber]> {
        if let Some(numbers) = self.0.get(&called) {
            return numbers;
        }
        let numbers: Arc<[_]> = screening::called_numbers(called.number.as_str(), called.region.as_ref()).into();
        self.0.insert(called, numbers.clone());
        numbers
    }
}
