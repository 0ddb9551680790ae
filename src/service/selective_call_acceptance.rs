//! A user's criteria. A write is one transaction that begins by raising the revision of the user's service: that row
//! is the lock, and the check of `If-Match`.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        criteria::{
            Criteria, CriteriaCreate, CriteriaUpdate, ScheduleReference, ScheduleSelection,
            selective_call_acceptance::{
                SelectiveCallAcceptance, SelectiveCallAcceptanceService, SelectiveCallAcceptanceUpdate,
            },
        },
        schedule::{ScheduleFolder, ScheduleType},
    },
    value::{
        change::Change,
        name::CriteriaName,
        owner::{Owner, UserPath},
    },
    wire::{
        precondition::{EntityTags, Revision, Versioned},
        problem::{Failure, Fault, ProblemCode},
    },
};

use super::{Done, Server, audit::record, check_owner, not_assigned, schedule::at_level};
use crate::{
    rules::criteria::{self, Entry, KeptCriteria, Merge, ScheduleLink, Step},
    store::{self, ConnectionTrait, audit::Record, contents::SERVICE, criteria as rows, schedule, user_service},
};

/// The refusal for a service that was not found: the user does not have it, or is not there.
async fn no_service(db: &impl ConnectionTrait, user: &UserPath) -> Failure {
    check_owner(db, &Owner::User(user.clone())).await.err().unwrap_or_else(|| not_assigned(user))
}

fn no_criteria(name: &CriteriaName) -> Failure {
    Failure::refused(ProblemCode::CriteriaNotFound, format!("The user has no criteria {:?}.", name.as_str()))
}

async fn load(
    db: &impl ConnectionTrait,
    user: &UserPath,
    name: Option<&CriteriaName>,
) -> Result<Versioned<Vec<KeptCriteria>>, Failure> {
    match rows::load(db, user, name).await? {
        Some(criteria) => Ok(criteria),
        None => Err(no_service(db, user).await),
    }
}

/// Locks the user's service for a write that may go on; the revision after it.
async fn lock(db: &impl ConnectionTrait, user: &UserPath, if_match: Option<&EntityTags>) -> Result<Revision, Failure> {
    let Some(revision) = user_service::raise_revision(db, user).await? else {
        return Err(no_service(db, user).await);
    };
    let before = Revision(revision.0 - 1);
    match if_match {
        Some(tags) if !tags.name_strongly(before) => {
            let detail = format!(
                "The service is at revision {} now, which `If-Match` does not name; read it again.",
                before.entity_tag()
            );
            Err(Failure::refused(ProblemCode::RevisionMismatch, detail))
        }
        _ => Ok(revision),
    }
}

