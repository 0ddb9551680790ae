//! Time and calendar schedules.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::schedule::{
        MAX_SCHEDULES, Schedule, ScheduleCreate, ScheduleEntry, ScheduleFolder, ScheduleList, ScheduleUpdate, Schedules,
    },
    value::{name::ScheduleName, owner::Owner, time::TimeZone},
    wire::{
        page::{PageQuery, ScheduleCursor},
        problem::{Failure, ProblemCode},
    },
};

use uuid::Uuid;

use super::{
    deletion::check_creation,
    levels::page_of_levels,
    owner::{check_owner, not_found},
    record::record,
    server::Server,
    write::{Unwritten, Written},
};
use crate::store::{ConnectionTrait, StoreError, audit::Record, feed::Change, group, schedule, tenant, user};

fn taken(name: &ScheduleName) -> String {
    format!("There is already a schedule {:?} of this type here.", name.as_str())
}

async fn no_schedule(db: &impl ConnectionTrait, folder: &ScheduleFolder, name: &ScheduleName) -> Failure {
    match check_owner(db, &folder.owner).await {
        Err(failure) => failure,
        Ok(()) => Failure::refused(
            ProblemCode::ScheduleNotFound,
            format!("There is no schedule {:?} of this type here.", name.as_str()),
        ),
    }
}

async fn lock(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    name: &ScheduleName,
) -> Result<(Uuid, Schedule), Failure> {
    match schedule::lock(db, folder, name).await? {
        Some(found) => Ok(found),
        None => Err(no_schedule(db, folder, name).await),
    }
}

fn schedule_record(
    folder: &ScheduleFolder,
    name: &ScheduleName,
    before: Option<&Schedule>,
    after: Option<&Schedule>,
) -> Result<Record, Failure> {
    let segments = folder.segments();
    let kind = segments.last().copied().unwrap_or_default();
    record(&folder.owner, &[kind, name.as_str()], before, after)
}

/// Creates a schedule in a transaction, under a new key.
pub(super) async fn create_schedule(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    create: &ScheduleCreate,
    id: Uuid,
) -> Result<Written<Schedule>, Unwritten> {
    if schedule::count(db, folder).await? >= MAX_SCHEDULES {
        let detail = format!("An owner can have {MAX_SCHEDULES} schedules of a type.");
        return Err(Failure::refused(ProblemCode::TooManySchedules, detail).into());
    }
    match schedule::insert(db, folder, id, create.clone()).await {
        Ok(created) => {
            check_creation(db, &folder.owner).await?;
            let record = schedule_record(folder, &create.name, None, Some(&created))?;
            Ok(Written::new(created, [record]))
        }
        Err(StoreError::Reference(_)) => Err(Unwritten::NoOwner(folder.owner.clone())),
        Err(error) => Err(error.or_conflict(ProblemCode::ScheduleExists, taken(&create.name)).into()),
    }
}

/// Updates a schedule in a transaction.
pub(super) async fn update_schedule(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    name: &ScheduleName,
    update: &ScheduleUpdate,
) -> Result<Written<Schedule>, Unwritten> {
    let (id, before) = lock(db, folder, name).await?;
    if update.new_name.is_some() {
        schedule::raise_revisions(db, folder, id).await?;
    }
    let taken = taken(update.new_name.as_ref().unwrap_or(name));
    let updated = schedule::update(db, folder, id, update.clone()).await;
    match updated.map_err(|error| error.or_conflict(ProblemCode::ScheduleExists, taken))? {
        Some(after) => {
            let record = schedule_record(folder, name, Some(&before), Some(&after))?;
            let decides = before.periods != after.periods;
            let change = decides.then(|| Change::Schedule(folder.owner.clone(), id));
            Ok(Written::new(after, [record]).concerning(change))
        }
        None => Err(no_schedule(db, folder, name).await.into()),
    }
}

/// Deletes a schedule in a transaction.
pub(super) async fn delete_schedule(
    db: &impl ConnectionTrait,
    folder: &ScheduleFolder,
    name: &ScheduleName,
) -> Result<Written<()>, Unwritten> {
    let (id, before) = lock(db, folder, name).await?;
    match schedule::delete(db, folder, id).await {
        Ok(()) => Ok(Written::new((), [schedule_record(folder, name, Some(&before), None)?])),
        Err(StoreError::Reference(_)) => Err(Unwritten::ScheduleInUse(folder.clone(), name.clone(), id)),
        Err(error) => Err(error.into()),
    }
}

#[async_trait]
impl Schedules for Server {
    async fn list(
        &self,
        folder: ScheduleFolder,
        all_levels: bool,
        page: PageQuery<ScheduleCursor>,
    ) -> Result<ScheduleList, Failure> {
        let page = (page.limit, page.after.as_ref().map(ScheduleCursor::as_str));
        let (kind, owner) = (folder.kind, &folder.owner);
        let read = self.read(|db| async move {
            let db = &db;
            let names = |owner, start: Option<String>, room| async move {
                schedule::names(db, &ScheduleFolder { owner, kind }, start.as_deref(), room).await
            };
            page_of_levels(db, owner, all_levels, page, names).await
        });
        let (names, more) = read.await?;
        let schedules: Vec<_> = names.into_iter().map(|(name, level)| ScheduleEntry { name, level }).collect();
        let cursor = |last: &ScheduleEntry| ScheduleCursor::parse(&format!("{}/{}", last.level.as_str(), last.name));
        let next = schedules.last().filter(|_| more).map(cursor).transpose();
        Ok(ScheduleList { next: next.map_err(|error| Failure::Internal(error.into()))?, schedules })
    }

    async fn create(&self, by: &Actor, folder: ScheduleFolder, create: ScheduleCreate) -> Result<Schedule, Failure> {
        let (folder, schedule, id) = (&folder, &create, self.clock.new_id());
        self.change(by, |tx| async move {
            let created = create_schedule(&tx, folder, schedule, id).await;
            self.done(tx, created).await
        })
        .await
    }

    async fn view(&self, folder: ScheduleFolder, name: ScheduleName) -> Result<Schedule, Failure> {
        match schedule::find(&self.db, &folder, &name).await? {
            Some(schedule) => Ok(schedule),
            None => Err(no_schedule(&self.db, &folder, &name).await),
        }
    }

    async fn time_zone(&self, owner: &Owner) -> Result<Option<TimeZone>, Failure> {
        for here in owner.with_parents() {
            let zone = match &here {
                Owner::Tenant(tenant) => tenant::find(&self.db, tenant).await?.map(|tenant| tenant.time_zone),
                Owner::Group(group) => group::find(&self.db, group).await?.map(|group| group.time_zone),
                Owner::User(user) => user::find(&self.db, user).await?.map(|user| user.time_zone),
            };
            match zone {
                None => return Err(not_found(&self.db, owner).await),
                Some(Some(zone)) => return Ok(Some(zone)),
                Some(None) => {}
            }
        }
        Ok(None)
    }

    async fn update(
        &self,
        by: &Actor,
        folder: ScheduleFolder,
        name: ScheduleName,
        update: ScheduleUpdate,
    ) -> Result<Schedule, Failure> {
        let (folder, name, update) = (&folder, &name, &update);
        self.change(by, |tx| async move {
            let updated = update_schedule(&tx, folder, name, update).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn delete(&self, by: &Actor, folder: ScheduleFolder, name: ScheduleName) -> Result<(), Failure> {
        let (folder, name) = (&folder, &name);
        self.change(by, |tx| async move {
            let deleted = delete_schedule(&tx, folder, name).await;
            self.done(tx, deleted).await
        })
        .await
    }
}
