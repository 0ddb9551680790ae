//! The criteria of a user's service, whichever it is. A write is one transaction that begins by raising the revision of
//! the service. The row of the service thereby serves as the lock, and as the check of `If-Match`.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use call_acceptance_api::{
    access::Actor,
    resource::{
        criteria::{
            Criteria, CriteriaChange, CriteriaServices, NumberListReference, Render, ScheduleReference, Service,
            ServiceUpdate,
        },
        number_list::NumberListPath,
        schedule::ScheduleFolder,
        user_service::UserServicePath,
    },
    value::{
        name::{CriteriaName, ScheduleName},
        owner::{Owner, UserPath},
    },
    wire::{
        precondition::{EntityTags, Revision, Versioned},
        problem::{Failure, ProblemCode},
    },
};
use futures_util::future::join;
use tokio::task::yield_now;

use super::{
    change::Done,
    owner::{check_owner, not_assigned},
    record::record,
    server::Server,
    write::{ManyUnwritten, Unwritten, Written},
};
use crate::{
    rules::{
        criteria::{self, Found, KeptCriteria, Step},
        service::{KeptService, RecordedService, Settings},
    },
    store::{
        ConnectionTrait, StoreError, Transaction, audit::Record, criteria as rows, feed::Change, number_list, schedule,
        user_service,
    },
};

/// How many services' records are made before it is seen whether the database waits for a statement.
const AT_ONCE: usize = 50;

/// The error for a service that was not found: the user does not exist or does not have it.
async fn no_service(db: &impl ConnectionTrait, path: &UserServicePath) -> Failure {
    check_owner(db, &Owner::User(path.user.clone())).await.err().unwrap_or_else(|| not_assigned(path))
}

fn no_criteria(name: &CriteriaName) -> Failure {
    Failure::refused(ProblemCode::CriteriaNotFound, format!("The user has no criteria {:?}.", name.as_str()))
}

/// The service with its criteria.
///
/// # Errors
/// The user does not have the service.
pub(super) async fn load(db: &impl ConnectionTrait, path: &UserServicePath) -> Result<Versioned<KeptService>, Failure> {
    match rows::load(db, path, None).await? {
        Some(service) => Ok(service),
        None => Err(no_service(db, path).await),
    }
}

async fn load_one(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    name: &CriteriaName,
) -> Result<Versioned<KeptCriteria>, Failure> {
    let Some(Versioned { revision, value }) = rows::load(db, path, Some(name)).await? else {
        return Err(no_service(db, path).await);
    };
    let value = value.criteria.into_iter().next().ok_or_else(|| no_criteria(name))?;
    Ok(Versioned { revision, value })
}

/// Locks the service for a write, if `If-Match` allows it; returns the new revision.
///
/// # Errors
/// The user does not have the service, or `if_match` does not name its revision.
pub(super) async fn lock(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    if_match: Option<&EntityTags>,
) -> Result<Revision, Failure> {
    let Some(revision) = user_service::raise_revision(db, path).await? else {
        return Err(no_service(db, path).await);
    };
    let before = Revision(revision.0 - 1);
    match if_match {
        Some(tags) if !tags.name_strongly(before) => Err(revision_mismatch(tags, before)),
        _ => Ok(revision),
    }
}

fn revision_mismatch(if_match: &EntityTags, present: Revision) -> Failure {
    let tag = present.entity_tag();
    let detail = match if_match.name_weakly(present) {
        true => {
            format!("`If-Match` has the current revision as a weak tag, which never matches; send {tag} without `W/`.")
        }
        false => format!("The service is now at revision {tag}, which is not in `If-Match`; read it again."),
    };
    Failure::refused(ProblemCode::RevisionMismatch, detail)
}

/// The keys of the schedules and number lists that `changes` refer to, which are locked against renaming and deletion.
/// Those that the criteria of `before` refer to are known.
pub(super) async fn lock_references(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    before: &[KeptCriteria],
    changes: &[CriteriaChange],
) -> Result<Found, Failure> {
    let mut found = Found::in_criteria(before);
    let unknown: Vec<_> = found.unknown_schedules(changes).collect();
    found.schedules.extend(schedule::lock_ids(db, &path.user, unknown).await?);
    let unknown: Vec<_> = found.unknown_number_lists(changes).cloned().collect();
    found.number_lists.extend(number_list::lock_ids(db, &path.user, unknown).await?);
    Ok(found)
}

