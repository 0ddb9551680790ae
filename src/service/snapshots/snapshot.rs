//! The cached data of a user, compiled.

use call_acceptance_api::{
    resource::user_service::ServiceName,
    value::{
        owner::{Level, UserPath},
        phone_number::PhoneNumber,
    },
    wire::problem::Failure,
};
use uuid::Uuid;

use crate::{
    rules::{
        criteria::KeptCriteria,
        screening::{CompileError, Place, Screening},
    },
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
    /// The level from which the user inherits the time zone.
    pub(super) time_zone_of: Level,
    /// The keys of the schedules that the criteria refer to.
    pub(super) schedules: Vec<Uuid>,
    /// The rules of each service that the user has.
    pub(super) screenings: Vec<(ServiceName, Screening)>,
}

impl Snapshot {
    /// The rules of a service; `None` if the user does not have it.
    pub fn screening(&self, service: ServiceName) -> Option<&Screening> {
        self.screenings.iter().find(|(name, _)| *name == service).map(|(_, screening)| screening)
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        OVERHEAD + self.screenings.iter().map(|(_, screening)| screening.weight()).sum::<u64>()
    }
}

/// Compiles the data that was read.
pub(super) fn compile(source: Source) -> Result<Snapshot, Failure> {
    let Source { user, phone_number, region, time_zone, time_zone_of, services, periods } = source;
    let place = Place { region, time_zone };
    let screening = |(service, criteria): (ServiceName, Vec<KeptCriteria>)| {
        Ok((service, Screening::compile(&place, &criteria, &periods)?))
    };
    let screenings = services.into_iter().map(screening).collect::<Result<_, CompileError>>();
    let screenings = screenings.map_err(|error| Failure::Internal(Box::new(error)))?;
    Ok(Snapshot { user, phone_number, time_zone_of, schedules: periods.into_keys().collect(), screenings })
}
