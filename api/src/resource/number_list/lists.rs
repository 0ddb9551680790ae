//! The operations on number lists.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{
    list::{NOT_FOUND, NumberList, NumberListCreate, NumberListPage, NumberListPath, NumberListUpdate},
    port::NumberLists,
};
use crate::{
    access::{END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::tags::Tag,
    value::{
        name::{GroupId, NumberListName, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
    },
    wire::{
        answer::{CreatedUnlessDryRun, Deleted, Found, Updated},
        page::{Limit, NumberListCursor, PageQuery},
        payload::JsonBody,
        problem::{BODY, Fails, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

/// What the creation of a number list is refused for, beside what every operation on number lists is.
const CREATED: u64 =
    codes(&[ProblemCode::NumberListExists, ProblemCode::TooManyNumberLists, ProblemCode::BeingDeleted]);
macro_rules! number_lists_api {
    (
        $(#[$doc:meta])* $api:ident: $codes:expr, $writers:expr, $path:literal, $one_path:literal,
        owner: ($($id:ident: $id_type:ident),*) => $owner:expr,
        list: $list:ident $list_id:literal $list_doc:literal,
        create: $create:ident $create_id:literal $create_doc:literal,
        view: $view:ident $view_id:literal $view_doc:literal,
        update: $update:ident $update_id:literal $update_doc:literal,
        delete: $delete:ident $delete_id:literal $delete_doc:literal $(,)?
    ) => {
        $(#[$doc])*
        pub struct $api(pub Arc<dyn NumberLists>);

        #[OpenApi(prefix_path = "/api/v1", tag = "Tag::NumberLists")]
        impl $api {
            #[doc = $list_doc]
            ///
            /// Returns the number lists in pages, sorted by name. With `allLevels=true` those of the levels above
            /// follow.
            #[oai(path = $path, method = "get", operation_id = $list_id)]
            async fn $list(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                /// Whether the number lists of the levels above are included.
                #[oai(name = "allLevels", default)]
                all_levels: Query<bool>,
                limit: Query<Option<Limit>>,
                /// The start of the page: the `next` of the previous page. Leave out for the first page.
                after: Query<Option<NumberListCursor>>,
            ) -> Result<Found<NumberListPage>, Fails<{ $codes }>> {
                let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
                Ok(Found::with(self.0.list($owner, all_levels.0, page).await?))
            }

            #[doc = $create_doc]
            ///
            /// Creates a number list without entries. A number list of another level may have the same name.
            #[oai(path = $path, method = "post", operation_id = $create_id)]
            async fn $create(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<NumberListCreate>,
            ) -> Result<CreatedUnlessDryRun<NumberList>, Fails<{ BODY | $codes | CREATED }>> {
                let owner = $owner;
                let list = self.0.create(&actor.0.trying(dry_run.0), owner.clone(), body.0).await?;
                let path = NumberListPath { owner, name: list.name.clone() };
                let segments = [&path.owner.segments()[..], &path.segments()].concat();
                Ok(CreatedUnlessDryRun::at(&segments, list, dry_run.0))
            }

            #[doc = $view_doc]
            ///
            /// Returns one number list, without its entries.
            #[oai(path = $one_path, method = "get", operation_id = $view_id)]
            async fn $view(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
            ) -> Result<Found<NumberList>, Fails<{ $codes | NOT_FOUND }>> {
                Ok(Found::with(self.0.view(NumberListPath { owner: $owner, name: name.0 }).await?))
            }

            #[doc = $update_doc]
            ///
            /// Merges the body into the number list: members left out are unchanged, `newName` renames. Criteria that
            /// refer to the number list follow.
            #[oai(path = $one_path, method = "put", operation_id = $update_id)]
            async fn $update(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<NumberListUpdate>,
            ) -> Result<Updated<NumberList>,
            Fails<{ BODY | $codes | NOT_FOUND | codes(&[ProblemCode::NumberListExists]) }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                Ok(Updated::with(self.0.update(&actor.0.trying(dry_run.0), path, body.0).await?))
            }

            #[doc = $delete_doc]
            ///
            /// Deletes a number list that no criteria refers to, with its entries.
            #[oai(path = $one_path, method = "delete", operation_id = $delete_id)]
            async fn $delete(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
            ) -> Result<Deleted, Fails<{ $codes | NOT_FOUND | codes(&[ProblemCode::NumberListInUse]) }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                Ok(self.0.delete(&actor.0.trying(dry_run.0), path).await?.into())
            }
        }
    };
}

number_lists_api! {
    /// The operations on a tenant's number lists.
    TenantNumberListsApi: TENANT, TENANT_ADMINS, "/tenants/:tenant_id/number_lists/",
        "/tenants/:tenant_id/number_lists/:name/",
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.0),
    list: tenant_number_lists_list "tenant_number_lists_list" "List the number lists of a tenant",
    create: tenant_number_list_create "tenant_number_list_create" "Create a number list of a tenant",
    view: tenant_number_list_view "tenant_number_list_view" "View a number list of a tenant",
    update: tenant_number_list_update "tenant_number_list_update" "Update a number list of a tenant",
    delete: tenant_number_list_delete "tenant_number_list_delete" "Delete a number list of a tenant",
}

number_lists_api! {
    /// The operations on a group's number lists.
    GroupNumberListsApi: GROUP, GROUP_ADMINS, "/tenants/:tenant_id/groups/:group_id/number_lists/",
        "/tenants/:tenant_id/groups/:group_id/number_lists/:name/",
    owner: (tenant_id: TenantId, group_id: GroupId) => Owner::Group(GroupPath {
        tenant: tenant_id.0, group: group_id.0
    }),
    list: group_number_lists_list "group_number_lists_list" "List the number lists of a group",
    create: group_number_list_create "group_number_list_create" "Create a number list of a group",
    view: group_number_list_view "group_number_list_view" "View a number list of a group",
    update: group_number_list_update "group_number_list_update" "Update a number list of a group",
    delete: group_number_list_delete "group_number_list_delete" "Delete a number list of a group",
}

number_lists_api! {
    /// The operations on a user's number lists.
    UserNumberListsApi: USER, END_USERS, "/tenants/:tenant_id/groups/:group_id/users/:user_id/number_lists/",
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/number_lists/:name/",
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath {
        tenant: tenant_id.0, group: group_id.0, user: user_id.0
    }),
    list: user_number_lists_list "user_number_lists_list" "List the number lists of a user",
    create: user_number_list_create "user_number_list_create" "Create a number list of a user",
    view: user_number_list_view "user_number_list_view" "View a number list of a user",
    update: user_number_list_update "user_number_list_update" "Update a number list of a user",
    delete: user_number_list_delete "user_number_list_delete" "Delete a number list of a user",
}