/// As [`lock_references`], for updates of the services of several users at once; in their order, what is found for
/// each.
pub(super) async fn lock_all_references(
    db: &impl ConnectionTrait,
    updates: &[(UserPath, &ServiceUpdate)],
) -> Result<Vec<Found>, Failure> {
    let (schedules, lists) = referred_to(updates);
    let schedules = schedule::lock_all(db, schedules).await?;
    let lists = number_list::lock_all(db, lists).await?;
    let none = Found::default();
    let found = |(user, update): &(UserPath, &ServiceUpdate)| Found {
        schedules: none
            .unknown_schedules(&update.criteria)
            .filter_map(|reference| Some((reference.clone(), *schedules.get(&schedule_of(user, &reference)?)?)))
            .collect(),
        number_lists: none
            .unknown_number_lists(&update.criteria)
            .filter_map(|reference| Some((reference.clone(), *lists.get(&list_of(user, reference)?)?)))
            .collect(),
    };
    Ok(updates.iter().map(found).collect())
}

/// The schedules and the number lists that updates of the services of these users refer to.
fn referred_to(updates: &[(UserPath, &ServiceUpdate)]) -> (Vec<(ScheduleFolder, ScheduleName)>, Vec<NumberListPath>) {
    let none = Found::default();
    let (mut schedules, mut lists) = (Vec::new(), Vec::new());
    for (user, update) in updates {
        let references = none.unknown_schedules(&update.criteria);
        schedules.extend(references.filter_map(|reference| schedule_of(user, &reference)));
        let references = none.unknown_number_lists(&update.criteria);
        lists.extend(references.filter_map(|reference| list_of(user, reference)));
    }
    (schedules, lists)
}

fn schedule_of(user: &UserPath, reference: &ScheduleReference) -> Option<(ScheduleFolder, ScheduleName)> {
    let owner = Owner::User(user.clone()).at_level(reference.level)?;
    Some((ScheduleFolder { owner, kind: reference.kind }, reference.name.clone()))
}

fn list_of(user: &UserPath, reference: &NumberListReference) -> Option<NumberListPath> {
    let owner = Owner::User(user.clone()).at_level(reference.level)?;
    Some(NumberListPath { owner, name: reference.name.clone() })
}

/// Carries out a step; `before` is the criteria that it updates, if it does.
async fn apply(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    revision: Revision,
    step: &Step,
    before: Option<&KeptCriteria>,
) -> Result<(), Failure> {
    let name = match step {
        Step::Insert(criteria) | Step::Update(criteria) => Some(&criteria.name),
        Step::Delete(_) => None,
    };
    rows::apply(db, path, revision, step).await.map_err(|error| match (error, name) {
        (StoreError::Taken(_), Some(name)) => criteria::name_taken(name),
        (other, _) => other.or_retry(),
    })?;
    if let (Step::Update(after), Some(before)) = (step, before)
        && before.number_lists != after.number_lists
    {
        rows::replace_number_lists(db, path, after).await.map_err(StoreError::or_retry)?;
    }
    Ok(())
}

/// The record of a change of a whole service.
///
/// # Errors
/// See [`record`].
pub(super) fn service_record(
    path: &UserServicePath,
    before: Option<KeptService>,
    after: Option<KeptService>,
) -> Result<Record, Failure> {
    let [before, after] = [before, after].map(|kept| kept.map(RecordedService::from));
    record(&Owner::User(path.user.clone()), &path.segments(), before.as_ref(), after.as_ref())
}

/// Writes the members of the service beside its criteria, if they change; the record of that.
///
/// # Errors
/// As [`record`].
pub(super) async fn change_settings(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    before: Settings,
    after: Settings,
) -> Result<Option<Record>, Failure> {
    if before == after {
        return Ok(None);
    }
    user_service::write_settings(db, path, &after).await?;
    let [before, after] = [before, after].map(|settings| RecordedService::of(path.service, settings));
    record(&Owner::User(path.user.clone()), &path.segments(), Some(&before), Some(&after)).map(Some)
}

