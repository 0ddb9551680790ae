//! Values that were parsed once and are right from then on, and what is made of them alone.
//!
//! Nothing here knows a resource, a request or an answer. To add a value, declare it with `text!` in the file of its
//! subject ([`text`] says how); a set of values that may grow, with `open_enum!` ([`open_enum`]).

pub mod change;
pub mod name;
pub mod open_enum;
pub mod owner;
pub mod phone_number;
pub mod recurrence;
pub mod text;
pub mod time;
