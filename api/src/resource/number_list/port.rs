//! The port of number lists.

use async_trait::async_trait;

use super::{
    entry::{NumberListEntries, NumberListEntry, NumberListEntryCounts, NumberListReplacement},
    list::{NumberList, NumberListCreate, NumberListPage, NumberListPath, NumberListUpdate},
};
use crate::{
    access::Actor,
    value::{
        owner::Owner,
        phone_number::{PhoneNumberPattern, QueriedPattern},
    },
    wire::{
        page::{NumberListCursor, PageQuery},
        problem::Failure,
    },
};

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
