//! A plain implementation of screening, slow and independent of the compiled form: patterns character by character,
//! periods as intervals of the time line, recurrences by the `rrule` crate.

use std::collections::BTreeSet;

use call_acceptance_api::resource::{
    criteria::{OutsideSchedules, Selection},
    decision::{Outcome, Presentation, Reason},
    schedule::period::{Period, PeriodType},
    user_service::ServiceName,
};
use chrono::{Datelike, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz};
use rrule::{RRule, Tz, Unvalidated};

use super::{KeptCriteria, Place};
use crate::rules::service::Settings;

/// A calling number, or a pattern without wildcards.
#[derive(Debug, Clone)]
pub(in crate::rules) enum Number {
    /// Digits with a leading `+`.
    Plus(String),
    /// Digits alone.
    Digits(String),
}

impl Number {
    fn of(text: &str) -> Self {
        text.strip_prefix('+').map_or_else(|| Self::Digits(text.to_owned()), |digits| Self::Plus(digits.to_owned()))
    }

    fn digits(&self) -> &str {
        let (Self::Plus(digits) | Self::Digits(digits)) = self;
        digits
    }
}

/// The written forms of `number` in `region`, one of BE, US, GB and FR.
pub(in crate::rules) fn forms(number: &Number, region: Option<&str>) -> Vec<String> {
    match e164(number, region) {
        Some(digits) => {
            let national = region.map(|region| national(&digits, region)).unwrap_or_default();
            [vec![format!("+{digits}")], national].concat()
        }
        None => vec![number.digits().to_owned()],
    }
}

/// The international prefix of `region` beside `00`.
fn own_prefix(region: Option<&str>) -> &'static str {
    if region == Some("US") { "011" } else { "00" }
}

/// The digits of the number's E.164 form, if it has one.
fn e164(number: &Number, region: Option<&str>) -> Option<String> {
    let can_be = |digits: &str| !digits.starts_with('0') && digits.len() >= 2 && digits.len() <= 15;
    let international = |digits: &str| {
        valid(&format!("+{digits}"), None).or_else(|| Some(digits.to_owned()).filter(|digits| can_be(digits)))
    };
    let dialled = match number {
        Number::Plus(digits) => return international(digits),
        Number::Digits(dialled) => dialled,
    };
    let behind: Vec<&str> =
        [own_prefix(region), "00"].iter().filter_map(|prefix| dialled.strip_prefix(prefix)).collect();
    let existing = behind.iter().find_map(|digits| valid(&format!("+{digits}"), None));
    existing
        .or_else(|| region.and_then(|region| valid(dialled, Some(region))))
        .or_else(|| valid(&format!("+{dialled}"), None))
        .or_else(|| behind.iter().find_map(|digits| international(digits)))
}

/// The digits of the E.164 form of `text` by libphonenumber in `region`, if it is a valid number of at most 15 digits.
fn valid(text: &str, region: Option<&str>) -> Option<String> {
    let region = region.map(|region| region.parse().expect("a region"));
    let number =
        rlibphonenumber::PhoneNumber::parse(text, region).ok().filter(rlibphonenumber::PhoneNumber::is_valid)?;
    let digits = format!("{}{}", number.country_code, number.get_national_significant_number());
    // The metadata accept some numbers longer than E.164 allows.
    (digits.len() <= 15).then_some(digits)
}

fn national(e164: &str, region: &str) -> Vec<String> {
    let (code, trunk_prefix) = match region {
        "BE" => ("32", "0"),
        "US" => ("1", "1"),
        "GB" => ("44", "0"),
        "FR" => ("33", "0"),
        _ => panic!("{region} is not one of the regions here"),
    };
    let Some(national) = e164.strip_prefix(code).filter(|national| !national.is_empty()) else { return vec![] };
    let mut forms = vec![format!("{trunk_prefix}{national}")];
    // Ten digits with area code, or seven within an area.
    if region == "US" && [7, 10].contains(&national.len()) && national >= "2" {
        forms.push(national.to_owned());
    }
    forms
}

/// Whether `pattern` matches `number` in `region`.
pub(in crate::rules) fn matches(pattern: &str, number: &Number, region: Option<&str>) -> bool {
    if pattern == "*" {
        return true;
    }
    let forms = forms(number, region);
    if !pattern.contains(['?', '*']) {
        let same = e164(&Number::of(pattern), region);
        let is_same = if same.is_some() { same == e164(number, region) } else { e164(number, region).is_none() };
        let digits = pattern.trim_start_matches('+');
        return is_same && (same.is_some() || digits == number.digits()) || forms.iter().any(|form| form == pattern);
    }
    let own = pattern.strip_prefix(own_prefix(region)).filter(|rest| begins_a_number(rest));
    let behind = own.or_else(|| pattern.strip_prefix("00"));
    let pattern = behind.map_or(pattern.to_owned(), |rest| format!("+{rest}"));
    forms.iter().any(|form| matches_from(&pattern, form))
}

