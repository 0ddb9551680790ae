//! The cached data of a user.

use std::sync::Arc;

use call_acceptance_api::value::{
    owner::{Level, UserPath},
    phone_number::PhoneNumber,
};

use crate::{rules::screening::Screening, service::counting::Tally};

/// Approximate memory of a snapshot beside its rules, in bytes.
const OVERHEAD: u64 = 768;

/// The data of a user for decisions.
pub struct Snapshot {
    /// The user.
    pub user: Arc<UserPath>,
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// The compiled services of the user.
    pub screening: Screening,
    /// The counts of calls to the user.
    pub tally: Arc<Tally>,
    /// Whether refused calls to the user are recorded.
    pub records_refused_calls: bool,
    /// The level from which the user inherits the time zone.
    pub(super) time_zone_of: Level,
    /// The highest level whose treatments matter to the user; `None` if the user has no service that refuses calls.
    pub(super) treatments_up_to: Option<Level>,
    /// The memory of what it shares with others, as far as it is counted here.
    pub(super) shared: u64,
}

impl Snapshot {
    /// A user who has a zone and schedules, for tests.
    #[cfg(test)]
    pub(super) fn referring_to(schedules: &[u128], user: UserPath, time_zone_of: Level) -> Self {
        let user = Arc::new(user);
        Self {
            tally: Arc::new(Tally::of(user.clone(), Vec::new())),
            user,
            phone_number: None,
            screening: Screening::referring_to(schedules),
            records_refused_calls: false,
            time_zone_of,
            treatments_up_to: None,
            shared: 0,
        }
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        OVERHEAD + self.screening.weight() + self.tally.weight() + self.shared
    }
}
