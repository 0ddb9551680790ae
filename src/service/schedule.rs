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

use super::{
    change::Done,
    criteria::{NAMED, in_use},
    deletion::check_creation,
    levels::page_of_levels,
    owner::{check_owner, not_found},
    record::record,
    server::Server,
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
) -> Result<(uuid::Uuid, Schedule), Failure> {
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
        let (folder, create, id) = (&folder, &create, self.clock.new_id());
        let created = self.change(by, |tx| async move {
            if schedule::count(&tx, folder).await? >= MAX_SCHEDULES {
                let detail = format!("An owner can have {MAX_SCHEDULES} schedules of a type.");
                return Err(Failure::refused(ProblemCode::TooManySchedules, detail));
            }
            let taken = taken(&create.name);
            match schedule::insert(&tx, folder, id, create.clone()).await {
                Ok(created) => {
                    check_creation(&tx, &folder.owner).await?;
                    let record = schedule_record(folder, &create.name, None, Some(&created))?;
                    Ok(Done::new(tx, created, [record]))
                }
                Err(StoreError::Reference(_)) => Err(not_found(self.outside(tx).await?, &folder.owner).await),
                Err(error) => Err(error.or_conflict(ProblemCode::ScheduleExists, taken)),
            }
        });
        created.await
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
            let (id, before) = lock(&tx, folder, name).await?;
            if update.new_name.is_some() {
                schedule::raise_revisions(&tx, folder, id).await?;
            }
            let taken = taken(update.new_name.as_ref().unwrap_or(name));
            let updated = schedule::update(&tx, folder, id, update.clone()).await;
            match updated.map_err(|error| error.or_conflict(ProblemCode::ScheduleExists, taken))? {
                Some(after) => {
                    let record = schedule_record(folder, name, Some(&before), Some(&after))?;
                    let decides = before.periods != after.periods;
                    let change = decides.then(|| Change::Schedule(folder.owner.clone(), id));
                    Ok(Done::new(tx, after, [record]).concerning(change))
                }
                None => Err(no_schedule(&tx, folder, name).await),
            }
        })
        .await
    }

    async fn delete(&self, by: &Actor, folder: ScheduleFolder, name: ScheduleName) -> Result<(), Failure> {
        let (folder, name) = (&folder, &name);
        self.change(by, |tx| async move {
            let (id, before) = lock(&tx, folder, name).await?;
            match schedule::delete(&tx, folder, id).await {
                Ok(()) => Ok(Done::new(tx, (), [schedule_record(folder, name, Some(&before), None)?])),
                Err(StoreError::Reference(_)) => {
                    let users = schedule::references(self.outside(tx).await?, folder, id, NAMED + 1).await?;
                    Err(Failure::refused(ProblemCode::ScheduleInUse, in_use("schedule", name.as_str(), &users)))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }
}