/// Whether the `rest` of a pattern can begin a number: with a country calling code or a wildcard.
fn begins_a_number(rest: &str) -> bool {
    let known = |code: &str| {
        let code = code.parse().ok();
        code.is_some_and(|code| rlibphonenumber::PHONE_NUMBER_UTIL.get_region_for_country_code(code).is_some())
    };
    !rest.starts_with(|c: char| c.is_ascii_digit()) || (1..=3).filter_map(|length| rest.get(..length)).any(known)
}

fn matches_from(pattern: &str, form: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return form.is_empty() };
    let digits_only = form.chars().all(|c| c.is_ascii_digit());
    match (first, form.chars().next()) {
        ('*', _) => digits_only,
        ('?', Some(c)) => c.is_ascii_digit() && matches_from(&pattern[1..], &form[1..]),
        (_, Some(c)) => c == first && matches_from(&pattern[1..], &form[1..]),
        (_, None) => false,
    }
}

/// The `UNTIL` of a rule.
#[derive(Debug, Clone)]
pub(in crate::rules) enum Until {
    Day(civil::Date),
    Local(civil::DateTime),
    Utc(Timestamp),
}

impl Until {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Day(date) => date.strftime("%Y%m%d").to_string(),
            Self::Local(time) => time.strftime("%Y%m%dT%H%M%S").to_string(),
            Self::Utc(instant) => instant.strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }

    /// Whether a period on `date` that starts at `start` (or has no times) is within the limit.
    fn lets(&self, date: civil::Date, start: Option<u16>, zone: &tz::TimeZone) -> bool {
        let starts = date.to_datetime(civil::Time::midnight()) + i64::from(start.unwrap_or(0)).minutes();
        match (self, start) {
            (Self::Day(last), _) => date <= *last,
            (Self::Local(last), _) => starts <= *last,
            (Self::Utc(last), Some(_)) => zone.to_timestamp(starts).expect("an instant") <= *last,
            (Self::Utc(last), None) => [zone, &tz::TimeZone::UTC].iter().any(|zone| starts <= zone.to_datetime(*last)),
        }
    }
}

/// The crate searches up to the year 10,000 even if there is no further day. The rule is therefore evaluated as many
/// years later as the calendar needs to repeat itself. Easter does not repeat with it.
fn later(rule: &str) -> i16 {
    if rule.contains("BYEASTER") { 0 } else { 19 * 400 }
}

/// The days up to `horizon` that `rule` without `UNTIL` generates from `first`, by the crate.
pub(super) fn made(rule: &str, first: civil::Date, horizon: civil::Date) -> BTreeSet<civil::Date> {
    let later = later(rule);
    let rule: RRule<Unvalidated> = rule.parse().expect("a rule");
    let (year, month, day) = (first.year() + later, first.month(), first.day());
    let start = Tz::UTC.with_ymd_and_hms(year.into(), month.unsigned_abs().into(), day.unsigned_abs().into(), 0, 0, 0);
    let set = rule.build(start.single().expect("a day")).expect("a rule that the crate takes");
    let date = |time: chrono::DateTime<Tz>| {
        let part = |n: u32| i8::try_from(n).expect("a small number");
        civil::date(i16::try_from(time.year()).expect("a year") - later, part(time.month()), part(time.day()))
    };
    set.into_iter().map(date).take_while(|date| *date <= horizon).collect()
}

/// A period, with the days of its rule if it has one.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Days {
    pub period: Period,
    pub made: BTreeSet<civil::Date>,
    pub until: Option<Until>,
}

impl Days {
    /// Whether the period occurs on the local day `date`.
    fn hold_on(&self, date: civil::Date, zone: &tz::TimeZone) -> bool {
        let period = &self.period;
        let parsed =
            |date: &call_acceptance_api::value::time::Date| -> civil::Date { date.as_str().parse().expect("a date") };
        match period.kind {
            PeriodType::DayOfTheWeek => {
                let name = format!("{:?}", period.day_of_week.expect("a day of the week"));
                date.strftime("%A").to_string() == name
            }
            PeriodType::DayOfTheMonth => period.day_of_month == Some(date.day().into()),
            PeriodType::Date => {
                let first = parsed(period.start_date.as_ref().expect("a date"));
                let last = period.stop_date.as_ref().map_or(first, parsed);
                first <= date && date <= last
            }
            PeriodType::Recurrence => {
                let start = period.start_time.as_ref().map(|time| time.minutes());
                let excepted = period.except_dates.iter().flatten().any(|except| parsed(except) == date);
                self.made.contains(&date)
                    && !excepted
                    && self.until.as_ref().is_none_or(|until| until.lets(date, start, zone))
            }
        }
    }

