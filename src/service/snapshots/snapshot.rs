//! The cached data of a user, compiled.

use call_acceptance_api::{
    value::{
        owner::{Level, UserPath},
        phone_number::PhoneNumber,
    },
    wire::problem::Failure,
};
use uuid::Uuid;

use crate::{
    rules::screening::{Place, Screening},
    store::snapshot::Source,
};

/// Approximate memory of a snapshot beside its rules, in bytes.
const OVERHEAD: u64 = 512;

/// The data of a user for decisions.
pub struct Snapshot {
    /// The user.
    pub user: UserPath,
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// The compiled services of the user.
    pub screening: Screening,
    /// The level from which the user inherits the time zone.
    pub(super) time_zone_of: Level,
    /// The keys of the schedules that the criteria refer to.
    pub(super) schedules: Vec<Uuid>,
}

impl Snapshot {
    /// A user who has a zone and schedules, for tests.
    #[cfg(test)]
    pub(super) fn without_services(user: UserPath, time_zone_of: Level, schedules: Vec<Uuid>) -> Self {
        let nothing = std::collections::HashMap::new();
        let screening = Screening::compile(&Place::default(), &[], &nothing).expect("no service is no fault");
        Self { user, phone_number: None, screening, time_zone_of, schedules }
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        OVERHEAD + self.screening.weight()
    }
}

/// Compiles the data that was read.
pub(super) fn compile(source: Source) -> Result<Snapshot, Failure> {
    let Source { user, phone_number, region, time_zone, time_zone_of, services, periods } = source;
    let screening = Screening::compile(&Place { region, time_zone }, &services, &periods);
    let screening = screening.map_err(|error| Failure::Internal(Box::new(error)))?;
    Ok(Snapshot { user, phone_number, screening, time_zone_of, schedules: periods.into_keys().collect() })
}
