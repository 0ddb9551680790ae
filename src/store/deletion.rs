//! Jobs of background deletions: their progress, and the lock of the instance that runs one.

use std::net::IpAddr;

use call_acceptance_api::{
    access::{Actor, ActorKind},
    resource::deletion::{Deletion, DeletionId, DeletionStatus},
    value::{
        name::TenantId,
        owner::{GroupPath, Owner},
        time::Instant,
    },
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid,
    sea_query::{LockBehavior, LockType},
};

use super::{
    audit::instant,
    column::{microseconds, optional, owner_columns, value},
    contents::Place,
    entity::deletions::{ActiveModel, Column, Entity, Model},
    error::StoreError,
};

/// Maximum number of jobs per poll.
const AT_ONCE: u64 = 100;

/// A stored deletion.
#[derive(Debug, Clone)]
pub struct KeptDeletion {
    /// The deletion as it is shown.
    pub deletion: Deletion,
    /// The kind of the actor who requested it.
    pub kind: ActorKind,
    /// The actor who requested it.
    pub actor: String,
    /// The identifier of the request.
    pub request_id: String,
    /// The address of the client of that request, if it is known.
    pub client_address: Option<IpAddr>,
    /// The last user that was deleted.
    pub last: Option<Place>,
}

impl KeptDeletion {
    /// What is deleted.
    pub fn owner(&self) -> Owner {
        let tenant = self.deletion.tenant_id.clone();
        match self.deletion.group_id.clone() {
            Some(group) => Owner::Group(GroupPath { tenant, group }),
            None => Owner::Tenant(tenant),
        }
    }
}

impl TryFrom<Model> for KeptDeletion {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let known = |what: &str| StoreError::Internal(format!("a deletion's {what} is none").into());
        Ok(Self {
            deletion: Deletion {
                deletion_id: value(row.deletion_id.simple().to_string())?,
                tenant_id: value(row.tenant_id)?,
                group_id: optional(row.group_id)?,
                status: DeletionStatus::parse(&row.status).ok_or_else(|| known("status"))?,
                users_deleted: row.users_deleted,
                started_at: instant(row.started_at)?,
                finished_at: row.finished_at.map(instant).transpose()?,
            },
            kind: ActorKind::parse(&row.actor_kind).ok_or_else(|| known("actor's kind"))?,
            actor: row.actor,
            request_id: row.request_id,
            client_address: row
                .client_address
                .map(|address| address.parse())
                .transpose()
                .map_err(StoreError::corrupt)?,
            last: row.last_group_id.zip(row.last_user_id).map(|(group, user)| Place { group, user }),
        })
    }
}

fn uuid(id: &DeletionId) -> Result<Uuid, StoreError> {
    Uuid::parse_str(id.as_str()).map_err(StoreError::corrupt)
}

fn key(tenant: &TenantId, id: &DeletionId) -> Result<Condition, StoreError> {
    Ok(Condition::all().add(Column::TenantId.eq(tenant.as_str())).add(Column::DeletionId.eq(uuid(id)?)))
}

fn is_running() -> Condition {
    Condition::all().add(Column::Status.eq(DeletionStatus::Running.as_str()))
}

/// Records a deletion that `by` requested.
pub async fn insert(db: &impl ConnectionTrait, deletion: &Deletion, by: &Actor) -> Result<(), StoreError> {
    let row = ActiveModel {
        tenant_id: Set(deletion.tenant_id.to_string()),
        deletion_id: Set(uuid(&deletion.deletion_id)?),
        group_id: Set(deletion.group_id.as_ref().map(ToString::to_string)),
        status: Set(deletion.status.as_str().to_owned()),
        actor_kind: Set(by.identity.kind.as_str().to_owned()),
        actor: Set(by.identity.actor.clone()),
        request_id: Set(by.request_id.clone()),
        client_address: Set(by.client_address.map(|address| address.to_string())),
        started_at: Set(microseconds(&deletion.started_at)),
        finished_at: Set(None),
        users_deleted: Set(deletion.users_deleted),
        last_group_id: Set(None),
        last_user_id: Set(None),
    };
    row.insert(db).await?;
    Ok(())
}

