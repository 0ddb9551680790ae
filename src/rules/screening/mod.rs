//! Screening: what becomes of a call, by the criteria of the user that it is for. Pure functions over values: no input
//! or output, no clock, no waiting.
//!
//! The rules are those of the field (BroadWorks, APIO), in this order, where the user has the service:
//! 1. No active criteria: the call is accepted, the service does nothing until a criteria is active.
//! 2. A matching active criteria with `doNotPerformAction`: refused; the first in creation order is named.
//! 3. A matching active criteria without it: accepted; the first in creation order is named.
//! 4. Otherwise: refused.
//!
//! A criteria matches when its number part and its time schedule (if set) and its holiday schedule (if set) match. The
//! number part `Any` matches every call; `Specified Only` matches
//! - a caller that shows its number, when a pattern matches the number in one of its written forms;
//! - a caller that withheld its number, with `includeAnonymousCallers`;
//! - a caller whose number the network does not have, with `includeUnavailableCallers`.
//!
//! A withheld number matches no pattern, even if the network knows it: it would unmask the caller.
//!
//! Criteria and schedules are compiled once and then answer for any instant, past or future, in microseconds:
//! `number/` has the numbers, `pattern.rs` the patterns, `schedule.rs` and `spans.rs` the periods. Recurrence rules are
//! values of the contract ([`recurrence`](call_acceptance_api::value::recurrence)).

mod number;
mod pattern;
mod schedule;
mod spans;

#[cfg(test)]
mod tests;

use std::{cell::Cell, collections::HashMap};

use call_acceptance_api::{
    resource::{
        criteria::Selection,
        decision::{CriteriaOutcome, Outcome, Presentation, Reason},
        schedule::period::Period,
        user_service::ServiceName,
    },
    value::{
        name::{CriteriaName, PeriodName},
        phone_number::{PhoneNumber, Region},
        time::TimeZone,
    },
};
use jiff::{Timestamp, tz};
use thiserror::Error;
use uuid::Uuid;

use crate::rules::criteria::{KeptCriteria, ScheduleLink};
use number::{Caller, Reader};
use pattern::Index;
use schedule::{Moment, Schedule};

pub use number::NUMBERING_PLANS;

/// Where the user is: how national numbers and local times are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The region whose national numbers are read; without it only international numbers and digits as received are.
    pub region: Option<Region>,
    /// The zone of local times; UTC without it.
    pub time_zone: Option<TimeZone>,
}

/// A call that comes in for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The number of the caller as the network brings it: E.164 with `+`, `00` or the region's international prefix,
    /// national digits, an extension, or a `tel:` or `sip:` URI with one of these.
    pub calling_number: Option<&'a str>,
    /// Whether the caller shows its number, as it was given. `restricted` and `unavailable` count as they are; else the
    /// caller is `restricted` when the text says so (`anonymous`, the host `anonymous.invalid`, …), `unavailable` when
    /// there is no number in the text, and `allowed` otherwise. So no caller is none of the three.
    pub presentation: Option<Presentation>,
    /// When the call comes in.
    pub at: Timestamp,
}

/// What becomes of a call, and by which criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// Why; [`Reason::verdict`] says what becomes of the call.
    pub reason: Reason,
    /// The criteria that decided, if one did.
    pub criteria: Option<&'a CriteriaName>,
}

/// Why criteria and schedules cannot be compiled: what is stored contradicts the contract.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CompileError {
    /// A criteria refers to a schedule whose periods were not given.
    #[error("the criteria {criteria:?} refers to the schedule {schedule}, which is not there")]
    MissingSchedule {
        /// The criteria.
        criteria: String,
        /// The key of the schedule.
        schedule: Uuid,
    },
    /// A period lacks a member that its type needs, or has one that cannot be read.
    #[error("the period {period:?} of the schedule {schedule} has no usable {member}")]
    CorruptPeriod {
        /// The key of the schedule.
        schedule: Uuid,
        /// The period.
        period: PeriodName,
        /// The member.
        member: &'static str,
    },
    /// The time zone is not in the time zone database that this server brings.
    #[error("the time zone {0:?} is not known")]
    UnknownTimeZone(TimeZone),
}

/// A criteria as it is asked.
struct Rule {
    name: CriteriaName,
    active: bool,
    refuses: bool,
    every_caller: bool,
    anonymous: bool,
    unavailable: bool,
    /// Places in [`Screening::schedules`].
    time: Option<usize>,
    holiday: Option<usize>,
}

