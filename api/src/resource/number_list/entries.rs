//! The operations on entries of number lists.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{
    entry::{
        NumberListEntries, NumberListEntriesDelete, NumberListEntriesUpdate, NumberListEntry, NumberListEntryCounts,
        NumberListReplacement,
    },
    file::EntriesFile,
    list::{NOT_FOUND, NumberListPath},
    port::NumberLists,
};
use crate::{
    access::{END_USERS, GROUP_ADMINS, Read, TENANT_ADMINS, Write},
    resource::tags::Tag,
    value::{
        name::{GroupId, NumberListName, TenantId, UserId},
        owner::{GroupPath, Owner, UserPath},
        phone_number::QueriedPattern,
    },
    wire::{
        answer::{Deleted, Found, Updated},
        page::{Limit, PageQuery},
        payload::JsonBody,
        problem::{BODY, Fails, GROUP, ProblemCode, TENANT, USER, codes},
    },
};

/// With the change there may be too many entries.
const TOO_MANY: u64 = codes(&[ProblemCode::TooManyEntries]);
/// Codes of operations that read a file of entries.
const FILE: u64 = codes(&[ProblemCode::BodyTooLarge, ProblemCode::UnsupportedMediaType]);

macro_rules! number_list_entries_api {
    (
        $(#[$doc:meta])* $api:ident: $codes:expr, $writers:expr, $path:literal,
        owner: ($($id:ident: $id_type:ident),*) => $owner:expr,
        list: $list:ident $list_id:literal $list_doc:literal,
        add: $add:ident $add_id:literal $add_doc:literal,
        replace: $replace:ident $replace_id:literal $replace_doc:literal,
        delete: $delete:ident $delete_id:literal $delete_doc:literal $(,)?
    ) => {
        $(#[$doc])*
        pub struct $api(pub Arc<dyn NumberLists>);

        #[OpenApi(prefix_path = "/api/v1", tag = "Tag::NumberLists")]
        impl $api {
            #[doc = $list_doc]
            ///
            /// Returns the entries in pages, sorted by pattern. With `pattern` the page has the entry with this pattern
            /// alone, or none. Expired entries are returned until they are removed.
            #[oai(path = $path, method = "get", operation_id = $list_id)]
            async fn $list(
                &self,
                _actor: Read<END_USERS>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Only the entry with this pattern, as it was sent.
                pattern: Query<Option<QueriedPattern>>,
                limit: Query<Option<Limit>>,
                /// The start of the page: the `next` of the previous page. Leave out for the first page.
                after: Query<Option<QueriedPattern>>,
            ) -> Result<Found<NumberListEntries>, Fails<{ $codes | NOT_FOUND }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                let page = PageQuery { limit: limit.0.unwrap_or_default(), after: after.0 };
                Ok(Found::with(self.0.entries(path, pattern.0, page).await?))
            }

            #[doc = $add_doc]
            ///
            /// Adds entries; one with a pattern that is in the list replaces that entry as a whole. The list is used
            /// with them from the next decision on.
            #[oai(path = $path, method = "post", operation_id = $add_id)]
            async fn $add(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<NumberListEntriesUpdate>,
            ) -> Result<Updated<NumberListEntryCounts>, Fails<{ BODY | $codes | NOT_FOUND | TOO_MANY }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                let entries = body.0.entries.into_iter().map(NumberListEntry::from).collect();
                Ok(Updated::with(self.0.add_entries(&actor.0.trying(dry_run.0), path, entries).await?))
            }

            #[doc = $replace_doc]
            ///
            /// Replaces all entries by those of a file, at most 32 MiB: either all of them or, if a line is faulty,
            /// none. The first 100 faulty lines are named. Decisions use the old entries until they use the new ones.
            ///
            /// `text/csv` has a header line `pattern,note,expires_at`, of which the last two columns may be left out;
            /// cells are separated by `,` or `;` and may be in quotes. `application/x-ndjson` has an object with
            /// `pattern`, `note` and `expiresAt` on each line. Both are UTF-8; empty lines are ignored. A pattern may
            /// be in the file once.
            #[oai(path = $path, method = "put", operation_id = $replace_id)]
            async fn $replace(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: EntriesFile,
            ) -> Result<Updated<NumberListReplacement>, Fails<{ FILE | $codes | NOT_FOUND | TOO_MANY }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                Ok(Updated::with(self.0.replace_entries(&actor.0.trying(dry_run.0), path, body.into_entries()).await?))
            }

            #[doc = $delete_doc]
            ///
            /// Deletes the entries with these patterns; a pattern that is not in the list is no error.
            #[oai(path = $path, method = "delete", operation_id = $delete_id)]
            async fn $delete(
                &self,
                actor: Write<{ $writers }>,
                $($id: Path<$id_type>,)*
                name: Path<NumberListName>,
                /// Answers as without it, and changes nothing; without `ETag` and `Location`.
                #[oai(name = "dryRun", default)]
                dry_run: Query<bool>,
                body: JsonBody<NumberListEntriesDelete>,
            ) -> Result<Deleted, Fails<{ BODY | $codes | NOT_FOUND }>> {
                let path = NumberListPath { owner: $owner, name: name.0 };
                Ok(self.0.delete_entries(&actor.0.trying(dry_run.0), path, body.0.patterns).await?.into())
            }
        }
    };
}

