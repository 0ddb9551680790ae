//! Screening: the decision on a call by the criteria of the called user. Pure functions over values: no input or
//! output, no clock, no waiting.
//!
//! The rules follow BroadWorks and APIO. If the user has the service, the first one that applies decides:
//! 1. No active criteria: the call is accepted; the service does nothing until a criteria is active.
//! 2. A matching active criteria with `doNotPerformAction`: refused; the first in creation order is named.
//! 3. A matching active criteria without it: accepted; the first in creation order is named.
//! 4. Otherwise: refused.
//!
//! A criteria matches when its number part, its time schedule (if set) and its holiday schedule (if set) match. The
//! number part `Any` matches every call; `Specified Only` matches
//! - a caller that presents its number, if a pattern matches the number in one of its written forms;
//! - a caller that withholds its number, with `includeAnonymousCallers`;
//! - a caller whose number the network does not have, with `includeUnavailableCallers`.
//!
//! A withheld number matches no pattern, even if the network knows it: that would unmask the caller.
//!
//! Criteria and schedules are compiled once and then evaluated for any instant, past or future, in microseconds.
//! `number/` handles numbers, `pattern.rs` patterns, `schedule.rs` and `spans.rs` periods. Recurrence rules are values
//! of the contract ([`recurrence`](call_acceptance_api::value::recurrence)).

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

/// The region and time zone of a user, for national numbers and local times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The region of national numbers; without it only international numbers and digits as received are recognised.
    pub region: Option<Region>,
    /// The zone of local times; UTC if absent.
    pub time_zone: Option<TimeZone>,
}

/// An incoming call to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The calling number as delivered by the network: E.164 with `+`, `00` or the region's international prefix,
    /// national digits, an extension, or a `tel:` or `sip:` URI with one of these.
    pub calling_number: Option<&'a str>,
    /// The given presentation. `restricted` and `unavailable` are used as given. Otherwise the caller is `restricted`
    /// if the text says so (`anonymous`, the host `anonymous.invalid`, …), `unavailable` if there is no number in the
    /// text, and else `allowed`. So every caller has exactly one of the three.
    pub presentation: Option<Presentation>,
    /// When the call comes in.
    pub at: Timestamp,
}

/// The decision on a call, and the criteria that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// The reason; [`Reason::verdict`] is the verdict.
    pub reason: Reason,
    /// The criteria that decided, if one did.
    pub criteria: Option<&'a CriteriaName>,
}

/// Why criteria and schedules cannot be compiled: the stored data violates the contract.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CompileError {
    /// A criteria refers to a schedule whose periods are missing.
    #[error("the criteria {criteria:?} refers to the schedule {schedule}, which does not exist")]
    MissingSchedule {
        /// The criteria.
        criteria: String,
        /// The key of the schedule.
        schedule: Uuid,
    },
    /// A member of a period that its type requires is missing or cannot be parsed.
    #[error("the period {period:?} of the schedule {schedule} has no usable {member}")]
    CorruptPeriod {
        /// The key of the schedule.
        schedule: Uuid,
        /// The period.
        period: PeriodName,
        /// The member.
        member: &'static str,
    },
    /// The time zone is not in the server's time zone database.
    #[error("the time zone {0:?} is unknown")]
    UnknownTimeZone(TimeZone),
}

/// A compiled criteria.
struct Rule {
    name: CriteriaName,
    active: bool,
    refuses: bool,
    every_caller: bool,
    anonymous: bool,
    unavailable: bool,
    /// Index in [`Screening::schedules`].
    time: Option<usize>,
    holiday: Option<usize>,
}

/// The compiled criteria of one user. Valid as long as the criteria, their schedules and the user's place are
/// unchanged.
pub struct Screening {
    reader: Reader,
    zone: tz::TimeZone,
    rules: Box<[Rule]>,
    any_active: bool,
    numbers: Index,
    schedules: Box<[Schedule]>,
}

/// Properties of a call, computed once for all criteria.
struct Facts {
    presentation: Presentation,
    /// For each rule, whether one of its patterns matches; empty if none does.
    listed: Vec<bool>,
    moment: Moment,
    /// For each schedule, whether it applies; evaluated on first use.
    held: Vec<Cell<Option<bool>>>,
}

/// Loads the data that all users share, so that the first decision does not wait for it.
pub fn prepare() {
    number::prepare();
}

impl Screening {
    /// Compiles a user's `criteria` with the `periods` of their schedules, by [`ScheduleLink::id`].
    ///
    /// Only what active criteria need is compiled. Takes a few milliseconds for 50,000 numbers, and up to as much for
    /// each schedule: a microsecond for each rule, more with `COUNT`. Fails if the stored data violates the contract.
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

    /// Decides on `call` by the rules of the [module](self). Takes about a microsecond, and less than a millisecond for
    /// any data that can be stored: the most expensive are 50,000 patterns with `?` in different places (150 µs in
    /// total) and 200 schedules of maximum cost (2 to 3 µs each, evaluated once).
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

    /// The outcome of each criteria for `call`, in creation order: the first of `inactive`, number, time schedule and
    /// holiday schedule that prevents a match.
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

    /// Approximate memory in bytes, without the data that all users share.
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

    /// Whether a schedule applies; evaluated once for a call, however many criteria refer to it.
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

/// The users' numbers that `text` may mean, the most likely first: E.164 with `+`, `00` or an international prefix of
/// `region`, alone or in a `tel:` or `sip:` URI; digits alone are E.164 without its `+`, and then a national number of
/// `region`.
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

/// The schedules compiled so far; a shared schedule is compiled once.
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
