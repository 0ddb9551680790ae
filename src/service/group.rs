//! Groups.

use async_trait::async_trait;
use call_acceptance_api::{
    group::{Group, GroupCreate, GroupList, GroupUpdate, Groups},
    name::{GroupId, GroupPath, TenantId},
    page::PageQuery,
    problem::{Failure, ProblemCode},
    schedule::Owner,
};

use super::{Service, check_owner, not_found};
use crate::store::{StoreError, group, ownership};

#[async_trait]
impl Groups for Service {
    async fn list(&self, tenant: TenantId, page: PageQuery<GroupId>) -> Result<GroupList, Failure> {
        let list = group::page(&self.db, &tenant, page).await?;
        if list.groups.is_empty() {
            check_owner(&self.db, &Owner::Tenant(tenant)).await?;
        }
        Ok(list)
    }

    async fn create(&self, tenant: TenantId, create: GroupCreate) -> Result<Group, Failure> {
        let taken = format!("The tenant {:?} has a group {:?} already.", tenant.as_str(), create.group_id.as_str());
        match group::insert(&self.db, &tenant, create).await {
            Err(StoreError::Reference(_)) => Err(not_found(&self.db, &Owner::Tenant(tenant)).await),
            result => result.map_err(|error| error.or_taken(ProblemCode::GroupExists, taken)),
        }
    }

    async fn view(&self, path: GroupPath) -> Result<Group, Failure> {
        match group::find(&self.db, &path).await? {
            Some(group) => Ok(group),
            None => Err(not_found(&self.db, &Owner::Group(path)).await),
        }
    }

    async fn update(&self, path: GroupPath, update: GroupUpdate) -> Result<Group, Failure> {
        let (path, update, owner) = (&path, &update, &Owner::Group(path.clone()));
        self.change(owner, |tx| async move {
            match group::update(&tx, path, update.clone()).await? {
                Some(group) => Ok((tx, group)),
                None => Err(not_found(&tx, owner).await),
            }
        })
        .await
    }

    async fn delete(&self, path: GroupPath, cascade: bool) -> Result<(), Failure> {
        let (path, owner) = (&path, &Owner::Group(path.clone()));
        self.change(owner, |tx| async move {
            if cascade {
                ownership::empty(&tx, owner).await.map_err(StoreError::or_again)?;
            }
            match group::delete(&tx, path).await {
                Ok(true) => Ok((tx, ())),
                Ok(false) => Err(not_found(&tx, owner).await),
                Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_again()),
                Err(StoreError::Reference(_)) => {
                    let detail = format!(
                        "The group {:?} still has users or schedules; `cascade=true` deletes them too.",
                        path.group.as_str()
                    );
                    Err(Failure::refused(ProblemCode::GroupInUse, detail))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }
}
