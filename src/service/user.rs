//! Users.

use async_trait::async_trait;
use call_acceptance_api::{
    name::{GroupPath, UserId, UserPath},
    page::PageQuery,
    problem::{Failure, ProblemCode},
    schedule::Owner,
    user::{User, UserCreate, UserList, UserUpdate, Users},
};

use super::{Service, check_owner, not_found};
use crate::store::{StoreError, ownership, user};

fn user_exists(user: &UserPath) -> String {
    format!("The group has a user {:?} already.", user.user.as_str())
}

/// The refusal of a user whose identifier or phone number is taken, whichever the constraint is about.
fn taken(error: StoreError, user: &UserPath) -> Failure {
    let by_number = matches!(&error, StoreError::Taken(constraint) if constraint.contains("phone_number"));
    match by_number {
        true => error.or_taken(
            ProblemCode::PhoneNumberTaken,
            "Another user has this phone number; it is unique in the whole system.",
        ),
        false => error.or_taken(ProblemCode::UserExists, user_exists(user)),
    }
}

#[async_trait]
impl Users for Service {
    async fn list(&self, group: GroupPath, page: PageQuery<UserId>) -> Result<UserList, Failure> {
        let list = user::page(&self.db, &group, page).await?;
        if list.users.is_empty() {
            check_owner(&self.db, &Owner::Group(group)).await?;
        }
        Ok(list)
    }

    async fn create(&self, group: GroupPath, create: UserCreate) -> Result<User, Failure> {
        let GroupPath { tenant, group: id } = group.clone();
        let path = UserPath { tenant, group: id, user: create.user_id.clone() };
        match user::insert(&self.db, &group, create).await {
            Err(StoreError::Reference(_)) => Err(not_found(&self.db, &Owner::Group(group)).await),
            // When both are taken, which constraint is named depends on the database.
            Err(error @ StoreError::Taken(_)) => match user::find(&self.db, &path).await? {
                Some(_) => Err(Failure::refused(ProblemCode::UserExists, user_exists(&path))),
                None => Err(taken(error, &path)),
            },
            result => Ok(result?),
        }
    }

    async fn view(&self, path: UserPath) -> Result<User, Failure> {
        match user::find(&self.db, &path).await? {
            Some(user) => Ok(user),
            None => Err(not_found(&self.db, &Owner::User(path)).await),
        }
    }

    async fn update(&self, path: UserPath, update: UserUpdate) -> Result<User, Failure> {
        let (path, update, owner) = (&path, &update, &Owner::User(path.clone()));
        self.change(owner, |tx| async move {
            match user::update(&tx, path, update.clone()).await {
                Ok(Some(user)) => Ok((tx, user)),
                Ok(None) => Err(not_found(&tx, owner).await),
                Err(error) => Err(taken(error, path)),
            }
        })
        .await
    }

    async fn delete(&self, path: UserPath, cascade: bool) -> Result<(), Failure> {
        let (path, owner) = (&path, &Owner::User(path.clone()));
        self.change(owner, |tx| async move {
            if cascade {
                ownership::empty(&tx, owner).await.map_err(StoreError::or_again)?;
            }
            match user::delete(&tx, path).await {
                Ok(true) => Ok((tx, ())),
                Ok(false) => Err(not_found(&tx, owner).await),
                Err(error @ StoreError::Reference(_)) if cascade => Err(error.or_again()),
                Err(StoreError::Reference(_)) => {
                    let detail = format!(
                        "The user {:?} still has services or schedules; `cascade=true` deletes them too.",
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
