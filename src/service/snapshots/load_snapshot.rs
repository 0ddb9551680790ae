//! Loads and compiles snapshots.

use std::sync::Arc;

use call_acceptance_api::{
    value::owner::{Level, Owner},
    wire::problem::Failure,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{Cached, Entry, Loaded, Snapshot, Snapshots, shared::SharedParts, snapshot::Number};
use crate::{
    rules::{
        screening::{Place, Policy, Screening},
        service::KeptService,
    },
    service::{
        counting::Tally,
        flights::Flights,
        metrics::{Load, Lookup, METRICS},
    },
    store::snapshot::{Source, Wanted, load},
};

/// Maximum number of patterns and periods of a user that are compiled on an async worker thread.
const QUICK: usize = 64;

impl Cached for Snapshot {
    type Key = Wanted;

    fn loads(snapshots: &Snapshots) -> &Arc<Flights<Wanted, Loaded<Self>>> {
        &snapshots.loads
    }

    async fn load_now(
        snapshots: &Snapshots,
        wanted: &Wanted,
        turn: OwnedSemaphorePermit,
    ) -> Result<Option<Arc<Entry<Self>>>, Failure> {
        let begun = snapshots.begin();
        let Some(source) = load(&snapshots.db, wanted).await? else {
            if let Wanted::User(user) = wanted {
                let _recent = snapshots.recent();
                snapshots.users.remove(user);
            }
            return Ok(None);
        };
        let shared = snapshots.shared.clone();
        let snapshot = match compiles_quickly(&source) {
            true => compile(source, &shared),
            false => {
                // The permit is returned when the work is done, even if all waiters have left.
                let compiled = tokio::task::spawn_blocking(move || (compile(source, &shared), turn)).await;
                compiled.map_err(|ended| Failure::Internal(Box::new(ended)))?.0
            }
        };
        Ok(Some(snapshots.keep(snapshot?, begun)))
    }

    fn count_lookup(outcome: Lookup) {
        METRICS.count_lookup(outcome);
    }

    fn count_load(outcome: Load) {
        METRICS.count_load(outcome);
    }
}

/// Whether [`compile`] takes well under a millisecond. A pattern takes up to 5 µs, a period less, but for recurrences,
/// which may be counted from their first day on.
fn compiles_quickly(source: &Source) -> bool {
    let criteria = source.services.iter().flat_map(|service| &service.criteria);
    let patterns: usize = criteria.map(|criteria| criteria.from_dn_criteria.phone_numbers.len()).sum();
    let policies = [&source.group_policy, &source.tenant_policy].map(|policy| policy.callers.len());
    let mut periods = source.periods.values().flatten();
    patterns + policies.iter().sum::<usize>() + periods.clone().count() <= QUICK
        && periods.all(|period| period.rule.is_none())
}

/// Approximate memory of the path of a group, in bytes: it is kept as a key and as the value that users share.
const GROUP: u64 = 250;

/// Compiles the data that was read, with the policies and schedules that other snapshots use too.
fn compile(source: Source, known: &SharedParts) -> Result<Snapshot, Failure> {
    let Source { user, phone_number, region, time_zone, time_zone_of, services, periods, .. } = source;
    let place = Place { region, time_zone };
    let screening = Screening::compile(&place, &services, &periods);
    let screening = screening.map_err(|error| Failure::Internal(Box::new(error)))?;
    let share = |owner, kept| known.policy(owner, kept, place.region.as_ref());
    let group = share(Owner::Group(user.parent()), source.group_policy);
    let tenant = share(Owner::Tenant(user.tenant.clone()), source.tenant_policy);
    let treatments_up_to = highest_treating(&services, group.as_deref());
    let policies: Vec<_> = group.into_iter().chain(tenant).collect();
    let path = known.group(user.parent());
    let mut shared =
        share_of(&path, |_| GROUP) + policies.iter().map(|policy| share_of(policy, Policy::weight)).sum::<u64>();
    let created = |service, position| source.created.get(&(service, position)).copied().unwrap_or_default();
    let screening = screening.created(created).under(policies).sharing(|compiled| {
        let schedule = known.schedule(place.time_zone.as_ref(), compiled);
        shared += share_of(&schedule, |keyed| keyed.schedule.weight());
        schedule
    });
    Ok(Snapshot {
        tally: Arc::new(Tally::of(path, user.user)),
        number: phone_number.as_ref().and_then(Number::of),
        screening,
        records_refused_calls: source.records_refused_calls,
        time_zone_of,
        treatments_up_to,
        shared: u32::try_from(shared).unwrap_or(u32::MAX),
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

/// The part of the memory of what is shared that one more snapshot is charged. Together all are charged no less than it
/// takes.
fn share_of<T>(shared: &Arc<T>, weight: fn(&T) -> u64) -> u64 {
    let snapshots = u64::try_from(Arc::strong_count(shared)).unwrap_or(u64::MAX);
    weight(shared).div_ceil(snapshots.max(1))
}