fn criteria_record(
    path: &UserServicePath,
    name: &CriteriaName,
    before: Option<&Criteria>,
    after: Option<&Criteria>,
) -> Result<Record, Failure> {
    let [services, service] = path.segments();
    record(&Owner::User(path.user.clone()), &[services, service, "criteria", name.as_str()], before, after)
}

/// The record of one step of a list of changes; `standing` has the criteria before the step, by position.
fn step_record(
    path: &UserServicePath,
    standing: &mut HashMap<i32, KeptCriteria>,
    step: &Step,
) -> Result<Record, Failure> {
    let (before, after) = match step {
        Step::Insert(criteria) | Step::Update(criteria) => {
            (standing.insert(criteria.position, criteria.clone()), Some(criteria.clone()))
        }
        Step::Delete(position) => (standing.remove(position), None),
    };
    let named = before.as_ref().or(after.as_ref()).map(|criteria| criteria.name.clone());
    let name = named.ok_or_else(|| Failure::Internal("a step has no criteria".into()))?;
    criteria_record(path, &name, before.map(Criteria::from).as_ref(), after.map(Criteria::from).as_ref())
}

/// A change of the service, with the `revision` after it; the old revision if nothing has changed.
pub(super) fn written<T>(
    path: &UserServicePath,
    revision: Revision,
    value: T,
    records: impl Into<Vec<Record>>,
) -> Written<Versioned<T>> {
    let records = records.into();
    let changed = records.iter().any(|record| record.before != record.after);
    let revision = if changed { revision } else { Revision(revision.0 - 1) };
    let change = Change::Users(Owner::User(path.user.clone()));
    Written::new(Versioned { revision, value }, records).concerning([change])
}

/// As [`written`], in a transaction of its own.
pub(super) fn done<T>(
    tx: Transaction,
    path: &UserServicePath,
    revision: Revision,
    value: T,
    records: impl Into<Vec<Record>>,
) -> Done<Versioned<T>> {
    let Written { value, records, changes } = written(path, revision, value, records);
    Done::new(tx, value, records).concerning(changes)
}

/// Updates a service in a transaction.
pub(super) async fn update_service(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    update: &ServiceUpdate,
    if_match: Option<&EntityTags>,
) -> Result<Written<Versioned<Service>>, Unwritten> {
    let revision = lock(db, path, if_match).await?;
    let before = load(db, path).await?.value;
    let found = lock_references(db, path, &before.criteria, &update.criteria).await?;
    let plan = criteria::plan(before.criteria.clone(), &update.criteria, &found)?;
    let settings = before.settings.merged(update);
    let mut records = Vec::from_iter(change_settings(db, path, before.settings, settings.clone()).await?);
    records.extend(carry_out(db, path, revision, before.criteria, &plan.steps).await?);
    let after = KeptService { name: path.service, settings, criteria: plan.after };
    Ok(written(path, revision, after.into(), records))
}

/// Assigns services with their criteria to those users who do not have them, in a transaction; in their order, each
/// that was assigned.
///
/// # Errors
/// A user, or something that a criteria refers to, does not exist.
pub(super) async fn create_services(
    db: &impl ConnectionTrait,
    services: &[(&UserServicePath, &KeptService)],
    first: Revision,
) -> Result<Vec<Option<Written<()>>>, ManyUnwritten> {
    let new = user_service::insert_new(db, services, first).await?;
    let created: Vec<_> = services.iter().copied().filter(|(path, _)| new.contains(*path)).collect();
    let written = |(path, service): &(&UserServicePath, &KeptService)| {
        let record = |()| service_record(path, None, Some((*service).clone()));
        let record = new.contains(*path).then_some(()).map(record).transpose()?;
        let change = || Change::Users(Owner::User(path.user.clone()));
        Ok(record.map(|record| Written::new((), [record]).concerning([change()])))
    };
    // While the database inserts the criteria.
    let all_written = async {
        let mut all = Vec::with_capacity(services.len());
        for some in services.chunks(AT_ONCE) {
            all.extend(some.iter().map(written));
            yield_now().await;
        }
        all.into_iter().collect()
    };
    let (inserted, written) = join(rows::insert_services(db, &created, first), all_written).await;
    inserted?;
    written
}

