//! The types of number lists.

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    value::{
        change::Change,
        name::{Ignored, NumberListName},
        owner::{Level, Owner},
        text::text,
    },
    wire::{
        page::NumberListCursor,
        payload::Body,
        problem::{ProblemCode, codes},
    },
};

/// The list that a path names may not exist.
pub(super) const NOT_FOUND: u64 = codes(&[ProblemCode::NumberListNotFound]);

/// The maximum number of number lists of one owner.
pub const MAX_NUMBER_LISTS: u64 = 1000;
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
#[derive(Debug, Clone, PartialEq, Eq, Object)]
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
