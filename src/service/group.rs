//! Groups.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::{
        deletion::Deletion,
        group::{Group, GroupCreate, GroupList, GroupUpdate, Groups},
    },
    value::{
        name::{GroupId, TenantId},
        owner::{GroupPath, Owner},
    },
    wire::{
        page::PageQuery,
        problem::{Failure, ProblemCode},
    },
};

use super::{
    cascade::Begun,
    deletion::check_creation,
    owner::{check_owner, not_found},
    record::record,
    server::Server,
    write::{Unwritten, Written},
};
use crate::store::{ConnectionTrait, StoreError, feed::Change, group};

/// Creates a group in a transaction.
pub(super) async fn create_group(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    create: &GroupCreate,
) -> Result<Written<Group>, Unwritten> {
    let owner = Owner::Group(GroupPath { tenant: tenant.clone(), group: create.group_id.clone() });
    let taken = format!("The tenant {:?} already has a group {:?}.", tenant.as_str(), create.group_id.as_str());
    match group::insert(db, tenant, create.clone()).await {
        Ok(created) => {
            check_creation(db, &owner).await?;
            let record = record(&owner, &[], None, Some(&created))?;
            Ok(Written::new(created, [record]))
        }
        Err(StoreError::Reference(_)) => Err(Unwritten::NoOwner(Owner::Tenant(tenant.clone()))),
        Err(error) => Err(error.or_conflict(ProblemCode::GroupExists, taken).into()),
    }
}

/// Updates a group in a transaction.
pub(super) async fn update_group(
    db: &impl ConnectionTrait,
    path: &GroupPath,
    update: &GroupUpdate,
) -> Result<Written<Group>, Unwritten> {
    let owner = &Owner::Group(path.clone());
    let Some(before) = group::lock(db, path).await? else { return Err(not_found(db, owner).await.into()) };
    let Some(after) = group::update(db, path, update.clone()).await? else {
        return Err(not_found(db, owner).await.into());
    };
    let record = record(owner, &[], Some(&before), Some(&after))?;
    let change = (before.time_zone != after.time_zone).then(|| Change::TimeZone(owner.clone()));
    Ok(Written::new(after, [record]).concerning(change))
}

#[async_trait]
impl Groups for Server {
    async fn list(&self, tenant: TenantId, page: PageQuery<GroupId>) -> Result<GroupList, Failure> {
        let (tenant, page) = (&tenant, &page);
        self.read(|db| async move {
            let list = group::page(&db, tenant, page.clone()).await?;
            if list.groups.is_empty() {
                check_owner(&db, &Owner::Tenant(tenant.clone())).await?;
            }
            Ok(list)
        })
        .await
    }

    async fn create(&self, by: &Actor, tenant: TenantId, create: GroupCreate) -> Result<Group, Failure> {
        let (tenant, group) = (&tenant, &create);
        self.change(by, |tx| async move {
            let created = create_group(&tx, tenant, group).await;
            self.done(tx, created).await
        })
        .await
    }

    async fn view(&self, path: GroupPath) -> Result<Group, Failure> {
        match group::find(&self.db, &path).await? {
            Some(group) => Ok(group),
            None => Err(not_found(&self.db, &Owner::Group(path)).await),
        }
    }

    async fn update(&self, by: &Actor, path: GroupPath, update: GroupUpdate) -> Result<Group, Failure> {
        let (path, update) = (&path, &update);
        self.change(by, |tx| async move {
            let updated = update_group(&tx, path, update).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn delete(&self, by: &Actor, path: GroupPath, cascade: bool) -> Result<Option<Deletion>, Failure> {
        let (path, owner) = (&path, &Owner::Group(path.clone()));
        let deleted = self.change(by, |tx| async move {
            let Some(before) = group::lock(&tx, path).await? else { return Err(not_found(&tx, owner).await) };
            let tx = match self.begin_deletion(tx, by, owner, cascade).await? {
                Begun::Background(deletion) => return Ok(deletion),
                Begun::Here(tx) => tx,
            };
            let deleted = self.delete_group(&tx, path, &before, cascade).await;
            self.done(tx, deleted.map(|written| written.with(None))).await
        });
        self.begun(deleted.await?)
    }
}

impl Server {
    /// Deletes a group, which is locked, in a transaction; with `cascade` also what it holds.
    pub(super) async fn delete_group(
        &self,
        db: &impl ConnectionTrait,
        path: &GroupPath,
        before: &Group,
        cascade: bool,
    ) -> Result<Written<()>, Unwritten> {
        let owner = &Owner::Group(path.clone());
        let emptied = self.empty(db, owner, cascade).await?;
        match group::delete(db, path).await {
            Ok(_) => Ok(emptied.written((), owner, record(owner, &[], Some(before), None)?)),
            Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_retry().into()),
            Err(StoreError::Reference(_)) => {
                let detail = format!(
                    "The group {:?} still has users, schedules or number lists; `cascade=true` deletes them too.",
                    path.group.as_str()
                );
                Err(Failure::refused(ProblemCode::GroupInUse, detail).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