number_list_entries_api! {
    /// The operations on the entries of a tenant's number lists.
    TenantNumberListEntriesApi: TENANT, TENANT_ADMINS, "/tenants/:tenant_id/number_lists/:name/entries/",
    owner: (tenant_id: TenantId) => Owner::Tenant(tenant_id.0),
    list: tenant_number_list_entries_list "tenant_number_list_entries_list"
        "List the entries of a number list of a tenant",
    add: tenant_number_list_entries_add "tenant_number_list_entries_add"
        "Add entries to a number list of a tenant",
    replace: tenant_number_list_entries_replace "tenant_number_list_entries_replace"
        "Replace the entries of a number list of a tenant",
    delete: tenant_number_list_entries_delete "tenant_number_list_entries_delete"
        "Delete entries of a number list of a tenant",
}

number_list_entries_api! {
    /// The operations on the entries of a group's number lists.
    GroupNumberListEntriesApi: GROUP, GROUP_ADMINS,
        "/tenants/:tenant_id/groups/:group_id/number_lists/:name/entries/",
    owner: (tenant_id: TenantId, group_id: GroupId) => Owner::Group(GroupPath {
        tenant: tenant_id.0, group: group_id.0
    }),
    list: group_number_list_entries_list "group_number_list_entries_list"
        "List the entries of a number list of a group",
    add: group_number_list_entries_add "group_number_list_entries_add"
        "Add entries to a number list of a group",
    replace: group_number_list_entries_replace "group_number_list_entries_replace"
        "Replace the entries of a number list of a group",
    delete: group_number_list_entries_delete "group_number_list_entries_delete"
        "Delete entries of a number list of a group",
}

number_list_entries_api! {
    /// The operations on the entries of a user's number lists.
    UserNumberListEntriesApi: USER, END_USERS,
        "/tenants/:tenant_id/groups/:group_id/users/:user_id/number_lists/:name/entries/",
    owner: (tenant_id: TenantId, group_id: GroupId, user_id: UserId) => Owner::User(UserPath {
        tenant: tenant_id.0, group: group_id.0, user: user_id.0
    }),
    list: user_number_list_entries_list "user_number_list_entries_list"
        "List the entries of a number list of a user",
    add: user_number_list_entries_add "user_number_list_entries_add"
        "Add entries to a number list of a user",
    replace: user_number_list_entries_replace "user_number_list_entries_replace"
        "Replace the entries of a number list of a user",
    delete: user_number_list_entries_delete "user_number_list_entries_delete"
        "Delete entries of a number list of a user",
}
