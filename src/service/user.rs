//! Users.

use async_trait::async_trait;
use call_acceptance_api::{
    access::Actor,
    resource::user::{User, UserCreate, UserList, UserUpdate, Users},
    value::{
        name::UserId,
        owner::{GroupPath, Owner, UserPath},
    },
    wire::{
        page::PageQuery,
        problem::{Failure, ProblemCode},
    },
};

use super::{
    change::Done,
    deletion::check_creation,
    owner::{check_owner, not_found},
    record::record,
    server::Server,
};
use crate::store::{Constraint, StoreError, feed::Change, user};

fn user_exists(user: &UserPath) -> String {
    format!("The group already has a user {:?}.", user.user.as_str())
}

/// The error for a user whose identifier or phone number is taken, depending on the constraint.
fn taken(error: StoreError, user: &UserPath) -> Failure {
    let by_number = matches!(&error, StoreError::Taken(Constraint::PhoneNumber));
    match by_number {
        true => error.or_conflict(
            ProblemCode::PhoneNumberTaken,
            "Another user has this phone number; it is unique in the whole system.",
        ),
        false => error.or_conflict(ProblemCode::UserExists, user_exists(user)),
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
        let path = &UserPath { tenant: group.tenant.clone(), group: group.group.clone(), user: create.user_id.clone() };
        let (group, create, owner) = (&group, &create, &Owner::User(path.clone()));
        let created = self.change(by, |tx| async move {
            match user::insert(&tx, group, create.clone()).await {
                Ok(created) => {
                    check_creation(&tx, owner).await?;
                    let record = record(owner, &[], None, Some(&created))?;
                    Ok(Done::new(tx, created, [record]).concerning([Change::Users(owner.clone())]))
                }
                Err(StoreError::Reference(_)) => {
                    Err(not_found(self.outside(tx).await?, &Owner::Group(group.clone())).await)
                }
                // If both are taken, it depends on the database which constraint is reported.
                Err(error @ StoreError::Taken(_)) => match user::find(self.outside(tx).await?, path).await? {
                    Some(_) => Err(Failure::refused(ProblemCode::UserExists, user_exists(path))),
                    None => Err(taken(error, path)),
                },
                Err(error) => Err(error.into()),
            }
        });
        created.await
    }

    async fn view(&self, path: UserPath) -> Result<User, Failure> {
        match user::find(&self.db, &path).await? {
            Some(user) => Ok(user),
            None => Err(not_found(&self.db, &Owner::User(path)).await),
        }
    }

    async fn update(&self, by: &Actor, path: UserPath, update: UserUpdate) -> Result<User, Failure> {
        let (path, update, owner) = (&path, &update, &Owner::User(path.clone()));
        self.change(by, |tx| async move {
            let Some(before) = user::lock(&tx, path).await? else { return Err(not_found(&tx, owner).await) };
            match user::update(&tx, path, update.clone()).await {
                Ok(Some(after)) => {
                    let record = record(owner, &[], Some(&before), Some(&after))?;
                    let decides = before.phone_number != after.phone_number || before.time_zone != after.time_zone;
                    let change = decides.then(|| Change::Users(owner.clone()));
                    Ok(Done::new(tx, after, [record]).concerning(change))
                }
                Ok(None) => Err(not_found(&tx, owner).await),
                Err(error) => Err(taken(error, path)),
            }
        })
        .await
    }

    async fn delete(&self, by: &Actor, path: UserPath, cascade: bool) -> Result<(), Failure> {
        let (path, owner) = (&path, &Owner::User(path.clone()));
        self.change(by, |tx| async move {
            let Some(before) = user::lock(&tx, path).await? else { return Err(not_found(&tx, owner).await) };
            let emptied = self.empty(&tx, owner, cascade).await?;
            match user::delete(&tx, path).await {
                Ok(_) => Ok(emptied.done(tx, (), owner, record(owner, &[], Some(&before), None)?)),
                Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_retry()),
                Err(StoreError::Reference(_)) => {
                    let detail = format!(
                        "The user {:?} still has services, schedules or number lists; `cascade=true` deletes them too.",
                        path.user.as_str()
                    );
                    Err(Failure::refused(ProblemCode::UserInUse, detail))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }
}
