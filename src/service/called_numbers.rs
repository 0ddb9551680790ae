//! What called numbers stand for, in memory: reading one by the numbering plans costs more than the decision itself.

use std::sync::Arc;

use call_acceptance_api::{resource::decision::Called, value::phone_number::PhoneNumber};
use quick_cache::sync::Cache;

use crate::rules::screening;

/// How many called numbers are remembered at most.
const MOST: usize = 10_000;

/// The called numbers that were read lately.
pub struct CalledNumbers(Cache<Called, Arc<[PhoneNumber]>>);

impl CalledNumbers {
    /// No number is remembered at first.
    pub fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// The users' numbers that `called` may stand for, as [`screening::called_numbers`] reads them.
    pub fn read(&self, called: Called) -> Arc<[PhoneNumber]> {
        if let Some(numbers) = self.0.get(&called) {
            return numbers;
        }
        let numbers: Arc<[_]> = screening::called_numbers(called.number.as_str(), called.region.as_ref()).into();
        self.0.insert(called, numbers.clone());
        numbers
    }
}