/// One deletion, if it is there.
pub async fn find(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    id: &DeletionId,
) -> Result<Option<Deletion>, StoreError> {
    let row = Entity::find().filter(key(tenant, id)?).one(db).await?;
    Ok(row.map(KeptDeletion::try_from).transpose()?.map(|kept| kept.deletion))
}

/// The running deletion of the owner, or of what it is in.
pub async fn covering(db: &impl ConnectionTrait, owner: &Owner) -> Result<Option<Deletion>, StoreError> {
    let (tenant, group, _) = owner_columns(owner);
    let here = Condition::any().add(Column::GroupId.is_null()).add_option(group.map(|group| Column::GroupId.eq(group)));
    let query = Entity::find().filter(Column::TenantId.eq(tenant)).filter(is_running()).filter(here);
    let row = query.order_by_asc(Column::StartedAt).one(db).await?;
    Ok(row.map(KeptDeletion::try_from).transpose()?.map(|kept| kept.deletion))
}

/// A running deletion of the tenant, or of a group of it.
pub async fn in_tenant(db: &impl ConnectionTrait, tenant: &TenantId) -> Result<Option<Deletion>, StoreError> {
    let row = Entity::find().filter(Column::TenantId.eq(tenant.as_str())).filter(is_running()).one(db).await?;
    Ok(row.map(KeptDeletion::try_from).transpose()?.map(|kept| kept.deletion))
}

/// The oldest running deletions, at most 100.
pub async fn running(db: &impl ConnectionTrait) -> Result<Vec<KeptDeletion>, StoreError> {
    let query = Entity::find().filter(is_running()).order_by_asc(Column::StartedAt).limit(AT_ONCE);
    query.all(db).await?.into_iter().map(KeptDeletion::try_from).collect()
}

/// Locks a running deletion for the transaction; `None` if another instance has the lock.
pub async fn claim(db: &impl ConnectionTrait, kept: &KeptDeletion) -> Result<Option<KeptDeletion>, StoreError> {
    let deletion = &kept.deletion;
    let query = Entity::find().filter(key(&deletion.tenant_id, &deletion.deletion_id)?).filter(is_running());
    let row = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(db).await?;
    row.map(KeptDeletion::try_from).transpose()
}

/// Notes that `users` more are gone, up to `last`.
pub async fn advance(
    db: &impl ConnectionTrait,
    kept: &KeptDeletion,
    users: i64,
    last: &Place,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        users_deleted: Set(kept.deletion.users_deleted.saturating_add(users)),
        last_group_id: Set(Some(last.group.clone())),
        last_user_id: Set(Some(last.user.clone())),
        ..Default::default()
    };
    let key = key(&kept.deletion.tenant_id, &kept.deletion.deletion_id)?;
    Entity::update_many().set(row).filter(key).exec(db).await?;
    Ok(())
}

/// Notes that the deletions of the owner and of what it holds are complete since `at`.
pub async fn complete(db: &impl ConnectionTrait, owner: &Owner, at: &Instant) -> Result<(), StoreError> {
    let (tenant, group, _) = owner_columns(owner);
    let row = ActiveModel {
        status: Set(DeletionStatus::Complete.as_str().to_owned()),
        finished_at: Set(Some(microseconds(at))),
        ..Default::default()
    };
    let below = is_running().add(Column::TenantId.eq(tenant)).add_option(group.map(|group| Column::GroupId.eq(group)));
    Entity::update_many().set(row).filter(below).exec(db).await?;
    Ok(())
}

/// Forgets the deletions that were complete before `end`.
pub async fn forget(db: &impl ConnectionTrait, end: &Instant) -> Result<(), StoreError> {
    let complete = Column::Status.ne(DeletionStatus::Running.as_str());
    Entity::delete_many().filter(complete).filter(Column::FinishedAt.lt(microseconds(end))).exec(db).await?;
    Ok(())
}
