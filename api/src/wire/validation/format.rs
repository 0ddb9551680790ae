//! The formats of texts: what a pattern cannot say of a value type.
//!
//! To add one, give it to the value type in its `text!`, and add it here.

use crate::value::{
    name,
    phone_number::Region,
    recurrence::RecurrenceRule,
    time::{Date, Instant, TimeZone},
};

/// The name of a format, and whether a text is in it.
pub(super) type Format = (&'static str, fn(&str) -> bool);

/// The formats that value types have beyond their patterns.
pub(super) const FORMATS: [Format; 6] = [
    ("date", |text| Date::parse(text).is_ok()),
    ("date-time", |text| Instant::parse(text).is_ok()),
    (name::FORMAT, name::is_name),
    ("iana-time-zone", |text| TimeZone::parse(text).is_ok()),
    ("iso-3166-1-alpha-2", |text| Region::parse(text).is_ok()),
    ("rrule", |text| RecurrenceRule::parse(text).is_ok()),
];

/// What is wrong with `text` in particular, where its format knows.
pub(super) fn reason(format: &str, text: &str) -> Option<String> {
    match format {
        "rrule" => RecurrenceRule::parse(text).err().map(|error| format!("{error}.")),
        _ => None,
    }
}