    /// Whether the period applies at `at`: whether one of the intervals of the surrounding days contains it. A day has
    /// one interval for each UTC offset in force during it, from start to stop by that offset, as far as the offset is
    /// in force.
    pub(super) fn hold_at(&self, at: Timestamp, zone: &tz::TimeZone) -> bool {
        let minutes = |minutes: u16| SignedDuration::from_mins(minutes.into());
        let start = minutes(self.period.start_time.as_ref().map_or(0, |time| time.minutes()));
        let stop = minutes(self.period.stop_time.as_ref().map_or(24 * 60, |time| time.minutes()));
        let stop = if stop < start { stop + minutes(24 * 60) } else { stop };
        let about = tz::TimeZone::UTC.to_datetime(at).date();
        let days = (-2..=2_i64).map(|days| about.checked_add(days.days()).expect("a day"));
        days.filter(|date| self.hold_on(*date, zone)).any(|date| {
            let midnight = tz::TimeZone::UTC.to_timestamp(date.to_datetime(civil::Time::midnight())).expect("a day");
            let around = (midnight - SignedDuration::from_hours(48), midnight + SignedDuration::from_hours(72));
            offsets(zone, around).into_iter().any(|(from, to, offset)| {
                let offset = SignedDuration::from_secs(offset.seconds().into());
                let (start, stop) = (midnight + start - offset, midnight + stop - offset);
                start.max(from) <= at && at < stop.min(to)
            })
        })
    }
}

/// The UTC offsets of `zone` during an interval, each with its begin and end.
fn offsets(zone: &tz::TimeZone, (from, to): (Timestamp, Timestamp)) -> Vec<(Timestamp, Timestamp, tz::Offset)> {
    let mut changes = vec![from];
    changes.extend(zone.following(from).map(|change| change.timestamp()).take_while(|change| *change < to));
    changes.push(to);
    changes.windows(2).map(|ends| (ends[0], ends[1], zone.to_offset(ends[0]))).collect()
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub number: Option<&'a Number>,
    pub presentation: Option<Presentation>,
    pub internal: bool,
    pub forwarded: bool,
    pub is_emergency_callback: bool,
    pub at: Timestamp,
}

impl Question<'_> {
    fn presentation(&self) -> Presentation {
        let shown = if self.number.is_some() { Presentation::Allowed } else { Presentation::Unavailable };
        self.presentation.filter(|given| *given != Presentation::Allowed).unwrap_or(shown)
    }
}

/// A criteria with its schedules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Criteria<'a> {
    pub kept: &'a KeptCriteria,
    pub time: Option<&'a [Days]>,
    pub holiday: Option<&'a [Days]>,
}

impl Criteria<'_> {
    fn is_valid(&self, at: Timestamp) -> bool {
        let began = self.kept.valid_from.as_ref().is_none_or(|from| from.timestamp() <= at);
        let ended = self.kept.valid_until.as_ref().is_some_and(|until| until.timestamp() <= at);
        self.kept.active && began && !ended
    }

    fn holds(schedule: Option<&[Days]>, place: &Place, at: Timestamp) -> bool {
        let zone = place
            .time_zone
            .as_ref()
            .map_or(tz::TimeZone::UTC, |zone| tz::TimeZone::get(zone.as_str()).expect("a time zone"));
        schedule.is_none_or(|days| days.iter().any(|days| days.period.active && days.hold_at(at, &zone)))
    }

    fn is_about(&self, place: &Place, question: &Question<'_>) -> bool {
        let from = &self.kept.from_dn_criteria;
        let region = place.region.as_ref().map(|region| region.as_str());
        let listed = |number| from.phone_numbers.iter().any(|pattern| matches(pattern.as_str(), number, region));
        match from.selection {
            Selection::Any => true,
            Selection::Forwarded => question.forwarded,
            Selection::SpecifiedOnly if question.internal && from.include_internal_callers => true,
            Selection::SpecifiedOnly => match question.presentation() {
                Presentation::Allowed => question.number.is_some_and(listed),
                Presentation::Restricted => from.include_anonymous_callers,
                Presentation::Unavailable => from.include_unavailable_callers,
            },
        }
    }

    /// What the criteria says of the call.
    fn outcome(&self, place: &Place, question: &Question<'_>) -> Outcome {
        let holds = |schedule| Self::holds(schedule, place, question.at);
        if !self.kept.active {
            Outcome::Inactive
        } else if !self.is_valid(question.at) {
            Outcome::OutsideValidity
        } else if !self.is_about(place, question) {
            Outcome::NumberNotMatched
        } else if !holds(self.time) {
            Outcome::OutsideTimeSchedule
        } else if !holds(self.holiday) {
            Outcome::OutsideHolidaySchedule
        } else {
            Outcome::Matched
        }
    }
}