/// The criteria of one user, ready to answer. The answers hold as long as the criteria, the schedules that they refer
/// to, and the user's place stay as they were.
pub struct Screening {
    reader: Reader,
    zone: tz::TimeZone,
    rules: Box<[Rule]>,
    any_active: bool,
    numbers: Index,
    schedules: Box<[Schedule]>,
}

/// What is known of a call, found once for all criteria.
struct Facts {
    presentation: Presentation,
    /// For each rule, whether one of its patterns matches; empty when none does.
    listed: Vec<bool>,
    moment: Moment,
    /// For each schedule, whether it holds, once it was asked.
    held: Vec<Cell<Option<bool>>>,
}

/// Loads what all users share now rather than at the first question, which would wait for it.
pub fn prepare() {
    number::prepare();
}

impl Screening {
    /// Compiles a user's `criteria` with the `periods` of the schedules that they refer to, by [`ScheduleLink::id`].
    ///
    /// Only what active criteria need is compiled. Costs a few milliseconds for 50,000 numbers, and up to as much for
    /// each schedule: a microsecond a rule, and more with `COUNT`. Fails when what is stored contradicts the contract.
    pub fn compile(
        place: &Place,
        criteria: &[KeptCriteria],
        periods: &HashMap<Uuid, Vec<Period>>,
    ) -> Result<Self, CompileError> {
        let zone = zone_of(place)?;
        let mut kept: Vec<&KeptCriteria> = criteria.iter().collect();
        kept.sort_by_key(|criteria| criteria.position);
        let mut schedules = Schedules { zone: &zone, periods, places: HashMap::new(), compiled: Vec::new() };
        let rules = kept.iter().map(|criteria| rule(criteria, &mut schedules)).collect::<Result<Box<[_]>, _>>()?;
        let compared = kept.iter().enumerate().filter(|(_, criteria)| compares_numbers(criteria));
        let patterns = compared.flat_map(|(owner, criteria)| {
            criteria.from_dn_criteria.phone_numbers.iter().map(move |pattern| (pattern, owner))
        });
        let reader = Reader::of(place.region.as_ref());
        Ok(Self {
            reader,
            any_active: rules.iter().any(|rule| rule.active),
            numbers: Index::of(patterns, &reader),
            schedules: schedules.compiled.into(),
            rules,
            zone,
        })
    }

