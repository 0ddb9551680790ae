//! The cached data of a user, compiled.

use std::sync::Arc;

use call_acceptance_api::{
    value::{
        owner::{Level, Owner, UserPath},
        phone_number::PhoneNumber,
    },
    wire::problem::Failure,
};
use uuid::Uuid;

use super::{super::counting::Tally, policies::Policies};
use crate::{
    rules::{
        screening::{Place, Policy, Screening},
        service::KeptService,
    },
    store::snapshot::Source,
};

/// Approximate memory of a snapshot beside its rules, in bytes.
const OVERHEAD: u64 = 768;

/// The data of a user for decisions.
pub struct Snapshot {
    /// The user.
    pub user: UserPath,
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
    /// The keys of the schedules that the criteria refer to.
    pub(super) schedules: Vec<Uuid>,
    /// The highest level whose treatments matter to the user; `None` if the user has no service that refuses calls.
    pub(super) treatments_up_to: Option<Level>,
    /// The memory of the policies that it shares with others, as far as it is counted here.
    shared: u64,
}

impl Snapshot {
    /// A user who has a zone and schedules, for tests.
    #[cfg(test)]
    pub(super) fn without_services(user: UserPath, time_zone_of: Level, schedules: Vec<Uuid>) -> Self {
        let nothing = std::collections::HashMap::new();
        let screening = Screening::compile(&Place::default(), &[], &nothing).expect("no service is no fault");
        Self {
            tally: Arc::new(Tally::of(user.clone(), Vec::new())),
            user,
            phone_number: None,
            screening,
            records_refused_calls: false,
            time_zone_of,
            schedules,
            treatments_up_to: None,
            shared: 0,
        }
    }

    /// Approximate memory in bytes.
    pub fn weight(&self) -> u64 {
        OVERHEAD + self.screening.weight() + self.tally.weight() + self.shared
    }
}

/// Compiles the data that was read, under policies that are shared with other snapshots.
pub(super) fn compile(source: Source, known: &Policies) -> Result<Snapshot, Failure> {
    let Source { user, phone_number, region, time_zone, time_zone_of, services, periods, .. } = source;
    let place = Place { region, time_zone };
    let screening = Screening::compile(&place, &services, &periods);
    let screening = screening.map_err(|error| Failure::Internal(Box::new(error)))?;
    let share = |owner, kept| known.share(owner, kept, place.region.as_ref());
    let group = share(Owner::Group(user.parent()), source.group_policy);
    let tenant = share(Owner::Tenant(user.tenant.clone()), source.tenant_policy);
    let treatments_up_to = highest_treating(&services, group.as_deref());
    let policies: Vec<_> = group.into_iter().chain(tenant).collect();
    let tally = Arc::new(Tally::of(user.clone(), source.created));
    Ok(Snapshot {
        user,
        phone_number,
        tally,
        records_refused_calls: source.records_refused_calls,
        shared: policies.iter().map(share_of).sum(),
        screening: screening.under(policies),
        time_zone_of,
        schedules: periods.into_keys().collect(),
        treatments_up_to,
    })
}

/// The highest level whose treatments matter to a user with these services in a group with this policy.
fn highest_treating(services: &[KeptService], group: Option<&Policy>) -> Option<Level> {
    let by_group = |service: &KeptService| group.is_some_and(|policy| policy.treatment(service.name).is_some());
    match services.iter().all(by_group) {
        true => (!services.is_empty()).then_some(Level::Group),
        false => Some(Level::Tenant),
    }
}

/// The part of a policy's memory that one more snapshot is charged. Together all are charged no less than it takes.
fn share_of(policy: &Arc<Policy>) -> u64 {
    let snapshots = u64::try_from(Arc::strong_count(policy)).unwrap_or(u64::MAX);
    policy.weight().div_ceil(snapshots.max(1))
}
