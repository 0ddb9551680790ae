//! Keyset pagination of lists.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;
use std::borrow::Cow;

use crate::value::text::text;

/// The maximum number of entries on a page: 1 to 1000, 100 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The number of entries.
    pub fn get(self) -> u64 {
        self.0.into()
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl Type for Limit {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference("Limit".to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("Limit".to_owned(), |_| MetaSchema {
            description: Some("The maximum number of entries on a page: a whole number from 1 to 1000."),
            minimum: Some(1.0),
            maximum: Some(1000.0),
            default: Some(100.into()),
            example: Some(100.into()),
            ..MetaSchema::new_with_format("integer", "int32")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromParameter for Limit {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse() {
            Ok(limit @ 1..=1000) if digits => Ok(Self(limit)),
            _ => Err(ParseError::custom(format!("{value:?} is not a valid limit: an integer from 1 to 1000"))),
        }
    }
}

impl ToJSON for Limit {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.into())
    }
}

text! {
    /// The start of a page of schedules: after the schedule `level/name`.
    ScheduleCursor {
        meaning: "a position in a list of schedules",
        rule: "the `next` of the page before: a level, `/` and the name of a schedule",
        length: 6..=47,
        pattern: r"^(User|Group|Tenant)/[^/\x00-\x1F\x7F-\x9F]+$",
        example: "User/Every Easter",
    }
}

text! {
    /// The start of a page of number lists: after the number list `level/name`.
    NumberListCursor {
        meaning: "a position in a list of number lists",
        rule: "the `next` of the page before: a level, `/` and the name of a number list",
        length: 6..=47,
        pattern: r"^(User|Group|Tenant)/[^/\x00-\x1F\x7F-\x9F]+$",
        example: "User/Nuisance callers",
    }
}

/// The requested page of a list.
#[derive(Debug, Clone)]
pub struct PageQuery<Key> {
    /// Maximum number of entries.
    pub limit: Limit,
    /// The page starts after this key; absent for the first page.
    pub after: Option<Key>,
}
