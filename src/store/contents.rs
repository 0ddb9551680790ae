//! The contents of an owner, read for the audit trail before a deletion.

use call_acceptance_api::{
    access::Scope,
    resource::{
        group::Group,
        schedule::{Schedule, ScheduleFolder},
        user::User,
        user_service::UserServicePath,
    },
    value::owner::{GroupPath, Owner, UserPath},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;

use super::{
    audit::Record,
    column::value,
    criteria as of_criteria,
    entity::{groups, schedules, user_services, users},
    error::StoreError,
    ownership::below,
    schedule, user_service,
};
use crate::rules::criteria::RecordedService;

/// Records of the deletion of everything below the owner: services and schedules before their users, users before their
/// groups. The rows are locked from the top down, so that nothing can be added.
pub async fn removals(db: &impl ConnectionTrait, owner: &Owner) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    if let Owner::Tenant(tenant) = owner {
        let held = groups::Entity::find().filter(groups::Column::TenantId.eq(tenant.as_str()));
        for row in held.lock_exclusive().all(db).await? {
            let kept = Group::try_from(row)?;
            let path = GroupPath { tenant: tenant.clone(), group: kept.group_id.clone() };
            records.push(removal(&Owner::Group(path), &[], &kept)?);
        }
    }
    if !matches!(owner, Owner::User(_)) {
        for row in users::Entity::find().filter(below!(users, owner)).lock_exclusive().all(db).await? {
            let (tenant, group) = (value(row.tenant_id.clone())?, value(row.group_id.clone())?);
            let kept = User::try_from(row)?;
            let path = UserPath { tenant, group, user: kept.user_id.clone() };
            records.push(removal(&Owner::User(path), &[], &kept)?);
        }
    }
    for row in user_services::Entity::find().filter(below!(user_services, owner)).lock_exclusive().all(db).await? {
        let user = UserPath { tenant: value(row.tenant_id)?, group: value(row.group_id)?, user: value(row.user_id)? };
        let path = UserServicePath { user, service: user_service::service(&row.service)? };
        let kept = of_criteria::load(db, &path, None).await?.map(|kept| kept.value).unwrap_or_default();
        records.push(removal(&Owner::User(path.user.clone()), &path.segments(), &RecordedService::from(kept))?);
    }
    for row in schedules::Entity::find().filter(below!(schedules, owner)).lock_exclusive().all(db).await? {
        let folder = schedule::folder(&row)?;
        let kept = Schedule::try_from(row)?;
        records.push(schedule_removal(&folder, &kept)?);
    }
    records.reverse();
    Ok(records)
}

fn schedule_removal(folder: &ScheduleFolder, schedule: &Schedule) -> Result<Record, StoreError> {
    let segments = folder.segments();
    let below = [segments.last().copied().unwrap_or_default(), schedule.name.as_str()];
    removal(&folder.owner, &below, schedule)
}

fn removal(owner: &Owner, below: &[&str], thing: &impl Serialize) -> Result<Record, StoreError> {
    Ok(Record {
        scope: Scope::Of(owner.clone()),
        target: owner.path_of(below),
        before: Some(serde_json::to_value(thing).map_err(StoreError::corrupt)?),
        after: None,
    })
}
