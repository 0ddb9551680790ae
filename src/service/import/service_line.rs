//! What a line changes of a service: it assigns the service with its criteria, or updates it as a request would.

use std::collections::HashSet;

use call_acceptance_api::{
    resource::{
        criteria::{CriteriaChange, FromDnCriteriaChange, ServiceUpdate},
        user_service::{ServiceName, UserServicePath},
    },
    value::{change::Change, name::CriteriaName, owner::UserPath},
    wire::problem::Failure,
};

use super::line::{Applied, Context, Outcome};
use crate::{
    rules::{
        criteria::{self as criteria_rules, Found, KeptCriteria, Step},
        service::KeptService,
    },
    service::{
        anonymous_call_rejection, criteria,
        user_service::assign,
        write::{Unwritten, Written},
    },
    store::{ConnectionTrait, audit::Record},
};

/// What a line makes of a service.
pub(super) struct Planned {
    steps: Vec<Step>,
    removed: Removals,
    /// The service after them.
    pub(super) after: KeptService,
}

impl Planned {
    /// Whether the service, which was as `before`, stays as it is.
    pub(super) fn changes_nothing(&self, before: &KeptService) -> bool {
        self.steps.is_empty() && self.after.settings == before.settings
    }
}

impl Context<'_> {
    /// Applies a line of Anonymous Call Rejection.
    pub(super) async fn switch(
        &self,
        db: &impl ConnectionTrait,
        user: &UserPath,
        active: Option<bool>,
    ) -> Result<Applied, Unwritten> {
        let path = UserServicePath { user: user.clone(), service: ServiceName::AnonymousCallRejection };
        let assigned = assign(db, &path, self.first_revision).await?;
        let switched = anonymous_call_rejection::switch(db, &path, self.switched(active), None).await?;
        match assigned {
            None => Ok(Applied::of(switched, Outcome::Changed)),
            Some(_) => {
                let after = self.switched_service(&KeptService::new(path.service), active);
                let Written { changes, .. } = switched;
                let records = [criteria::service_record(&path, None, Some(after))?];
                Ok(Applied::of(Written::new((), records).concerning(changes), Outcome::Created))
            }
        }
    }

    fn switched(&self, active: Option<bool>) -> Option<bool> {
        active.or_else(|| self.replaces().then_some(false))
    }

    /// What a line with this switch makes of the service.
    pub(super) fn switched_service(&self, before: &KeptService, active: Option<bool>) -> KeptService {
        KeptService { settings: before.settings.switched(self.switched(active)), ..before.clone() }
    }

    /// Applies a line of a service with criteria.
    pub(super) async fn service(
        &self,
        db: &impl ConnectionTrait,
        path: &UserServicePath,
        update: &ServiceUpdate,
    ) -> Result<Applied, Unwritten> {
        let assigned = assign(db, path, self.first_revision).await?;
        let (outcome, revision, before) = match &assigned {
            Some(_) => (Outcome::Created, self.first_revision, KeptService::new(path.service)),
            None => {
                let revision = criteria::lock(db, path, None).await?;
                (Outcome::Changed, revision, criteria::load(db, path).await?.value)
            }
        };
        let found = criteria::lock_references(db, path, &before.criteria, &update.criteria).await?;
        let planned = self.plan(&before, update, &found)?;
        let changed =
            criteria::change_settings(db, path, before.settings.clone(), planned.after.settings.clone()).await?;
        let of_steps = criteria::carry_out(db, path, revision, before.criteria.clone(), &planned.steps).await?;
        let Planned { removed, after, .. } = planned;
        let records: Vec<Record> = match (assigned, removed.reorders) {
            // A new service is one thing.
            (Some(_), _) => vec![criteria::service_record(path, None, Some(after))?],
            // The criteria may all be as they were; their order is not.
            (None, true) => vec![criteria::service_record(path, Some(before), Some(after))?],
            (None, false) => changed.into_iter().chain(of_steps).collect(),
        };
        let written = criteria::written(path, revision, (), records);
        Ok(Applied { deleted: removed.deleted, ..Applied::of(written, outcome) })
    }

    /// What a line makes of the service, which refers to what was found.
    ///
    /// # Errors
    /// As the request that asks for the same.
    pub(super) fn plan(&self, before: &KeptService, update: &ServiceUpdate, found: &Found) -> Result<Planned, Failure> {
        let exact = self.replaces().then(|| exactly(update));
        let update = exact.as_ref().unwrap_or(update);
        let removed = if self.replaces() { removals(&before.criteria, &update.criteria) } else { Removals::default() };
        let without = criteria_rules::plan(before.criteria.clone(), &removed.changes, found)?;
        let plan = criteria_rules::plan(without.after.clone(), &update.criteria, found)?;
        let is_change = |step: &Step| match step {
            Step::Update(after) => !without.after.contains(after),
            Step::Insert(_) | Step::Delete(_) => true,
        };
        let steps = without.steps.into_iter().chain(plan.steps.into_iter().filter(is_change)).collect();
        let after = KeptService { name: before.name, settings: before.settings.merged(update), criteria: plan.after };
        Ok(Planned { steps, removed, after })
    }
}

