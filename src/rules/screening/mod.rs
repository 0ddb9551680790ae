//! Screening: the decision on a call by the services of the called user. Pure functions over values: no input or
//! output, no clock, no waiting.
//!
//! The rules follow BroadWorks and APIO. `order.rs` has the order of the decision and what each service does with its
//! criteria.
//!
//! A criteria matches when it is active and in its validity, and its number part, its time schedule (if set) and its
//! holiday schedule (if set) match. The number part `Any` matches every call, `Forwarded` every call that was forwarded
//! to the user; `Specified Only` matches
//! - a caller that presents its number, if a pattern, or an entry of a number list, matches the number in one of its
//!   written forms;
//! - a caller that withholds its number, with `includeAnonymousCallers`;
//! - a caller whose number the network does not have, with `includeUnavailableCallers`;
//! - a caller of the user's organisation, with `includeInternalCallers`.
//!
//! A withheld number matches no pattern, even if the network knows it: that would unmask the caller. The same goes for
//! protected callers, whom no service refuses: their patterns are those of policies, which many users share
//! (`policy.rs`). Number lists are shared too (`list.rs`): they are no part of a screening, but looked at beside it, so
//! that a change of a list concerns no screening.
//!
//! The criteria of all services and their schedules are compiled once and then evaluated for any instant, past or
//! future, in microseconds. `rule.rs` handles criteria, `facts.rs` what they ask about a call, `extras.rs` what few
//! users have, `number/` numbers, `pattern.rs` patterns, `schedule.rs` and `spans.rs` periods. Recurrence rules are
//! values of the contract ([`recurrence`](call_acceptance_api::value::recurrence)).

mod call;
mod extras;
mod facts;
mod list;
pub(super) mod number;
mod order;
pub(super) mod pattern;
mod policy;
mod rule;
pub(super) mod schedule;
pub(super) mod spans;

#[cfg(test)]
pub(super) mod tests;

use std::{collections::HashMap, sync::Arc};

use call_acceptance_api::{
    resource::{
        decision::{CriteriaOutcome, Presentation},
        schedule::period::Period,
        treatment::Treatment,
        user_service::ServiceName,
    },
    value::{
        name::{CriteriaName, PeriodName},
        phone_number::{PhoneNumber, Region},
        time::TimeZone,
    },
};
use jiff::tz;
use thiserror::Error;
use uuid::Uuid;

use crate::rules::{
    criteria::{KeptCriteria, ScheduleLink},
    service::KeptService,
};
use extras::{Extras, RuleExtras};
use facts::{Facts, Parts};
use number::{Caller, Reader};
use order::Order;
use pattern::Index;
use rule::Rule;

pub use call::{Call, Place, Ruling};
pub use list::NumberList;
pub use number::NUMBERING_PLANS;
pub use policy::Policy;
pub use schedule::{KeyedSchedule, Schedule};

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

/// The compiled services of one user. Valid as long as the services, the schedules of their criteria and the user's
/// place are unchanged.
pub struct Screening {
    parts: Parts,
    order: Order,
}

/// Loads the data that all users share, so that the first decision does not wait for it.
pub fn prepare() {
    number::prepare();
}

impl Screening {
    /// Compiles a user's `services` with the `periods` of their schedules, by [`ScheduleLink::id`].
    ///
    /// Only what active criteria need is compiled. Takes a few milliseconds for 50,000 numbers, and up to as much for
    /// each schedule: a microsecond for each rule, more with `COUNT`. Fails if the stored data violates the contract.
    pub fn compile(
        place: &Place,
        services: &[KeptService],
        periods: &HashMap<Uuid, Vec<Period>>,
    ) -> Result<Self, CompileError> {
        let zone = zone_of(place)?;
        let (services, kept) = order::arrange(services);
        let mut schedules = Schedules::new(&zone, periods);
        let mut lists = NumberLists::default();
        // With an exact capacity: shrinking in place would keep the spare capacity allocated.
        let (mut rules, mut extras) = (Vec::with_capacity(kept.len()), Vec::new());
        for (at, criteria) in kept.iter().enumerate() {
            let (rule, with) = rule(criteria, &mut schedules, &mut lists)?;
            rules.push(rule);
            extras.extend(with.map(|with| (at, with)));
        }
        let compared = kept.iter().enumerate().filter(|(_, criteria)| rule::compares_numbers(criteria));
        let patterns = compared.flat_map(|(owner, criteria)| {
            criteria.from_dn_criteria.phone_numbers.iter().map(move |pattern| (pattern, owner))
        });
        let reader = Reader::of(place.region.as_ref());
        let numbers = Index::of(patterns, &reader);
        let order = Order::of(services, rules.into(), kept.iter().map(|criteria| &criteria.name).collect());
        let schedules = schedules.keys.into_iter().zip(schedules.compiled);
        let schedules = schedules.map(|(key, schedule)| Arc::new(KeyedSchedule { key, schedule })).collect();
        let extras = Extras::of(extras, lists.keys);
        Ok(Self { parts: Parts { reader, numbers, schedules, zone, extras }, order })
    }

    /// The same with the schedules that `share` returns, each equal to the one that it gets, so that others can have
    /// them too.
    pub fn sharing(mut self, mut share: impl FnMut(Arc<KeyedSchedule>) -> Arc<KeyedSchedule>) -> Self {
        self.parts.schedules.iter_mut().for_each(|schedule| *schedule = share(schedule.clone()));
        self
    }

    /// The same with criteria that were created at these revisions of their services, by service and position.
    pub fn created(mut self, revision: impl Fn(ServiceName, i32) -> i64) -> Self {
        self.order.set_created(revision);
        self
    }