    /// What becomes of `call`: the rules of the [module](self), in their order. Costs about a microsecond, and bounded
    /// below a millisecond for all that can be stored: the dearest are 50,000 patterns that all have `?` in different
    /// places (150 µs in all) and 200 schedules that cost as much as they may (2 to 3 µs each), each asked once.
    pub fn decide(&self, call: &Call<'_>) -> Ruling<'_> {
        if !self.any_active {
            return Ruling { reason: Reason::NoActiveCriteria, criteria: None };
        }
        let facts = self.facts(call);
        let first = |refuses| {
            let matches = |rule: &(usize, &Rule)| {
                rule.1.refuses == refuses && self.outcome(rule.0, rule.1, &facts) == Outcome::Matched
            };
            self.rules.iter().enumerate().find(matches).map(|(_, rule)| &rule.name)
        };
        if let Some(name) = first(true) {
            return Ruling { reason: Reason::DoNotAccept, criteria: Some(name) };
        }
        match first(false) {
            Some(name) => Ruling { reason: Reason::CriteriaMatched, criteria: Some(name) },
            None => Ruling { reason: Reason::NoCriteriaMatched, criteria: None },
        }
    }

    /// What each criteria says of `call`, in creation order: the first of `inactive`, number, time schedule and holiday
    /// schedule that keeps it from matching.
    pub fn explain(&self, call: &Call<'_>) -> Vec<CriteriaOutcome> {
        let facts = self.facts(call);
        let outcome = |(at, rule): (usize, &Rule)| CriteriaOutcome {
            service: ServiceName::SelectiveCallAcceptance,
            criteria: rule.name.clone(),
            do_not_perform_action: rule.refuses,
            outcome: self.outcome(at, rule, &facts),
        };
        self.rules.iter().enumerate().map(outcome).collect()
    }

    /// The memory that it takes, in bytes, roughly. What all users share is not counted.
    pub fn weight(&self) -> u64 {
        let names: usize = self.rules.iter().map(|rule| rule.name.as_str().len()).sum();
        let schedules: usize = self.schedules.iter().map(Schedule::weight).sum();
        let bytes = size_of::<Self>() + size_of_val(&*self.rules) + names + self.numbers.weight() + schedules;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    fn facts(&self, call: &Call<'_>) -> Facts {
        let caller = Caller::of(call.calling_number);
        let presentation = caller.presentation(call.presentation);
        let listed = match caller {
            Caller::Number(number) if presentation == Presentation::Allowed && !self.numbers.is_empty() => {
                self.numbers.owners(&self.reader.forms(&number), self.rules.len())
            }
            _ => Vec::new(),
        };
        let held = vec![Cell::new(None); self.schedules.len()];
        Facts { presentation, listed, moment: Moment::of(self.zone.to_datetime(call.at)), held }
    }

    /// Whether a schedule holds: it is looked at once a call, however many criteria refer to it.
    fn holds(&self, schedule: usize, facts: &Facts) -> bool {
        let held = &facts.held[schedule];
        if let Some(holds) = held.get() {
            return holds;
        }
        let holds = self.schedules[schedule].holds(&facts.moment);
        held.set(Some(holds));
        holds
    }

    fn outcome(&self, at: usize, rule: &Rule, facts: &Facts) -> Outcome {
        let holds = |schedule: Option<usize>| schedule.is_none_or(|at| self.holds(at, facts));
        if !rule.active {
            Outcome::Inactive
        } else if !number_part(at, rule, facts) {
            Outcome::NumberNotMatched
        } else if !holds(rule.time) {
            Outcome::OutsideTimeSchedule
        } else if !holds(rule.holiday) {
            Outcome::OutsideHolidaySchedule
        } else {
            Outcome::Matched
        }
    }
}

/// The users' numbers that `text` may stand for, the likeliest first: E.164 with `+`, `00` or an international prefix
/// of `region`, alone or in a `tel:` or `sip:` URI; digits alone are E.164 without its `+`, and then a national number
/// of `region`.
pub fn called_numbers(text: &str, region: Option<&Region>) -> Vec<PhoneNumber> {
    match Caller::of(Some(text)) {
        Caller::Number(number) => Reader::of(region).called(&number),
        Caller::Withheld | Caller::NoNumber => Vec::new(),
    }
}

fn zone_of(place: &Place) -> Result<tz::TimeZone, CompileError> {
    match &place.time_zone {
        None => Ok(tz::TimeZone::UTC),
        Some(zone) => tz::TimeZone::get(zone.as_str()).map_err(|_| CompileError::UnknownTimeZone(zone.clone())),
    }
}

fn compares_numbers(criteria: &KeptCriteria) -> bool {
    criteria.active && criteria.from_dn_criteria.selection == Selection::SpecifiedOnly
}

fn number_part(at: usize, rule: &Rule, facts: &Facts) -> bool {
    rule.every_caller
        || match facts.presentation {
            Presentation::Allowed => facts.listed.get(at).copied().unwrap_or(false),
            Presentation::Restricted => rule.anonymous,
            Presentation::Unavailable => rule.unavailable,
        }
}

fn rule(criteria: &KeptCriteria, schedules: &mut Schedules<'_>) -> Result<Rule, CompileError> {
    let from = &criteria.from_dn_criteria;
    let mut place = |link: &Option<ScheduleLink>| match link {
        Some(link) if criteria.active => schedules.place(link, &criteria.name).map(Some),
        _ => Ok(None),
    };
    Ok(Rule {
        name: criteria.name.clone(),
        active: criteria.active,
        refuses: criteria.do_not_perform_action,
        every_caller: from.selection == Selection::Any,
        anonymous: from.include_anonymous_callers,
        unavailable: from.include_unavailable_callers,
        time: place(&criteria.time_schedule)?,
        holiday: place(&criteria.holiday_schedule)?,
    })
}

/// The schedules compiled so far: one that several criteria share is compiled once.
struct Schedules<'a> {
    zone: &'a tz::TimeZone,
    periods: &'a HashMap<Uuid, Vec<Period>>,
    places: HashMap<Uuid, usize>,
    compiled: Vec<Schedule>,
}

impl Schedules<'_> {
    fn place(&mut self, link: &ScheduleLink, criteria: &CriteriaName) -> Result<usize, CompileError> {
        if let Some(place) = self.places.get(&link.id) {
            return Ok(*place);
        }
        let Some(periods) = self.periods.get(&link.id) else {
            return Err(CompileError::MissingSchedule { criteria: criteria.to_string(), schedule: link.id });
        };
        let schedule = Schedule::compile(periods, self.zone).map_err(|corrupt| CompileError::CorruptPeriod {
            schedule: link.id,
            period: corrupt.period,
            member: corrupt.member,
        })?;
        self.compiled.push(schedule);
        self.places.insert(link.id, self.compiled.len() - 1);
        Ok(self.compiled.len() - 1)
    }
}
