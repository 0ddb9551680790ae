//! Value types: text that is parsed and checked once, and types that are built from values alone.
//!
//! This module knows no resource, request or response. To add a value type, declare it with `text!` in the file of its
//! subject ([`text`]); to add a set of values that may grow, use `open_enum!` ([`open_enum`]).

pub mod change;
pub mod name;
pub mod open_enum;
pub mod owner;
pub mod phone_number;
pub mod recurrence;
pub mod sip;
pub mod text;
pub mod time;
