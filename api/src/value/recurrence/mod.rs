//! Recurrence rules (RFC 5545, section 3.3.10): their texts, and the days that they generate.
//!
//! [`RecurrenceRule`] is the text of a rule, [`Parts`] the parsed rule, and [`Recurrence`] the rule compiled with its
//! first day, which answers whether it generates a given day. The cost of a rule and its limit are in [`cost`].
//!
//! Every rule is accepted that RFC 5545 allows and that occurs at most once a day, and one extension: `BYEASTER`, a
//! number of days after Easter Sunday in the same calendar year (as in `python-dateutil`). To support another part, add
//! it to [`Parts`] with its range, to `conditions.rs` with its condition on a day, and to [`cost`].
//!
//! # Choices where RFC 5545 is open or implementations differ
//! - The first day counts only if the rule generates it.
//! - `BYDAY` with and without ordinals in one rule: a day matches if either does.
//! - `BYWEEKNO` without a part that selects the day of the week: the day of the week of the first day, as RFC 5545
//!   defines for whatever a rule leaves open. Weeks are matched within calendar years: the first days of January may be
//!   in week 53, the last of December in week 1.
//! - `BYSETPOS` counts from the start of the period even if the first day is in the middle of it.
//! - `UNTIL` as an instant includes whole days up to the later of its UTC day and its local day, since programs write
//!   either. A part of a day is included if it starts no later than the instant.

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
