//! The cached data of a user.

use std::{num::NonZeroU64, sync::Arc};

use call_acceptance_api::value::{
    owner::{Level, UserPath},
    phone_number::PhoneNumber,
};

use crate::{rules::screening::Screening, service::counting::Tally};

/// Approximate memory of a snapshot beside its rules and the names of its user, in bytes: the tally, places in caches,
/// and what the allocator adds. `make bench-scale` measures it.
const OVERHEAD: u64 = 740;

/// A phone number in little memory: its digits, the first of which is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Number(NonZeroU64);

impl Number {
    /// The number; `None` if it is none in E.164 form.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        number.as_str().strip_prefix('+')?.parse().ok().map(Self)
    }
}

/// The data of a user for decisions.
pub struct Snapshot {
    /// The user's number.
    pub(super) number: Option<Number>,
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
        Self {
            tally: Arc::new(Tally::of(user.into())),
            number: None,
            screening: Screening::referring_to(schedules),
            records_refused_calls: false,
            time_zone_of,
            treatments_up_to: None,
            shared: 0,
        }
    }

    /// The user.
    pub fn user(&self) -> &Arc<UserPath> {
        self.tally.user()
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        let names: usize = self.user().names().into_iter().flatten().map(str::len).sum();
        OVERHEAD + u64::try_from(names).unwrap_or(u64::MAX) + self.screening.weight() + self.shared
    }
}
