//! Formats: the parts of a value type's rule that a pattern cannot express.
//!
//! To add one, set it in the `text!` of the value type, and add it here.

use crate::value::{
    name,
    phone_number::Region,
    recurrence::RecurrenceRule,
    sip,
    time::{Date, Instant, TimeZone},
};

/// The name of a format, and the check of a text.
pub(super) type Format = (&'static str, fn(&str) -> bool);

/// The formats of value types.
pub(super) const FORMATS: [Format; 7] = [
    ("date", |text| Date::parse(text).is_ok()),
    ("date-time", |text| Instant::parse(text).is_ok()),
    (name::FORMAT, name::is_name),
    ("iana-time-zone", |text| TimeZone::parse(text).is_ok()),
    ("iso-3166-1-alpha-2", |text| Region::parse(text).is_ok()),
    ("rrule", |text| RecurrenceRule::parse(text).is_ok()),
    (sip::REASON_FORMAT, sip::is_reason),
];

/// The specific fault of `text`, if the format can tell.
pub(super) fn reason(format: &str, text: &str) -> Option<String> {
    match format {
        "rrule" => RecurrenceRule::parse(text).err().map(|error| format!("{error}.")),
        _ => None,
    }
}
