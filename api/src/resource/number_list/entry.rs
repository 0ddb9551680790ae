//! The types of entries of number lists.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::Value;

use crate::{
    resource::protected_callers::{CallerNote, check_patterns},
    value::{change::Change, phone_number::PhoneNumberPattern, time::Instant},
    wire::{payload::Body, problem::Fault},
};

/// The maximum number of entries of a number list.
pub const MAX_ENTRIES: usize = 200_000;

/// An entry of a number list.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub struct NumberListEntry {
    /// The pattern that callers' numbers match, as sent; each is in the list once.
    pub pattern: PhoneNumberPattern,
    /// A note for people; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<CallerNote>,
    /// When the entry no longer matches; absent if it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// An entry to add to a number list. It replaces the entry with the same pattern as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberListEntryUpdate {
    /// The pattern that callers' numbers match; each may be in the request once.
    pub pattern: PhoneNumberPattern,
    /// A note for people.
    pub note: Change<CallerNote>,
    /// When the entry no longer matches, exclusive; it is removed some time later.
    pub expires_at: Change<Instant>,
}

impl From<NumberListEntryUpdate> for NumberListEntry {
    fn from(update: NumberListEntryUpdate) -> Self {
        Self::new(update.pattern, update.note.initial(), update.expires_at.initial())
    }
}

impl NumberListEntry {
    /// The entry as it is kept: its instant is in UTC.
    pub(super) fn new(pattern: PhoneNumberPattern, note: Option<CallerNote>, expires_at: Option<Instant>) -> Self {
        Self { pattern, note, expires_at: expires_at.map(|instant| Instant::of(instant.timestamp())) }
    }
}

/// Entries to add to a number list.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct NumberListEntriesUpdate {
    /// The entries.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub entries: Vec<NumberListEntryUpdate>,
}

impl Body for NumberListEntriesUpdate {
    fn check(body: &Value, faults: &mut Vec<Fault>) {
        check_patterns(body, "entries", faults);
    }
}

/// Entries to delete from a number list.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields)]
pub struct NumberListEntriesDelete {
    /// The patterns of the entries.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub patterns: Vec<PhoneNumberPattern>,
}

impl Body for NumberListEntriesDelete {}

/// A page of entries, sorted by pattern.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize)]
pub struct NumberListEntries {
    /// The entries of the page.
    #[oai(validator(max_items = 1000))]
    pub entries: Vec<NumberListEntry>,
    /// The value of `after` for the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<PhoneNumberPattern>,
}

/// What became of the entries that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Object, Serialize)]
pub struct NumberListEntryCounts {
    /// The number of new entries.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000")))]
    pub created: i32,
    /// The number of entries that replaced one with another note or end.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000")))]
    pub changed: i32,
    /// The number of entries that were in the list as they were sent.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000")))]
    pub unchanged: i32,
}

/// What became of the entries of a list that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Object, Serialize)]
pub struct NumberListReplacement {
    /// The number of new entries.
    #[oai(validator(minimum(value = "0"), maximum(value = "200000")))]
    pub created: i32,
    /// The number of entries that replaced one with another note or end.
    #[oai(validator(minimum(value = "0"), maximum(value = "200000")))]
    pub changed: i32,
    /// The number of entries that were in the list as they were sent.
    #[oai(validator(minimum(value = "0"), maximum(value = "200000")))]
    pub unchanged: i32,
    /// The number of entries that are no longer in the list.
    #[oai(validator(minimum(value = "0"), maximum(value = "200000")))]
    pub deleted: i32,
}