    /// The same under these policies, from the nearest up. They are in the notation of the same region.
    pub fn under(mut self, policies: impl IntoIterator<Item = Arc<Policy>>) -> Self {
        self.parts.extras.set_policies(policies.into_iter().collect());
        self
    }

    /// What a caller gets whom the service refuses, by the nearest policy that says so.
    pub fn treatment(&self, service: ServiceName) -> Option<&Treatment> {
        self.parts.extras.policies().iter().find_map(|policy| policy.treatment(service))
    }

    /// Whether the user has the service.
    pub fn has(&self, service: ServiceName) -> bool {
        self.order.has(service)
    }

    /// The keys of the schedules that active criteria refer to, each once.
    pub fn schedules(&self) -> impl Iterator<Item = Uuid> {
        self.parts.schedules.iter().map(|schedule| schedule.key)
    }

    /// The keys of the number lists that active criteria refer to, each once.
    pub fn number_lists(&self) -> &[Uuid] {
        self.parts.extras.lists()
    }

    /// What becomes of `call`, by the first service that decides. Costs about a microsecond, and bounded below a
    /// millisecond for all that can be stored: the most expensive are 50,000 patterns that all have `?` in different
    /// places (150 µs in all) and 200 schedules that cost as much as they may (2 to 3 µs each), each asked once.
    ///
    /// `lists` are those of [`Self::number_lists`], in that order; `None` is a list without entries. See
    /// [`NumberList`] for what one costs.
    pub fn decide(&self, call: &Call<'_>, lists: &[Option<Arc<NumberList>>]) -> Ruling {
        self.order.ruling(&self.facts(call, lists))
    }

    /// What each criteria of each service that is asked says of `call`, in the order in which services are asked and
    /// criteria were created: the first of its parts that keeps it from matching.
    pub fn explain(&self, call: &Call<'_>, lists: &[Option<Arc<NumberList>>]) -> Vec<CriteriaOutcome> {
        self.order.explanation(&self.facts(call, lists))
    }

    fn facts<'a>(&'a self, call: &'a Call<'_>, lists: &'a [Option<Arc<NumberList>>]) -> Facts<'a> {
        Facts::of(&self.parts, self.order.len(), call, lists)
    }

    /// The number of the caller, if it is shown: in E.164 form, else the digits as they came.
    pub fn caller_number(&self, call: &Call<'_>) -> Option<String> {
        let known = self.parts.reader.caller(call.calling_number.unwrap_or_default());
        match known.caller.presentation(call.presentation) {
            Presentation::Allowed => known.number(),
            Presentation::Restricted | Presentation::Unavailable => None,
        }
    }

    /// Approximate memory in bytes, without schedules and policies, which users share.
    pub fn weight(&self) -> u64 {
        let Parts { reader: _, zone: _, numbers, schedules, extras } = &self.parts;
        let parts = numbers.weight() + size_of_val(&**schedules) + extras.weight();
        u64::try_from(size_of::<Self>() + self.order.weight() + parts).unwrap_or(u64::MAX)
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

pub(super) fn zone_of(place: &Place) -> Result<tz::TimeZone, CompileError> {
    match &place.time_zone {
        None => Ok(tz::TimeZone::UTC),
        Some(zone) => tz::TimeZone::get(zone.as_str()).map_err(|_| CompileError::UnknownTimeZone(zone.clone())),
    }
}

fn rule(
    criteria: &KeptCriteria,
    schedules: &mut Schedules<'_>,
    lists: &mut NumberLists,
) -> Result<(Rule, Option<RuleExtras>), CompileError> {
    let mut place = |link: &Option<ScheduleLink>| match link {
        Some(link) if criteria.active => schedules.place(link, &criteria.name).map(Some),
        _ => Ok(None),
    };
    let [time, holiday] = [place(&criteria.time_schedule)?, place(&criteria.holiday_schedule)?];
    let keys = criteria.number_lists.iter().filter(|_| rule::compares_numbers(criteria));
    let lists = keys.map(|key| lists.place(*key)).collect();
    Ok((Rule::of(criteria, time, holiday), RuleExtras::of(criteria, lists)))
}

/// The number lists that rules refer to so far, each once.
#[derive(Default)]
struct NumberLists {
    keys: Vec<Uuid>,
    places: HashMap<Uuid, usize>,
}

impl NumberLists {
    fn place(&mut self, key: Uuid) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.keys.len() - 1
        })
    }
}

/// The schedules compiled so far; a shared schedule is compiled once.
pub(super) struct Schedules<'a> {
    zone: &'a tz::TimeZone,
    periods: &'a HashMap<Uuid, Vec<Period>>,
    places: HashMap<Uuid, usize>,
    keys: Vec<Uuid>,
    pub(super) compiled: Vec<Schedule>,
}

impl<'a> Schedules<'a> {
    /// None so far, of those with these `periods` in the local time of `zone`.
    pub(super) fn new(zone: &'a tz::TimeZone, periods: &'a HashMap<Uuid, Vec<Period>>) -> Self {
        Self { zone, periods, places: HashMap::new(), keys: Vec::new(), compiled: Vec::new() }
    }

    /// The place of the schedule in [`Self::compiled`].
    pub(super) fn place(&mut self, link: &ScheduleLink, criteria: &CriteriaName) -> Result<usize, CompileError> {
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
        self.keys.push(link.id);
        self.places.insert(link.id, self.compiled.len() - 1);
        Ok(self.compiled.len() - 1)
    }
}
