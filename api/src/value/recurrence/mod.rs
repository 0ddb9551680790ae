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

pub use day::{Day, easter, number_of};
pub use parse::{Frequency, Parts, Until};
pub use rule::{Anniversary, Recurrence, Times};

use crate::value::text::text;

text! {
    /// A recurrence rule (RFC 5545, section 3.3.10), daily or slower; kept in capital letters.
    RecurrenceRule {
        meaning: "a recurrence rule",
        rule: "an RRULE of RFC 5545 without its `RRULE:` label, in letters of either case, FREQ one of DAILY, WEEKLY, MONTHLY and YEARLY, no BYHOUR, BYMINUTE or BYSECOND; BYEASTER counts days from Easter Sunday",
        length: 10..=2000,
        pattern: r"^[A-Za-z]+=[A-Za-z0-9,+-]+(;[A-Za-z]+=[A-Za-z0-9,+-]+)*$",
        format: "rrule", holds: |text| Parts::parse(text).is_ok(),
        reason: |text: &str| Parts::parse(text).err().or_else(|| too_long(text)),
        canonical: |text: &str| text.to_ascii_uppercase(),
        example: "FREQ=YEARLY;BYEASTER=0",
    }
}

fn too_long(text: &str) -> Option<String> {
    let (_, most) = RecurrenceRule::RULE.length;
    let count = text.chars().count();
    (count > most).then(|| format!("it has {count} characters; at most {most} are taken"))
}

impl RecurrenceRule {
    /// What the rule says.
    pub fn parts(&self) -> Parts {
        Parts::parse(self.as_str()).expect("a recurrence rule has been parsed before")
    }

    /// `UNTIL` as it is written, where the rule has it: a day `YYYYMMDD`, a local time `YYYYMMDDTHHMMSS`, or one in UTC
    /// with a `Z` behind it.
    pub fn until(&self) -> Option<&str> {
        self.as_str().split(';').find_map(|part| part.strip_prefix("UNTIL="))
    }
}
