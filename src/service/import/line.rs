//! What a line changes: it creates the thing, or updates it as a request would. All of it is in a transaction that
//! others have begun.

use call_acceptance_api::{
    resource::{
        group::{GroupCreate, GroupUpdate},
        number_list::{NumberListCreate, NumberListEntry, NumberListPath, NumberListUpdate},
        protected_callers::ProtectedCallerList,
        schedule::{Schedule, ScheduleCreate, ScheduleFolder, ScheduleUpdate, period::Period},
        tenant::TenantUpdate,
        transfer::{import::ImportMode, line::Line},
        treatment::TreatmentList,
        user::{User, UserCreate, UserUpdate},
    },
    value::{
        change::Change,
        name::{ScheduleName, TenantId},
        owner::{GroupPath, Owner},
    },
    wire::precondition::Revision,
};
use uuid::Uuid;

use crate::{
    service::{
        group::{create_group, update_group},
        number_list::{create_list, put_entries, update_list},
        owner::not_found,
        policy::{replace_callers, replace_treatments},
        schedule::{create_schedule, update_schedule},
        tenant::update_tenant,
        user::{create_user, update_user},
        write::{Unwritten, Written},
    },
    store::{ConnectionTrait, audit::Record, feed, group, number_list, policy, schedule, tenant, user},
};

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Everything is as it says.
    Unchanged,
    /// It has changed something.
    Changed,
    /// It has created something.
    Created,
}

/// What a line has done.
pub(super) struct Applied {
    pub(super) outcome: Outcome,
    /// How many criteria it has removed.
    pub(super) deleted: i64,
    pub(super) records: Vec<Record>,
    pub(super) changes: Vec<feed::Change>,
}

impl Applied {
    pub(super) fn unchanged() -> Self {
        Self { outcome: Outcome::Unchanged, deleted: 0, records: Vec::new(), changes: Vec::new() }
    }

    pub(super) fn of<T>(written: Written<T>, changed: Outcome) -> Self {
        let Written { value: _, mut records, changes } = written;
        records.retain(|record| record.before != record.after);
        match records.is_empty() {
            true => Self::unchanged(),
            false => Self { outcome: changed, deleted: 0, records, changes },
        }
    }

    /// Adds what a further line, of the same row of a table, has done.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.outcome = self.outcome.max(other.outcome);
        self.deleted += other.deleted;
        self.records.extend(other.records);
        self.changes.extend(other.changes);
        self
    }
}

/// What lines need beside the database.
pub(super) struct Context<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) mode: ImportMode,
    /// A key for a thing that is created.
    pub(super) new_id: &'a (dyn Fn() -> Uuid + Sync),
    /// The first revision of a service that is assigned.
    pub(super) first_revision: Revision,
}

