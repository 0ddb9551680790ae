//! What is kept of a user, compiled.

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

/// A snapshot's memory beside its rules, roughly, in bytes.
const OVERHEAD: u64 = 512;

/// A user as decisions see it.
pub struct Snapshot {
    /// The user.
    pub user: UserPath,
    /// The user's number.
    pub phone_number: Option<PhoneNumber>,
    /// Whose time zone the user has.
    pub(super) time_zone_of: Level,
    /// The keys of the schedules that the criteria refer to.
    pub(super) schedules: Vec<Uuid>,
    /// The rules of each service that the user has.
    pub(super) screenings: Vec<(ServiceName, Screening)>,
}

impl Snapshot {
    /// The rules of a service; `None` when the user does not have it.
    pub fn screening(&self, service: ServiceName) -> Option<&Screening> {
        self.screenings.iter().find(|(name, _)| *name == service).map(|(_, screening)| screening)
    }

    /// The memory that it takes, in bytes, roughly.
    pub fn weight(&self) -> u64 {
        OVERHEAD + self.screenings.iter().map(|(_, screening)| screening.weight()).sum::<u64>()
    }
}

/// The snapshot of what was read.
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