/// Finds the schedules that a change refers to; a fault for each that is not there.
async fn resolve(
    db: &impl ConnectionTrait,
    user: &UserPath,
    merge: Merge<ScheduleSelection>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Result<Merge<ScheduleLink>, Failure> {
    let time_schedule =
        find(db, user, merge.time_schedule, ScheduleType::Time, &format!("{pointer}/timeSchedule"), faults).await?;
    let holiday_schedule =
        find(db, user, merge.holiday_schedule, ScheduleType::Holiday, &format!("{pointer}/holidaySchedule"), faults)
            .await?;
    Ok(Merge {
        new_name: merge.new_name,
        active: merge.active,
        do_not_perform_action: merge.do_not_perform_action,
        from_dn_criteria: merge.from_dn_criteria,
        time_schedule,
        holiday_schedule,
    })
}

async fn find(
    db: &impl ConnectionTrait,
    user: &UserPath,
    change: Change<ScheduleSelection>,
    kind: ScheduleType,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Result<Change<ScheduleLink>, Failure> {
    let selection = match change {
        Change::Keep => return Ok(Change::Keep),
        Change::Clear => return Ok(Change::Clear),
        Change::Set(selection) => selection,
    };
    let owner = at_level(Owner::User(user.clone()), selection.level);
    let id = match owner {
        Some(owner) => schedule::find_id(db, &ScheduleFolder { owner, kind }, &selection.name).await?,
        None => None,
    };
    let ScheduleSelection { level, name, kind: _ } = selection;
    match id {
        Some(id) => Ok(Change::Set(ScheduleLink { id, reference: ScheduleReference { level, name, kind } })),
        None => {
            let detail = format!(
                "There is no schedule {:?} of type {kind:?} at the level {level:?}; create it first.",
                name.as_str()
            );
            faults.push(Fault::at(pointer, detail));
            Ok(Change::Clear)
        }
    }
}

async fn apply(db: &impl ConnectionTrait, user: &UserPath, step: &Step) -> Result<(), Failure> {
    let name = match step {
        Step::Insert(criteria) | Step::Update(criteria) => criteria.name.as_str(),
        Step::Delete(_) => "",
    };
    let taken = |error: store::StoreError| match error {
        store::StoreError::Taken(_) => {
            Failure::refused(ProblemCode::CriteriaExists, format!("The user has a criteria {name:?} already."))
        }
        other => other.or_again(),
    };
    rows::apply(db, user, step).await.map_err(taken)
}

fn criteria_record(owner: &Owner, name: &CriteriaName, before: Option<&Criteria>, after: Option<&Criteria>) -> Record {
    record(owner, &[&SERVICE[..], &["criteria", name.as_str()]].concat(), before, after)
}

fn only(faults: Vec<Fault>) -> Result<(), Failure> {
    if faults.is_empty() { Ok(()) } else { Err(Failure::invalid(faults)) }
}

#[async_trait]
impl SelectiveCallAcceptanceService for Server {
    async fn view(&self, user: UserPath) -> Result<Versioned<SelectiveCallAcceptance>, Failure> {
        let Versioned { revision, value } = load(&self.db, &user, None).await?;
        Ok(Versioned { revision, value: criteria::service(value) })
    }

    async fn update(
        &self,
        by: &Actor,
        user: UserPath,
        update: SelectiveCallAcceptanceUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<SelectiveCallAcceptance>, Failure> {
        let (user, owner, update, if_match) = (&user, &Owner::User(user.clone()), &update, if_match.as_ref());
        self.change(by, Some(owner), |tx| async move {
            let revision = lock(&tx, user, if_match).await?;
            let before = load(&tx, user, None).await?.value;
            let (mut entries, mut faults) = (Vec::new(), Vec::new());
            for (at, change) in update.criteria.iter().cloned().enumerate() {
                let Entry { name, delete, merge } = Entry::from(change);
                let merge = match delete {
                    true => Merge::nothing(),
                    false => resolve(&tx, user, merge, &format!("/criteria/{at}"), &mut faults).await?,
                };
                entries.push(Entry { name, delete, merge });
            }
            let shown = criteria::service(before.clone());
            let plan = criteria::plan(before, entries, faults, |at| format!("/criteria/{at}"))?;
            for step in &plan.steps {
                apply(&tx, user, step).await?;
            }
            let value = criteria::service(plan.after);
            let record = record(owner, &SERVICE, Some(&shown), Some(&value));
            Ok(Done::new(tx, Versioned { revision, value }, [record]))
        })
        .await
    }

    async fn criteria_view(&self, user: UserPath, name: CriteriaName) -> Result<Versioned<Criteria>, Failure> {
        let Versioned { revision, value } = load(&self.db, &user, Some(&name)).await?;
        let criteria = value.into_iter().next().ok_or_else(|| no_criteria(&name))?;
        Ok(Versioned { revision, value: criteria.into() })
    }

    async fn criteria_create(
        &self,
        by: &Actor,
        user: UserPath,
        create: CriteriaCreate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure> {
        let (user, owner, create, if_match) = (&user, &Owner::User(user.clone()), &create, if_match.as_ref());
        self.change(by, Some(owner), |tx| async move {
            let revision = lock(&tx, user, if_match).await?;
            let before = load(&tx, user, None).await?.value;
            let mut faults = Vec::new();
            let Entry { name, delete, merge } = Entry::from(create.clone());
            let merge = resolve(&tx, user, merge, "", &mut faults).await?;
            only(faults)?;
            let created = criteria::create(before, Entry { name, delete, merge })?;
            apply(&tx, user, &Step::Insert(created.clone())).await?;
            let value = created.into();
            let record = criteria_record(owner, &create.name, None, Some(&value));
            Ok(Done::new(tx, Versioned { revision, value }, [record]))
        })
        .await
    }

    async fn criteria_update(
        &self,
        by: &Actor,
        user: UserPath,
        name: CriteriaName,
        update: CriteriaUpdate,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<Criteria>, Failure> {
        let (user, owner, name) = (&user, &Owner::User(user.clone()), &name);
        let (update, if_match) = (&update, if_match.as_ref());
        self.change(by, Some(owner), |tx| async move {
            let revision = lock(&tx, user, if_match).await?;
            let before =
                load(&tx, user, Some(name)).await?.value.into_iter().next().ok_or_else(|| no_criteria(name))?;
            let mut faults = Vec::new();
            let merge = resolve(&tx, user, update.clone().into(), "", &mut faults).await?;
            only(faults)?;
            let shown = before.clone().into();
            let merged = before.merged(merge);
            apply(&tx, user, &Step::Update(merged.clone())).await?;
            let value = merged.into();
            let record = criteria_record(owner, name, Some(&shown), Some(&value));
            Ok(Done::new(tx, Versioned { revision, value }, [record]))
        })
        .await
    }

    async fn criteria_delete(
        &self,
        by: &Actor,
        user: UserPath,
        name: CriteriaName,
        if_match: Option<EntityTags>,
    ) -> Result<Versioned<()>, Failure> {
        let (user, owner, name, if_match) = (&user, &Owner::User(user.clone()), &name, if_match.as_ref());
        self.change(by, Some(owner), |tx| async move {
            let revision = lock(&tx, user, if_match).await?;
            let found = load(&tx, user, Some(name)).await?.value.into_iter().next().ok_or_else(|| no_criteria(name))?;
            apply(&tx, user, &Step::Delete(found.position)).await?;
            let record = criteria_record(owner, name, Some(&found.into()), None);
            Ok(Done::new(tx, Versioned { revision, value: () }, [record]))
        })
        .await
    }
}
