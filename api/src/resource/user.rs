//! Users of a group.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, Write},
    resource::tags::Tag,
    value::{
        change::Change,
        name::{EmailAddress, GroupId, Ignored, Label, TenantId, UserId},
        owner::{GroupPath, UserPath},
        phone_number::{Extension, PhoneNumber},
        time::TimeZone,
    },
    wire::{
        answer::{Created, Deleted, Found, Updated},
        page::{Limit, PageQuery},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, GROUP, ProblemCode, USER, codes},
    },
};

/// The identifier or the phone number of a new user belongs to another user.
const USER_TAKEN: u64 = codes(&[ProblemCode::UserExists, ProblemCode::PhoneNumberTaken]);
/// The group of a new user is being deleted.
const BEING_DELETED: u64 = codes(&[ProblemCode::BeingDeleted]);

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The identifier.
    pub user_id: UserId,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Label>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Label>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address: Option<EmailAddress>,
    /// The phone number of the user; unique in the whole system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<PhoneNumber>,
    /// The short number within the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// The user's time zone; the group's if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
}

/// A user to create.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserCreate {
    /// The identifier.
    pub user_id: UserId,
    /// The first name.
    pub first_name: Change<Label>,
    /// The last name.
    pub last_name: Change<Label>,
    /// The e-mail address.
    pub email_address: Change<EmailAddress>,
    /// The phone number of the user; unique in the whole system.
    pub phone_number: Change<PhoneNumber>,
    /// The short number within the group.
    pub extension: Change<Extension>,
    /// The user's time zone.
    pub time_zone: Change<TimeZone>,
}

impl Body for UserCreate {}

impl From<UserCreate> for User {
    fn from(create: UserCreate) -> Self {
        Self {
            user_id: create.user_id,
            first_name: create.first_name.initial(),
            last_name: create.last_name.initial(),
            email_address: create.email_address.initial(),
            phone_number: create.phone_number.initial(),
            extension: create.extension.initial(),
            time_zone: create.time_zone.initial(),
        }
    }
}

/// A change of a user. Members left out are unchanged; null clears.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserUpdate {
    /// Accepted and ignored; the path names the user.
    pub user_id: Option<Ignored>,
    /// The first name.
    pub first_name: Change<Label>,
    /// The last name.
    pub last_name: Change<Label>,
    /// The e-mail address.
    pub email_address: Change<EmailAddress>,
    /// The phone number of the user; unique in the whole system.
    pub phone_number: Change<PhoneNumber>,
    /// The short number within the group.
    pub extension: Change<Extension>,
    /// The user's time zone.
    pub time_zone: Change<TimeZone>,
}

impl Body for UserUpdate {}

/// A page of users in the order of their identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct UserList {
    /// The users of the page.
    #[oai(validator(max_items = 1000))]
    pub users: Vec<User>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// The port of users.
#[async_trait]
pub trait Users: Send + Sync {
    /// A page of the group's users.
    async fn list(&self, group: GroupPath, page: PageQuery<UserId>) -> Result<UserList, Failure>;
    /// Creates a user in the group; refused if the identifier or the phone number is taken.
    async fn create(&self, by: &Actor, group: GroupPath, user: UserCreate) -> Result<User, Failure>;
    /// One user.
    async fn view(&self, user: UserPath) -> Result<User, Failure>;
    /// Updates the user; refused if the phone number is taken.
    async fn update(&self, by: &Actor, user: UserPath, update: UserUpdate) -> Result<User, Failure>;
    /// Deletes the user; with `cascade` also services, criteria and schedules. Without `cascade` the user must have
    /// none.
    async fn delete(&self, by: &Actor, user: UserPath, cascade: bool) -> Result<(), Failure>;
}

/// The operations on users.
pub struct UsersApi(pub Arc<dyn Users>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Users")]
impl UsersApi {
    /// List the users of a group
    ///
    /// Returns the users in pages, in the order of their identifiers.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/users/", method = "get", operation_id = "users_list")]
    async fn users_list(
        &self,
        _actor: Read<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        limit: Query<Option<Limit>>,
        /// The start of the page: the `next` of the previous page. Leave out for the first page.
        after: Query<Option<UserId>>,
    ) -> Result<Found<UserList>, Fails<GROUP>> {
        let group = GroupPath { tenant: tenant_id.0, group: group_id.0 };
        Ok(Found::with(self.0.list(group, PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 }).await?))
    }

    /// Create a user
    ///
    /// Creates a user without services.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/users/", method = "post", operation_id = "user_create")]
    async fn user_create(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        body: JsonBody<UserCreate>,
    ) -> Result<Created<User>, Fails<{ BODY | GROUP | USER_TAKEN | BEING_DELETED }>> {
        let group = GroupPath { tenant: tenant_id.0.clone(), group: group_id.0.clone() };
        let user = self.0.create(&actor.0, group, body.0).await?;
        let segments = ["tenants", tenant_id.as_str(), "groups", group_id.as_str(), "users", user.user_id.as_str()];
        Ok(Created::at(&segments, user.clone()))
    }

    /// View a user
    ///
    /// Returns one user.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/", method = "get", operation_id = "user_view")]
    async fn user_view(
        &self,
        _actor: Read<END_USERS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
    ) -> Result<Found<User>, Fails<USER>> {
        Ok(Found::with(self.0.view(UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 }).await?))
    }

    /// Update a user
    ///
    /// Merges the body into the user: members left out are unchanged, null clears.
    #[oai(path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/", method = "put", operation_id = "user_update")]
    async fn user_update(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        body: JsonBody<UserUpdate>,
    ) -> Result<Updated<User>, Fails<{ BODY | USER | codes(&[ProblemCode::PhoneNumberTaken]) }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(Updated::with(self.0.update(&actor.0, user, body.0).await?))
    }

    /// Delete a user
    ///
    /// Deletes a user without services and schedules; with `cascade=true` also the services, criteria and schedules.
    #[oai(
        path = "/tenants/:tenant_id/groups/:group_id/users/:user_id/",
        method = "delete",
        operation_id = "user_delete"
    )]
    async fn user_delete(
        &self,
        actor: Write<GROUP_ADMINS>,
        tenant_id: Path<TenantId>,
        group_id: Path<GroupId>,
        user_id: Path<UserId>,
        /// Whether services, criteria and schedules are deleted too.
        #[oai(default)]
        cascade: Query<bool>,
    ) -> Result<Deleted, Fails<{ USER | codes(&[ProblemCode::UserInUse]) }>> {
        let user = UserPath { tenant: tenant_id.0, group: group_id.0, user: user_id.0 };
        Ok(self.0.delete(&actor.0, user, cascade.0).await?.into())
    }
}
