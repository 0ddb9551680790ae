//! Previews of changes of a user's services. The rules of the writes are applied to a copy of what the database has:
//! nothing is written, and no writer waits.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use call_acceptance_api::{
    resource::{
        decision::{Decision, Question},
        preview::{AdmittedCallers, Preview, PreviewedCall, PreviewedHours, PreviewedWeek, Previews, ServiceChange},
        user_service::{ServiceName, UserServicePath},
        warning::Warning,
    },
    value::{name::TenantId, owner::UserPath, time::Instant},
    wire::problem::{Failure, Fault},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    decision::{call, decision},
    flights::LOAD,
    owner::not_assigned,
    server::Server,
};
use crate::{
    rules::{
        criteria::{self, Found},
        screening::{CompileError, NumberList, Place, Policy, Screening},
        service::KeptService,
        warnings::{Hours, Outlook, Reach, Subject},
    },
    store::{number_list, schedule, snapshot::Source},
};

/// A user's services before and after changes, compiled, and what can be said of them without calls.
struct Compared {
    screenings: [Screening; 2],
    warnings: Vec<Warning>,
    week: PreviewedWeek,
}

#[async_trait]
impl Previews for Server {
    async fn preview(
        &self,
        user: UserPath,
        changes: Vec<(ServiceName, ServiceChange)>,
        calls: Vec<Question>,
    ) -> Result<Preview, Failure> {
        let mut source = self.source(user).await?;
        let after = self.changed(&mut source, &changes).await?;
        let (tenant, now) = (source.user.tenant.clone(), self.clock.now());
        let Compared { screenings, warnings, week } = self.analyse(move || compare(source, &after, now)).await?;
        let calls = self.decide_twice(&tenant, screenings, calls, now).await?;
        let changed = calls.iter().filter(|call| call.before.decision != call.after.decision).count();
        Ok(Preview { calls, changed: i32::try_from(changed).unwrap_or(i32::MAX), warnings, week })
    }
}

impl Server {
    /// The services after the changes. The periods of schedules that only the changes refer to are added to `source`.
    ///
    /// # Errors
    /// The faults of all changes; or, when there are none, the first change that cannot be made.
    async fn changed(
        &self,
        source: &mut Source,
        changes: &[(ServiceName, ServiceChange)],
    ) -> Result<Vec<KeptService>, Failure> {
        let mut after = source.services.clone();
        let (mut faults, mut refused) = (Vec::new(), None);
        for (at, (name, change)) in changes.iter().enumerate() {
            let Some(service) = after.iter_mut().find(|service| service.name == *name) else {
                let path = UserServicePath { user: source.user.clone(), service: *name };
                faults.push(Fault::at(format!("/changes/{at}/service"), not_assigned(&path).into_refusal().detail));
                continue;
            };
            match self.change_copy(source, service, change).await {
                Err(Failure::Refused(refusal)) if refusal.faults.is_empty() => refused = refused.or(Some(refusal)),
                Err(Failure::Refused(refusal)) => {
                    let place = format!("/changes/{at}/update");
                    faults.extend(refusal.faults.into_iter().map(|fault| fault.below(&place)));
                }
                done => done?,
            }
        }
        match refused {
            _ if !faults.is_empty() => Err(Failure::invalid(faults)),
            Some(refusal) => Err(Failure::Refused(refusal)),
            None => Ok(after),
        }
    }

    /// Changes a copy of a service by the rules of its PUT.
    async fn change_copy(
        &self,
        source: &mut Source,
        service: &mut KeptService,
        change: &ServiceChange,
    ) -> Result<(), Failure> {
        let found = self.find_references(source, service, change).await?;
        let plan = criteria::plan(std::mem::take(&mut service.criteria), &change.update.criteria, &found)?;
        service.criteria = plan.after;
        service.settings = service.settings.merged(&change.update).switched(change.active);
        Ok(())
    }

    /// The keys of what the change refers to.
    async fn find_references(
        &self,
        source: &mut Source,
        service: &KeptService,
        change: &ServiceChange,
    ) -> Result<Found, Failure> {
        let changes = &change.update.criteria;
        let mut found = Found::in_criteria(&service.criteria);
        let unknown: Vec<_> = found.unknown_schedules(changes).collect();
        for (reference, id, periods) in schedule::find_periods(&self.db, &source.user, unknown).await? {
            found.schedules.insert(reference, id);
            source.periods.insert(id, periods);
        }
        let unknown: Vec<_> = found.unknown_number_lists(changes).cloned().collect();
        found.number_lists.extend(number_list::find_ids(&self.db, &source.user, unknown).await?);
        Ok(found)
    }

    /// The decisions on calls to a user of the tenant, before and after changes.
    async fn decide_twice(
        &self,
        tenant: &TenantId,
        screenings: [Screening; 2],
        calls: Vec<Question>,
        now: Timestamp,
    ) -> Result<Vec<PreviewedCall>, Failure> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let keys: HashSet<Uuid> = screenings.iter().flat_map(Screening::number_lists).copied().collect();
        let keys = Vec::from_iter(keys);
        let (lists, stale) = self.snapshots.lists_of(tenant, &keys, LOAD).await?;
        let lists: HashMap<Uuid, Option<Arc<NumberList>>> = keys.into_iter().zip(lists).collect();
        let decide_all = move || {
            let lists_of = |screening: &Screening| -> Vec<_> {
                screening.number_lists().iter().map(|key| lists.get(key).cloned().flatten()).collect()
            };
            let [before, after] = screenings.each_ref().map(|screening| (screening, lists_of(screening)));
            let decide = |(screening, lists): &(&Screening, Vec<_>), question| {
                let call = call(question, now);
                let ruling = screening.decide(&call, lists);
                let decision = decision(screening, lists, &call, ruling, question.explain);
                Decision { stale: stale.then_some(true), ..decision }
            };
            let decide_twice =
                |question| PreviewedCall { before: decide(&before, question), after: decide(&after, question) };
            Ok(calls.iter().map(decide_twice).collect())
        };
        self.analyse(decide_all).await
    }
}

/// Compiles the services of `source`, and those `after` the changes.
fn compare(source: Source, after: &[KeptService], now: Timestamp) -> Result<Compared, CompileError> {
    let policy = |kept| Arc::new(Policy::compile(kept, source.region.clone()));
    let policies = [source.group_policy, source.tenant_policy].map(policy);
    let place = &Place { region: source.region, time_zone: source.time_zone };
    let (before, periods, own_number) = (&source.services[..], &source.periods, source.phone_number.as_ref());
    let screening = |services| -> Result<Screening, CompileError> {
        Ok(Screening::compile(place, services, periods)?.under(policies.iter().cloned()))
    };
    let screenings = [screening(before)?, screening(after)?];
    let outlook = |services| Outlook::compile(Subject { place, services, periods, own_number });
    let [before, after] = [outlook(before)?, outlook(after)?];
    let week = PreviewedWeek { before: hours(&before.week(now)), after: hours(&after.week(now)) };
    Ok(Compared { screenings, warnings: after.warnings(now), week })
}

fn hours(week: &[Hours]) -> Vec<PreviewedHours> {
    let callers = |reach| match reach {
        Reach::Everyone => AdmittedCallers::Everyone,
        Reach::Listed => AdmittedCallers::Listed,
        Reach::Nobody => AdmittedCallers::Nobody,
    };
    let entry = |hours: &Hours| PreviewedHours {
        start: Instant::of(hours.start),
        stop: Instant::of(hours.stop),
        callers: callers(hours.reach),
    };
    week.iter().map(entry).collect()
}