/// A service with its criteria in the order of creation.
#[derive(Debug, Clone)]
pub(super) struct Service<'a> {
    pub settings: &'a Settings,
    pub criteria: Vec<Criteria<'a>>,
}

/// The services of a user, and the protected callers of group and tenant.
#[derive(Debug, Clone, Default)]
pub(super) struct Services<'a> {
    pub protected: Vec<&'a str>,
    pub acceptance: Option<Service<'a>>,
    pub rejection: Option<Service<'a>>,
    pub anonymous: Option<Service<'a>>,
}

/// What is decided: why, by which criteria, and what is explained of each service.
pub(super) type Decided = (Reason, Option<String>, Vec<(ServiceName, Outcome)>);

/// The order of the decision, one row after the other.
pub(super) fn decide(services: &Services<'_>, place: &Place, question: &Question<'_>) -> Decided {
    let mut explained = Vec::new();
    if question.is_emergency_callback {
        return (Reason::EmergencyCallback, None, explained);
    }
    let region = place.region.as_ref().map(|region| region.as_str());
    let is_shown = question.presentation() == Presentation::Allowed;
    let protects = |number| services.protected.iter().any(|pattern| matches(pattern, number, region));
    if is_shown && question.number.is_some_and(protects) {
        return (Reason::ProtectedCaller, None, explained);
    }
    let asked = |service: &&Service<'_>| {
        service.settings.suspended_until.as_ref().is_none_or(|until| until.timestamp() <= question.at)
    };
    let outcomes = |service: &Service<'_>| -> Vec<Outcome> {
        service.criteria.iter().map(|criteria| criteria.outcome(place, question)).collect()
    };
    let first = |service: &Service<'_>, outcomes: &[Outcome], does_not_perform: bool| {
        let matches = |(criteria, outcome): &(&Criteria<'_>, &Outcome)| {
            criteria.kept.do_not_perform_action == does_not_perform && **outcome == Outcome::Matched
        };
        service.criteria.iter().zip(outcomes).find(matches).map(|(criteria, _)| criteria.kept.name.to_string())
    };
    if let Some(rejection) = services.rejection.as_ref().filter(asked) {
        let said = outcomes(rejection);
        explained.extend(said.iter().map(|of| (ServiceName::SelectiveCallRejection, *of)));
        if let (Some(name), None) = (first(rejection, &said, false), first(rejection, &said, true)) {
            return (Reason::RejectionCriteriaMatched, Some(name), explained);
        }
    }
    if let Some(anonymous) = services.anonymous.as_ref().filter(asked)
        && anonymous.settings.active
        && question.presentation() == Presentation::Restricted
        && !question.internal
    {
        return (Reason::AnonymousCallRejected, None, explained);
    }
    let Some(acceptance) = &services.acceptance else {
        let rejection = services.rejection.is_some();
        let reason = if rejection { Reason::NoRejectionCriteriaMatched } else { Reason::ServiceNotAssigned };
        return (reason, None, explained);
    };
    if !asked(&acceptance) {
        return (Reason::Suspended, None, explained);
    }
    let said = outcomes(acceptance);
    explained.extend(said.iter().map(|of| (ServiceName::SelectiveCallAcceptance, *of)));
    let criteria = &acceptance.criteria;
    if !criteria.iter().any(|criteria| criteria.is_valid(question.at)) {
        return (Reason::NoActiveCriteria, None, explained);
    }
    if let Some(name) = first(acceptance, &said, true) {
        return (Reason::DoNotAccept, Some(name), explained);
    }
    if let Some(name) = first(acceptance, &said, false) {
        return (Reason::CriteriaMatched, Some(name), explained);
    }
    let in_effect = |criteria: &Criteria<'_>| {
        let holds = |schedule| Criteria::holds(schedule, place, question.at);
        criteria.is_valid(question.at) && holds(criteria.time) && holds(criteria.holiday)
    };
    let mut accepting = criteria.iter().filter(|criteria| !criteria.kept.do_not_perform_action);
    if acceptance.settings.outside_schedules == OutsideSchedules::Accept && !accepting.any(in_effect) {
        return (Reason::NoCriteriaInEffect, None, explained);
    }
    (Reason::NoCriteriaMatched, None, explained)
}