/// The update with everything that it leaves out at its default.
fn exactly(update: &ServiceUpdate) -> ServiceUpdate {
    fn clear<T>(change: &mut Change<T>) {
        if matches!(change, Change::Keep) {
            *change = Change::Clear;
        }
    }
    let mut update = update.clone();
    clear(&mut update.suspended_until);
    clear(&mut update.outside_schedules);
    for criteria in &mut update.criteria {
        clear(&mut criteria.description);
        clear(&mut criteria.valid_from);
        clear(&mut criteria.valid_until);
        clear(&mut criteria.time_schedule);
        clear(&mut criteria.holiday_schedule);
        criteria.active.get_or_insert(true);
        criteria.do_not_perform_action.get_or_insert(false);
        let Some(from) = &mut criteria.from_dn_criteria else { continue };
        from.include_anonymous_callers.get_or_insert(false);
        from.include_unavailable_callers.get_or_insert(false);
        from.include_internal_callers.get_or_insert(false);
        from.phone_numbers.get_or_insert_default();
        from.number_lists.get_or_insert_default();
    }
    update
}

/// The criteria that are removed before the others are updated.
#[derive(Default)]
struct Removals {
    changes: Vec<CriteriaChange>,
    /// How many of them do not come back.
    deleted: i64,
    /// Whether some come back, in another order.
    reorders: bool,
}

/// Removes the criteria that are not in `wanted`, and those that stand before one that `wanted` has earlier: the order
/// of criteria is that of their creation, so they are created again.
fn removals(before: &[KeptCriteria], wanted: &[CriteriaChange]) -> Removals {
    let names: HashSet<_> = wanted.iter().map(|change| &change.name).collect();
    let standing: Vec<_> = before.iter().map(|kept| &kept.name).filter(|name| names.contains(name)).collect();
    let in_order = standing.iter().zip(wanted).take_while(|(name, change)| ***name == change.name).count();
    let (_, moved) = standing.split_at(in_order);
    let gone = before.iter().map(|kept| &kept.name).filter(|name| !names.contains(name));
    let gone: Vec<_> = gone.collect();
    let removal = |name: &&CriteriaName| CriteriaChange {
        name: (*name).clone(),
        new_name: None,
        delete: true,
        description: Change::Keep,
        active: None,
        valid_from: Change::Keep,
        valid_until: Change::Keep,
        do_not_perform_action: None,
        from_dn_criteria: None::<FromDnCriteriaChange>,
        time_schedule: Change::Keep,
        holiday_schedule: Change::Keep,
    };
    Removals {
        changes: gone.iter().chain(moved).map(removal).collect(),
        deleted: i64::try_from(gone.len()).unwrap_or(i64::MAX),
        reorders: !moved.is_empty(),
    }
}