/// Carries out the steps of a plan; a record of each.
pub(super) async fn carry_out(
    db: &impl ConnectionTrait,
    path: &UserServicePath,
    revision: Revision,
    before: Vec<KeptCriteria>,
    steps: &[Step],
) -> Result<Vec<Record>, Failure> {
    let mut standing: HashMap<_, _> = before.into_iter().map(|criteria| (criteria.position, criteria)).collect();
    let mut records = Vec::with_capacity(steps.len());
    for step in steps {
        let updated = match step {
            Step::Update(after) => standing.get(&after.position),
            Step::Insert(_) | Step::Delete(_) => None,
        };
        apply(db, path, revision, step, updated).await?;
        records.push(step_record(path, &mut standing, step)?);
    }
    Ok(records)
}

#[async_trait]
impl CriteriaServices for Server {
    async fn service_view(&self, path: UserServicePath, render: Render) -> Result<Versioned<Bytes>, Failure> {
        if let Some(view) = self.views.get(&path)
            && user_service::revision(&self.db, &path).await? == Some(view.revision)
        {
            return Ok(view);
        }
        let view = load(&self.db, &path).await?.try_map(|kept| render(kept.into()))?;
        self.views.keep(path, view.clone());
        Ok(view)
    }

    async fn service_update(
        &self,
        by: &Actor,
        path: UserServicePath,
        update: ServiceUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Service>, Failure> {
        let (path, update, if_match) = (&path, &update, if_match.as_ref());
        self.change(by, |tx| async move {
            let updated = update_service(&tx, path, update, if_match).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn criteria_view(&self, path: UserServicePath, name: CriteriaName) -> Result<Versioned<Criteria>, Failure> {
        Ok(load_one(&self.db, &path, &name).await?.map(Criteria::from))
    }

    async fn criteria_create(
        &self,
        by: &Actor,
        path: UserServicePath,
        create: CriteriaChange,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure> {
        let (path, change, if_match) = (&path, &create, if_match.as_ref());
        self.change(by, |tx| async move {
            let revision = lock(&tx, path, if_match).await?;
            let before = load(&tx, path).await?.value;
            let found = lock_references(&tx, path, &before.criteria, std::slice::from_ref(change)).await?;
            let created = criteria::create(&before.criteria, change, &found)?;
            apply(&tx, path, revision, &Step::Insert(created.clone()), None).await?;
            let value = created.into();
            let record = criteria_record(path, &change.name, None, Some(&value))?;
            Ok(done(tx, path, revision, value, [record]))
        })
        .await
    }

    async fn criteria_update(
        &self,
        by: &Actor,
        path: UserServicePath,
        update: CriteriaChange,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure> {
        let (path, change, if_match) = (&path, &update, if_match.as_ref());
        self.change(by, |tx| async move {
            let revision = lock(&tx, path, if_match).await?;
            let before = load_one(&tx, path, &change.name).await?.value;
            let found = lock_references(&tx, path, std::slice::from_ref(&before), std::slice::from_ref(change)).await?;
            let after = criteria::update(before.clone(), change, &found)?;
            apply(&tx, path, revision, &Step::Update(after.clone()), Some(&before)).await?;
            let value = after.into();
            let record = criteria_record(path, &change.name, Some(&before.into()), Some(&value))?;
            Ok(done(tx, path, revision, value, [record]))
        })
        .await
    }

    async fn criteria_delete(
        &self,
        by: &Actor,
        path: UserServicePath,
        name: CriteriaName,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<()>, Failure> {
        let (path, name, if_match) = (&path, &name, if_match.as_ref());
        self.change(by, |tx| async move {
            let revision = lock(&tx, path, if_match).await?;
            let found = load_one(&tx, path, name).await?.value;
            apply(&tx, path, revision, &Step::Delete(found.position), None).await?;
            let record = criteria_record(path, name, Some(&found.into()), None)?;
            Ok(done(tx, path, revision, (), [record]))
        })
        .await
    }
}
