//! Number lists of a tenant, a group or a user: patterns of callers' numbers that many criteria refer to.
//!
//! The resources of the three levels have the same operations, which macros generate: `lists.rs` those of lists, and
//! `entries.rs` those of their entries. `file.rs` reads files of entries.

mod entries;
mod entry;
mod file;
mod list;
mod lists;
mod port;

pub use self::{
    entries::{GroupNumberListEntriesApi, TenantNumberListEntriesApi, UserNumberListEntriesApi},
    entry::{
        MAX_ENTRIES, NumberListEntries, NumberListEntriesDelete, NumberListEntriesUpdate, NumberListEntry,
        NumberListEntryCounts, NumberListEntryUpdate, NumberListReplacement,
    },
    file::{EntriesFile, MAX_FILE_BYTES, NumberListCsv, NumberListLines},
    list::{
        MAX_NUMBER_LISTS, NumberList, NumberListCreate, NumberListDescription, NumberListPage, NumberListPath,
        NumberListSummary, NumberListUpdate,
    },
    lists::{GroupNumberListsApi, TenantNumberListsApi, UserNumberListsApi},
    port::NumberLists,
};
