//! Number lists of a tenant, a group or a user: patterns of callers' numbers that many criteria refer to.
//!
//! The resources of the three levels have the same operations, which macros generate: `number_lists_api!` those of
//! lists, and `number_list_entries_api!` those of their entries. `file.rs` reads files of entries.

mod entries;
mod file;

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

pub use self::{
    entries::{
        GroupNumberListEntriesApi, NumberListEntries, NumberListEntriesDelete, NumberListEntriesUpdate,
        NumberListEntry, NumberListEntryCounts, NumberListEntryUpdate, NumberListReplacement,
        TenantNumberListEntriesApi, UserNumberListEntriesApi,
    },
    file::{EntriesFile, MAX_FILE_BYTES, NumberListCsv, NumberListLines},
};
use crate::{
    access::{Actor, END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::tags::Tag,
    value::{
        change::Change,
        name::{GroupId, Ignored, NumberListName, TenantId, UserId},
        owner::{GroupPath, Level, Owner, UserPath},
        phone_number::{PhoneNumberPattern, QueriedPattern},
        text::text,
    },
    wire::{
        answer::{CreatedUnlessDryRun, Deleted, Found, Updated},
        page::{Limit, NumberListCursor, PageQuery},
        payload::{Body, JsonBody},
        problem::{BODY, Fails, Failure, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

/// The maximum number of number lists of one owner.
pub const MAX_NUMBER_LISTS: u64 = 1000;
/// The maximum number of entries of a number list.
pub const MAX_ENTRIES: usize = 200_000;
/// The segment of paths below the owner.
const FOLDER: &str = "number_lists";

text! {
    /// What people say about a number list.
    NumberListDescription {
        meaning: "a description of a number list",
        rule: "1 to 200 characters, no control character",
        length: 1..=200,
        pattern: r"^[^\x00-\x1F\x7F-\x9F]*$",
        example: "Reported by users, checked every month",
    }
}

/// The path of a number list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberListPath {
    /// The owner.
    pub owner: Owner,
    /// The name.
    pub name: NumberListName,
}

impl NumberListPath {
    /// The segments of the path below the owner, not percent-encoded.
    pub fn segments(&self) -> [&str; 2] {
        [FOLDER, self.name.as_str()]
    }
}

/// A number list.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct NumberList {
    /// The name, unique among the number lists of its owner.
    pub name: NumberListName,
    /// A description for people; absent if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<NumberListDescription>,
    /// The number of entries, including expired ones that are not removed yet.
    #[oai(validator(minimum(value = "0"), maximum(value = "200000")))]
    pub entry_count: i32,
}

/// A number list to create, without entries.
#[derive(Debug, Clone, Object)]
#[oai(deny_unknown_fields)]
pub struct NumberListCreate {
    /// The name, unique among the number lists of its owner.
    pub name: NumberListName,
    /// A description for people.
    pub description: Change<NumberListDescription>,
}

impl Body for NumberListCreate {}

/// A change of a number list. Members left out are unchanged; null clears.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberListUpdate {
    /// Accepted and ignored; the path names the number list.
    pub name: Option<Ignored>,
    /// The new name. Criteria that refer to the number list follow.
    pub new_name: Option<NumberListName>,
    /// A description for people.
    pub description: Change<NumberListDescription>,
}

impl Body for NumberListUpdate {}

/// A number list in the list of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct NumberListSummary {
    /// The name.
    pub name: NumberListName,
    /// The level of its owner.
    pub level: Level,
}

/// A page of number lists: the owner's, then those of the levels above, each sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct NumberListPage {
    /// The number lists of the page.
    #[oai(validator(max_items = 1000))]
    pub number_lists: Vec<NumberListSummary>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NumberListCursor>,
}

/// The port of number lists.
#[async_trait]
pub trait NumberLists: Send + Sync {
    /// A page of the number lists; with `all_levels` also those of the levels above.
    async fn list(
        &self,
        owner: Owner,
        all_levels: bool,
        page: PageQuery<NumberListCursor>,
    ) -> Result<NumberListPage, Failure>;
    /// Creates a number list; refused if the name is taken.
    async fn create(&self, by: &Actor, owner: Owner, list: NumberListCreate) -> Result<NumberList, Failure>;
    /// One number list.
    async fn view(&self, path: NumberListPath) -> Result<NumberList, Failure>;
    /// Updates the number list; refused if the new name is taken.
    async fn update(&self, by: &Actor, path: NumberListPath, update: NumberListUpdate) -> Result<NumberList, Failure>;
    /// Deletes the number list with its entries; refused while criteria refer to it.
    async fn delete(&self, by: &Actor, path: NumberListPath) -> Result<(), Failure>;
    /// A page of entries, sorted by pattern; with `pattern` only the one with this pattern.
    async fn entries(
        &self,
        path: NumberListPath,
        pattern: Option<QueriedPattern>,
        page: PageQuery<QueriedPattern>,
    ) -> Result<NumberListEntries, Failure>;
    /// Adds entries, and replaces those with the same patterns.
    async fn add_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        entries: Vec<NumberListEntry>,
    ) -> Result<NumberListEntryCounts, Failure>;
    /// Replaces all entries. No pattern is in `entries` twice.
    async fn replace_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        entries: Vec<NumberListEntry>,
    ) -> Result<NumberListReplacement, Failure>;
    /// Deletes the entries with these patterns, as far as they exist.
    async fn delete_entries(
        &self,
        by: &Actor,
        path: NumberListPath,
        patterns: Vec<PhoneNumberPattern>,
    ) -> Result<(), Failure>;
}

/// What the creation of a number list is refused for, beside what every operation on number lists is.
const CREATED: u64 =
    codes(&[ProblemCode::NumberListExists, ProblemCode::TooManyNumberLists, ProblemCode::BeingDeleted]);
/// The list that a path names may not exist.
const NOT_FOUND: u64 = codes(&[ProblemCode::NumberListNotFound]);

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
