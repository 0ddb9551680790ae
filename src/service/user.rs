//! Users.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::user::{User, UserCreate, UserList, UserUpdate, Users},
    value::{
        name::{TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
    },
    wire::{
        page::PageQuery,
        problem::{Failure, ProblemCode},
    },
};

use super::{
    deletion::{check_creation, check_creations},
    owner::{check_owner, not_found},
    record::record,
    server::Server,
    write::{ManyUnwritten, Unwritten, Written, taken},
};
use crate::store::{ConnectionTrait, StoreError, feed::Change, user};

/// Creates a user in a transaction.
pub(super) async fn create_user(
    db: &impl ConnectionTrait,
    group: &GroupPath,
    create: &UserCreate,
) -> Result<Written<User>, Unwritten> {
    let path = UserPath { tenant: group.tenant.clone(), group: group.group.clone(), user: create.user_id.clone() };
    let owner = Owner::User(path.clone());
    match user::insert(db, group, create.clone()).await {
        Ok(user) => {
            check_creation(db, &owner).await?;
            Ok(created(owner, user)?)
        }
        Err(StoreError::Reference(_)) => Err(Unwritten::NoOwner(Owner::Group(group.clone()))),
        Err(error @ StoreError::Taken(_)) => Err(Unwritten::UserTaken(path, error)),
        Err(error) => Err(error.into()),
    }
}

fn created(owner: Owner, user: User) -> Result<Written<User>, Failure> {
    let record = record(&owner, &[], None, Some(&user))?;
    Ok(Written::new(user, [record]).concerning([Change::Users(owner)]))
}

/// Creates those users of a tenant that do not exist, in a transaction; in their order, each that was created.
///
/// # Errors
/// A group does not exist, a phone number is taken, or something of the tenant is being deleted.
pub(super) async fn create_users(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    users: &[(&GroupPath, &UserCreate)],
) -> Result<Vec<Option<Written<User>>>, ManyUnwritten> {
    let new = user::insert_new(db, tenant, users).await?;
    if !new.is_empty() {
        check_creations(db, tenant).await?;
    }
    let written = |(group, create): &(&GroupPath, &UserCreate)| {
        let path = group.user(create.user_id.clone());
        let is_new = new.contains(&path);
        is_new.then(|| created(Owner::User(path), User::from((*create).clone()))).transpose()
    };
    Ok(users.iter().map(written).collect::<Result<_, _>>()?)
}

/// Updates a user in a transaction.
pub(super) async fn update_user(
    db: &impl ConnectionTrait,
    path: &UserPath,
    update: &UserUpdate,
) -> Result<Written<User>, Unwritten> {
    let owner = &Owner::User(path.clone());
    let Some(before) = user::lock(db, path).await? else { return Err(not_found(db, owner).await.into()) };
    match user::update(db, path, update.clone()).await {
        Ok(Some(after)) => {
            let record = record(owner, &[], Some(&before), Some(&after))?;
            let decides = before.phone_number != after.phone_number || before.time_zone != after.time_zone;
            let change = decides.then(|| Change::Users(owner.clone()));
            Ok(Written::new(after, [record]).concerning(change))
        }
        Ok(None) => Err(not_found(db, owner).await.into()),
        Err(error) => Err(taken(error, path).into()),
    }
}

#[async_trait]
impl Users for Server {
    async fn list(&self, group: GroupPath, page: PageQuery<UserId>) -> Result<UserList, Failure> {
        let (group, page) = (&group, &page);
        self.read(|db| async move {
            let list = user::page(&db, group, page.clone()).await?;
            if list.users.is_empty() {
                check_owner(&db, &Owner::Group(group.clone())).await?;
            }
            Ok(list)
        })
        .await
    }

    async fn create(&self, by: &Actor, group: GroupPath, create: UserCreate) -> Result<User, Failure> {
        let (group, user) = (&group, &create);
        self.change(by, |tx| async move {
            let created = create_user(&tx, group, user).await;
            self.done(tx, created).await
        })
        .await
    }

    async fn view(&self, path: UserPath) -> Result<User, Failure> {
        match user::find(&self.db, &path).await? {
            Some(user) => Ok(user),
            None => Err(not_found(&self.db, &Owner::User(path)).await),
        }
    }

    async fn update(&self, by: &Actor, path: UserPath, update: UserUpdate) -> Result<User, Failure> {
        let (path, update) = (&path, &update);
        self.change(by, |tx| async move {
            let updated = update_user(&tx, path, update).await;
            self.done(tx, updated).await
        })
        .await
    }

    async fn delete(&self, by: &Actor, path: UserPath, cascade: bool) -> Result<(), Failure> {
        let path = &path;
        self.change(by, |tx| async move {
            let deleted = self.delete_user(&tx, path, cascade).await;
            self.done(tx, deleted).await
        })
        .await
    }
}

impl Server {
    /// Deletes a user in a transaction; with `cascade` also what the user has.
    pub(super) async fn delete_user(
        &self,
        db: &impl ConnectionTrait,
        path: &UserPath,
        cascade: bool,
    ) -> Result<Written<()>, Unwritten> {
        let owner = &Owner::User(path.clone());
        let Some(before) = user::lock(db, path).await? else { return Err(not_found(db, owner).await.into()) };
        let emptied = self.empty(db, owner, cascade).await?;
        match user::delete(db, path).await {
            Ok(_) => Ok(emptied.written((), owner, record(owner, &[], Some(&before), None)?)),
            Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_retry().into()),
            Err(StoreError::Reference(_)) => {
                let detail = format!(
                    "The user {:?} still has services, schedules or number lists; `cascade=true` deletes them too.",
                    path.user.as_str()
                );
                Err(Failure::refused(ProblemCode::UserInUse, detail).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
