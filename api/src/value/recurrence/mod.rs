//! Recurrence rules (RFC 5545, section 3.3.10): their texts, and the days that they make.
//!
//! [`RecurrenceRule`] is the text as the contract has it, [`Parts`] what it says, and [`Recurrence`] the rule with its
//! first day, ready to answer whether it makes a day. What a rule costs, and may cost, is in [`cost`].
//!
//! Every rule is taken that RFC 5545 allows and that makes at most one time a day, and one extension: `BYEASTER`, so
//! many days after Easter Sunday, in the same calendar year (as in `python-dateutil`). To take another part, add it to
//! [`Parts`] with its range, to `conditions.rs` with what it asks of a day, and to [`cost`].
//!
//! # Where RFC 5545 leaves a choice, or other readers differ
//! - The first day counts only if the rule makes it.
//! - `BYDAY` with and without ordinals in one rule: either will do.
//! - `BYWEEKNO` with nothing that says the day of the week: that of the first day, as RFC 5545 has it for all that a
//!   rule leaves open. Weeks are looked for in calendar years: the first days of January may be in week 53, the last of
//!   December in week 1.
//! - `BYSETPOS` counts in the whole period also where the first day is in the midst of it.
//! - `UNTIL` as an instant lets a whole day count by the later of its day in UTC and its local day, since programs
//!   write either; a part of a day counts if it starts no later than the instant.

mod conditions;
pub mod cost;
mod count;
mod day;
mod parse;
mod positions;
mod rule;
#[cfg(test)]
mod tests;
mod written;

pub use day::{Day, easter, number_of};
pub use parse::{Frequency, Parts, Until};
pub use rule::{Anniversary, Recurrence, Times};
pub use written::RecurrenceRule;