impl Context<'_> {
    pub(super) fn replaces(&self) -> bool {
        self.mode == ImportMode::Replace
    }

    /// A member of a thing that exists: what is left out stays, or is cleared.
    fn member<T: Clone>(&self, change: &Change<T>) -> Change<T> {
        match change {
            Change::Keep if self.replaces() => Change::Clear,
            change => change.clone(),
        }
    }

    /// Applies the line.
    ///
    /// # Errors
    /// As the request that asks for the same.
    pub(super) async fn apply(&self, db: &impl ConnectionTrait, line: &Line) -> Result<Applied, Unwritten> {
        match line {
            Line::Tenant(update) => self.tenant(db, update).await,
            Line::Group(group) => self.group(db, group).await,
            Line::Treatments { owner, treatments } => treat(db, owner, treatments).await,
            Line::ProtectedCallers { owner, callers } => protect(db, owner, callers).await,
            Line::User { group, user } => self.user(db, group, user).await,
            Line::Schedule { folder, name, periods } => self.schedule(db, folder, name, periods.as_deref()).await,
            Line::NumberList { owner, list } => self.number_list(db, owner, list).await,
            Line::NumberListEntries { list, entries } => put(db, list, entries).await,
            Line::Service { service, update } => self.service(db, service, update).await,
            Line::AnonymousCallRejection { user, update } => self.switch(db, user, update.active).await,
        }
    }

    async fn tenant(&self, db: &impl ConnectionTrait, update: &TenantUpdate) -> Result<Applied, Unwritten> {
        let update = TenantUpdate {
            tenant_id: None,
            name: self.member(&update.name),
            region: self.member(&update.region),
            time_zone: self.member(&update.time_zone),
            record_refused_calls: self.member(&update.record_refused_calls),
        };
        if let Some(now) = tenant::find(db, self.tenant).await?
            && is(&update.name, now.name.as_ref())
            && is(&update.region, now.region.as_ref())
            && is(&update.time_zone, now.time_zone.as_ref())
            && is(&update.record_refused_calls, now.record_refused_calls.as_ref())
        {
            return Ok(Applied::unchanged());
        }
        Ok(Applied::of(update_tenant(db, self.tenant, &update).await?, Outcome::Changed))
    }

    async fn group(&self, db: &impl ConnectionTrait, create: &GroupCreate) -> Result<Applied, Unwritten> {
        let path = GroupPath { tenant: self.tenant.clone(), group: create.group_id.clone() };
        let Some(now) = group::find(db, &path).await? else {
            return Ok(Applied::of(create_group(db, self.tenant, create).await?, Outcome::Created));
        };
        let update = GroupUpdate {
            group_id: None,
            group_name: self.member(&create.group_name),
            time_zone: self.member(&create.time_zone),
        };
        if is(&update.group_name, now.group_name.as_ref()) && is(&update.time_zone, now.time_zone.as_ref()) {
            return Ok(Applied::unchanged());
        }
        Ok(Applied::of(update_group(db, &path, &update).await?, Outcome::Changed))
    }

    async fn user(
        &self,
        db: &impl ConnectionTrait,
        group: &GroupPath,
        create: &UserCreate,
    ) -> Result<Applied, Unwritten> {
        let path = group.user(create.user_id.clone());
        let Some(now) = user::find(db, &path).await? else {
            return Ok(Applied::of(create_user(db, group, create).await?, Outcome::Created));
        };
        let update = self.user_update(create);
        if is_as(&update, &now) {
            return Ok(Applied::unchanged());
        }
        Ok(Applied::of(update_user(db, &path, &update).await?, Outcome::Changed))
    }

    /// What a line makes of a user who exists.
    pub(super) fn user_update(&self, create: &UserCreate) -> UserUpdate {
        UserUpdate {
            user_id: None,
            first_name: self.member(&create.first_name),
            last_name: self.member(&create.last_name),
            email_address: self.member(&create.email_address),
            phone_number: self.member(&create.phone_number),
            extension: self.member(&create.extension),
            time_zone: self.member(&create.time_zone),
        }
    }

    async fn schedule(
        &self,
        db: &impl ConnectionTrait,
        folder: &ScheduleFolder,
        name: &ScheduleName,
        periods: Option<&[Period]>,
    ) -> Result<Applied, Unwritten> {
        let left_out = (self.replaces()).then_some(&[][..]);
        let periods = periods.or(left_out).map(<[_]>::to_vec);
        match schedule::find(db, folder, name).await? {
            None => {
                let create = ScheduleCreate { name: name.clone(), periods: periods.unwrap_or_default() };
                let created = create_schedule(db, folder, &create, (self.new_id)()).await?;
                Ok(Applied::of(created, Outcome::Created))
            }
            Some(Schedule { periods: now, .. }) if periods.as_ref().is_none_or(|periods| *periods == now) => {
                Ok(Applied::unchanged())
            }
            Some(_) => {
                let update = ScheduleUpdate { name: None, new_name: None, periods };
                Ok(Applied::of(update_schedule(db, folder, name, &update).await?, Outcome::Changed))
            }
        }
    }

    async fn number_list(
        &self,
        db: &impl ConnectionTrait,
        owner: &Owner,
        create: &NumberListCreate,
    ) -> Result<Applied, Unwritten> {
        let path = NumberListPath { owner: owner.clone(), name: create.name.clone() };
        let Some(now) = number_list::find(db, &path).await? else {
            return Ok(Applied::of(create_list(db, owner, create, (self.new_id)()).await?, Outcome::Created));
        };
        let description = self.member(&create.description);
        if is(&description, now.list.description.as_ref()) {
            return Ok(Applied::unchanged());
        }
        let update = NumberListUpdate { name: None, new_name: None, description };
        Ok(Applied::of(update_list(db, &path, &update).await?, Outcome::Changed))
    }
}

/// Whether the user is as the update wants it.
pub(super) fn is_as(update: &UserUpdate, now: &User) -> bool {
    is(&update.first_name, now.first_name.as_ref())
        && is(&update.last_name, now.last_name.as_ref())
        && is(&update.email_address, now.email_address.as_ref())
        && is(&update.phone_number, now.phone_number.as_ref())
        && is(&update.extension, now.extension.as_ref())
        && is(&update.time_zone, now.time_zone.as_ref())
}

/// Whether the member is as the change wants it.
fn is<T: PartialEq>(change: &Change<T>, now: Option<&T>) -> bool {
    match change {
        Change::Keep => true,
        Change::Clear => now.is_none(),
        Change::Set(value) => now == Some(value),
    }
}

async fn treat(db: &impl ConnectionTrait, owner: &Owner, list: &TreatmentList) -> Result<Applied, Unwritten> {
    let Some(now) = policy::find(db, owner).await? else { return Err(not_found(db, owner).await.into()) };
    if now.treatments == list.treatments {
        return Ok(Applied::unchanged());
    }
    let outcome = if now.treatments.is_empty() { Outcome::Created } else { Outcome::Changed };
    Ok(Applied::of(replace_treatments(db, owner, list).await?, outcome))
}

async fn protect(db: &impl ConnectionTrait, owner: &Owner, list: &ProtectedCallerList) -> Result<Applied, Unwritten> {
    let Some(now) = policy::find(db, owner).await? else { return Err(not_found(db, owner).await.into()) };
    if now.callers == list.callers {
        return Ok(Applied::unchanged());
    }
    let outcome = if now.callers.is_empty() { Outcome::Created } else { Outcome::Changed };
    Ok(Applied::of(replace_callers(db, owner, list).await?, outcome))
}

async fn put(
    db: &impl ConnectionTrait,
    list: &NumberListPath,
    entries: &[NumberListEntry],
) -> Result<Applied, Unwritten> {
    let written = put_entries(db, list, entries).await?;
    let counts = written.value;
    match (counts.created, counts.changed, counts.unchanged) {
        (0, 0, _) => Ok(Applied::unchanged()),
        (_, 0, 0) => Ok(Applied::of(written, Outcome::Created)),
        _ => Ok(Applied::of(written, Outcome::Changed)),
    }
}
