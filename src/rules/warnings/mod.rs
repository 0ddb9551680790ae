//! Warnings: what is in a user's services and cannot have been meant. Pure functions over values, as the
//! [screening](super::screening) whose decisions they are about.
//!
//! What is said to hold, holds: a criteria that is said never to match, or to be decided before, never decides a call
//! in the two years that are looked at, and nobody gets through when that is said (`tests/` asks the decision). Where
//! that cannot be found out cheaply, nothing is said. Suspensions do not matter: a service is judged as it will be when
//! it is asked again. Criteria that are not active do not matter either.
//!
//! - `rule.rs` has the criteria in the order of the decision, `set.rs` sets of them.
//! - `callers.rs` divides all callers into kinds, `calendar.rs` the time into stretches in which nothing changes;
//!   `reach.rs` has who gets through in one of them.
//! - `outlook.rs` is what all of them look at; `services.rs` has the warnings about a service, `criteria.rs` those
//!   about one criteria, `numbers.rs` those about its numbers, `wording.rs` what they all say.
//!
//! To add a warning, add its code to `WarningCode`, its finder to the file of its subject, its words to `wording.rs`,
//! and a case that has it and a neighbour that has not to `tests/api/warnings.rs`.

mod calendar;
mod callers;
mod criteria;
mod numbers;
mod outlook;
mod reach;
mod rule;
mod services;
mod set;
#[cfg(test)]
mod tests;
mod week;
mod wording;

pub use outlook::{Outlook, Subject};
pub use reach::Reach;
pub use week::Hours;

use call_acceptance_api::resource::warning::Warning;
use jiff::Timestamp;

use self::calendar::Calendar;

impl Outlook<'_> {
    /// The warnings at the instant `at`, those about services before those about criteria, in the order of the
    /// decision. Takes about a millisecond for what people have, and some hundreds for the most expensive schedules
    /// and lists that can be stored.
    pub fn warnings(&self, at: Timestamp) -> Vec<Warning> {
        let calendar = Calendar::of(&self.rules, &self.zone, at);
        let mut warnings = Vec::new();
        if let Some(calendar) = &calendar {
            services::find(self, calendar, &mut warnings);
        }
        let mut reads = numbers::MOST_READS;
        for at_rule in 0..self.rules.all.len() {
            criteria::find(self, calendar.as_ref(), at_rule, at, &mut warnings);
            numbers::find(self, at_rule, &mut reads, &mut warnings);
        }
        warnings
    }

    /// Who gets through in the week from the half hour that contains `at`; suspensions count here. Adjoining half hours
    /// in which the same callers get through are joined.
    pub fn week(&self, at: Timestamp) -> Vec<Hours> {
        week::of(self, at)
    }
}
