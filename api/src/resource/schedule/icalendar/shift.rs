//! Shifted rules: for an event of several days, the rules of its second day, third day and so on.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil};

use super::rule::{Budget, Exhausted, LAST, Rule};
use crate::value::recurrence::{Frequency, Parts};

/// Maximum length of a recurring event that is expressed by rules, in days; longer ones are expressed one by one.
const MAX_DAYS: i32 = 400;

/// Cost of making a rule, in days.
const COST_OF_A_RULE: usize = 300;

/// The first and the last offset in days from the days of a rule.
pub(super) type Offsets = (i32, i32);

/// Rules that together generate the days from `offsets.0` to `offsets.1` after each day of `rule`, which must generate
/// its first and last day; `None` if rules cannot express that.
pub(super) fn shifted(rule: &Rule, offsets: Offsets, budget: &mut Budget) -> Result<Option<Vec<Rule>>, Exhausted> {
    if offsets.1 - offsets.0 > MAX_DAYS {
        return Ok(None);
    }
    let parts = explicit(rule);
    let has = Has::of(&parts);
    let months = if parts.months.is_empty() { 12 } else { parts.months.len() };
    let rules = usize::try_from(offsets.1 - offsets.0 + 1).unwrap_or_default() + months * parts.month_days.len();
    budget.spend(rules * COST_OF_A_RULE)?;
    Ok(match parts.frequency {
        _ if has.easter_only() => easter(rule, &parts, offsets),
        Frequency::Daily if has.nothing() => days(rule, &parts, offsets),
        Frequency::Weekly if has.weekdays_only() => weekdays(rule, &parts, offsets, budget)?,
        Frequency::Monthly if has.dates_only() && parts.months.is_empty() => month_days(rule, &parts, offsets, budget)?,
        Frequency::Yearly if has.dates_only() => dates(rule, &parts, offsets, budget)?,
        Frequency::Monthly | Frequency::Yearly if has.weekdays_of_dates() => weekdays_of_dates(rule, &parts, offsets),
        Frequency::Monthly | Frequency::Yearly if has.ordinals_only() => ordinals(rule, &parts, offsets),
        Frequency::Yearly if has.year_days_only() => year_days(rule, &parts, offsets),
        _ => None,
    })
}

/// The parts of the rule, with those implied by its first day (RFC 5545, section 3.3.10).
fn explicit(rule: &Rule) -> Parts {
    let mut parts = rule.parts.clone();
    let says_the_day = !parts.month_days.is_empty()
        || !parts.year_days.is_empty()
        || !parts.weeks.is_empty()
        || !parts.weekdays.is_empty()
        || parts.easter.is_some();
    if says_the_day {
        return parts;
    }
    match parts.frequency {
        Frequency::Daily => {}
        Frequency::Weekly => parts.weekdays = vec![(0, weekday(rule.first))],
        Frequency::Monthly => parts.month_days = vec![rule.first.day().into()],
        Frequency::Yearly => {
            parts.month_days = vec![rule.first.day().into()];
            if parts.months.is_empty() {
                parts.months = vec![rule.first.month().into()];
            }
        }
    }
    parts
}

/// Which parts a rule has.
#[derive(Default, PartialEq, Eq)]
struct Has {
    months: bool,
    month_days: bool,
    month_days_from_end: bool,
    year_days: bool,
    ordinals: usize,
    every_weekday: bool,
    easter: bool,
    /// Parts that cannot be shifted.
    others: bool,
}

impl Has {
    fn of(parts: &Parts) -> Self {
        let ordinals = parts.weekdays.iter().filter(|(ordinal, _)| *ordinal != 0).count();
        Self {
            months: !parts.months.is_empty(),
            month_days: parts.month_days.iter().any(|day| *day > 0),
            month_days_from_end: parts.month_days.iter().any(|day| *day < 0),
            year_days: !parts.year_days.is_empty(),
            ordinals,
            every_weekday: ordinals < parts.weekdays.len(),
            easter: parts.easter.is_some(),
            others: !parts.positions.is_empty() || !parts.weeks.is_empty(),
        }
    }

    fn nothing(&self) -> bool {
        *self == Self::default()
    }

    fn easter_only(&self) -> bool {
        *self == Self { easter: true, ..Self::default() }
    }

    fn weekdays_only(&self) -> bool {
        *self == Self { every_weekday: true, ..Self::default() }
    }

    fn dates_only(&self) -> bool {
        let Self { months, month_days, month_days_from_end, .. } = *self;
        (month_days || month_days_from_end)
            && *self == Self { months, month_days, month_days_from_end, ..Self::default() }
    }

    fn weekdays_of_dates(&self) -> bool {
        *self == Self { months: self.months, month_days: true, every_weekday: true, ..Self::default() }
    }

    fn ordinals_only(&self) -> bool {
        *self == Self { months: self.months, ordinals: 1, ..Self::default() }
    }

    fn year_days_only(&self) -> bool {
        *self == Self { year_days: true, ..Self::default() }
    }
}

fn weekday(day: civil::Date) -> u8 {
    day.weekday().to_monday_zero_offset().unsigned_abs()
}

/// The day of the week `by` days later.
fn weekday_after(weekday: u8, by: i32) -> u8 {
    u8::try_from((i32::from(weekday) + by).rem_euclid(7)).unwrap_or_default()
}

fn by16(number: i16, by: i32) -> Option<i16> {
    i16::try_from(i32::from(number) + by).ok()
}

fn after(day: civil::Date, by: i32) -> civil::Date {
    day.saturating_add(by.days())
}

/// One rule for each offset.
fn each(rule: &Rule, offsets: Offsets, parts: impl Fn(i32) -> Option<Parts>) -> Option<Vec<Rule>> {
    (offsets.0..=offsets.1).map(|by| Rule::of(&parts(by)?, after(rule.first, by), after(rule.last, by))).collect()
}

/// A rule of every day, or of every n-th day.
fn days(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    let all = i64::from(parts.interval) <= i64::from(offsets.1 - offsets.0) + 1;
    match all {
        true => {
            let parts = Parts { interval: 1, ..parts.clone() };
            Rule::of(&parts, after(rule.first, offsets.0), after(rule.last, offsets.1)).map(|rule| vec![rule])
        }
        false => each(rule, offsets, |_| Some(parts.clone())),
    }
}

/// A rule of days of the week. With an interval, each day gets its own rule, since the next day may be in another week.
fn weekdays(rule: &Rule, parts: &Parts, offsets: Offsets, budget: &mut Budget) -> Result<Option<Vec<Rule>>, Exhausted> {
    let later = |weekdays: &[(i16, u8)], by: i32| {
        let weekdays = weekdays.iter().map(|(_, weekday)| (0, weekday_after(*weekday, by))).collect();
        Parts { weekdays, ..parts.clone() }
    };
    if parts.interval == 1 {
        return Ok(each(rule, offsets, |by| Some(later(&parts.weekdays, by))));
    }
    let mut rules = Vec::new();
    for weekday in &parts.weekdays {
        let Some(one) = Rule::of(&later(&[*weekday], 0), rule.first, rule.last) else { return Ok(None) };
        let Some(first) = one.next(one.first, budget)? else { continue };
        for by in offsets.0..=offsets.1 {
            let Some(rule) = Rule::of(&later(&[*weekday], by), after(first, by), after(rule.last, by)) else {
                return Ok(None);
            };
            rules.push(rule);
        }
    }
    Ok(Some(rules))
}

/// A rule of a day relative to Easter Sunday.
fn easter(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    each(rule, offsets, |by| Some(Parts { easter: Some(by16(parts.easter?, by)?), ..parts.clone() }))
}

/// A rule of days of the month.
fn month_days(
    rule: &Rule,
    parts: &Parts,
    offsets: Offsets,
    budget: &mut Budget,
) -> Result<Option<Vec<Rule>>, Exhausted> {
    let in_every_month = |day: i16| (1..=28).contains(&(i32::from(day) + offsets.1));
    if parts.month_days.iter().all(|day| *day > 0 && in_every_month(*day)) {
        return Ok(each(rule, offsets, |by| {
            let month_days = parts.month_days.iter().map(|day| by16(*day, by)).collect::<Option<_>>()?;
            Some(Parts { month_days, ..parts.clone() })
        }));
    }
    if parts.interval > 1 {
        return Ok(None);
    }
    // A day shifted into the next month depends on the length of the month.
    let yearly = Parts { frequency: Frequency::Yearly, ..parts.clone() };
    let (from_start, from_end): (Vec<i16>, Vec<i16>) = parts.month_days.iter().partition(|day| **day > 0);
    let mut rules = Vec::new();
    if !from_start.is_empty() {
        let yearly = Parts { months: (1..=12).collect(), month_days: from_start, ..yearly };
        let Some(made) = dates(rule, &yearly, offsets, budget)? else { return Ok(None) };
        rules.extend(made);
    }
    if !from_end.is_empty() {
        let parts = Parts { month_days: from_end, ..parts.clone() };
        let Some(made) = month_days_from_end(rule, &parts, offsets) else { return Ok(None) };
        rules.extend(made);
    }
    Ok(Some(rules))
}

/// A rule of days counted from the end of each month, or of one month of each year.
fn month_days_from_end(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    if parts.interval > 1 || parts.months.len() > 1 || parts.month_days.iter().any(|day| *day < -28) {
        return None;
    }
    let mut rules = Vec::new();
    for by in offsets.0..=offsets.1 {
        let later = parts.month_days.iter().map(|day| by16(*day, by)).collect::<Option<Vec<_>>>()?;
        let (inside, beyond): (Vec<i16>, Vec<i16>) = later.into_iter().partition(|day| *day < 0);
        let beyond: Vec<i16> = beyond.into_iter().map(|day| day + 1).collect();
        if beyond.iter().any(|day| *day > 28) {
            return None;
        }
        let next = parts.months.iter().map(|month| month % 12 + 1).collect();
        for (month_days, months) in [(inside, parts.months.clone()), (beyond, next)] {
            if !month_days.is_empty() {
                let parts = Parts { month_days, months, ..parts.clone() };
                rules.push(Rule::of(&parts, after(rule.first, by), after(rule.last, by))?);
            }
        }
    }
    Some(rules)
}

/// A rule of days of the week within days of the month, like the Friday from the 13th to the 19th.
fn weekdays_of_dates(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    let shortest = shortest(parts)?;
    each(rule, offsets, |by| {
        let month_days = parts.month_days.iter().map(|day| by16(*day, by).filter(|day| *day <= shortest));
        let weekdays = parts.weekdays.iter().map(|(_, weekday)| (0, weekday_after(*weekday, by))).collect();
        Some(Parts { month_days: month_days.collect::<Option<_>>()?, weekdays, ..parts.clone() })
    })
}

/// A rule of numbered days of the year, if the numbers are the same in every year.
fn year_days(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    each(rule, offsets, |by| {
        let later = |day: &i16| by16(*day, by).filter(|later| *later <= 365 && (*day > 0 || *later < 0));
        Some(Parts { year_days: parts.year_days.iter().map(later).collect::<Option<_>>()?, ..parts.clone() })
    })
}

/// The length of the shortest month of a rule.
fn shortest(parts: &Parts) -> Option<i16> {
    if parts.months.is_empty() { Some(28) } else { parts.months.iter().map(|month| length(*month)).min() }
}

/// A rule of days of the week with ordinals, like the first or last Monday of May.
fn ordinals(rule: &Rule, parts: &Parts, offsets: Offsets) -> Option<Vec<Rule>> {
    let (ordinal, weekday) = *parts.weekdays.first()?;
    // Without a month, it is the first Monday of the year.
    if parts.frequency == Frequency::Yearly && parts.months.is_empty() {
        return None;
    }
    let shortest = shortest(parts)?;
    let mut rules = Vec::new();
    for by in offsets.0..=offsets.1 {
        let weekdays = vec![(0, weekday_after(weekday, by))];
        let week = |first: i16| -> Option<Vec<i16>> { (0..7).map(|day| by16(first + day, by)).collect() };
        let make = |month_days: Vec<i16>, months: Vec<i16>| {
            let parts = Parts { weekdays: weekdays.clone(), month_days, months, ..parts.clone() };
            Rule::of(&parts, after(rule.first, by), after(rule.last, by))
        };
        let first = if ordinal > 0 { 7 * (ordinal - 1) + 1 } else { 7 * ordinal };
        let (inside, beyond): (Vec<i16>, Vec<i16>) = match ordinal {
            1.. => week(first)?.into_iter().partition(|day| *day <= shortest),
            _ => week(first)?.into_iter().partition(|day| *day < 0),
        };
        let next_month = (ordinal < 0).then(|| beyond.iter().map(|day| day + 1).collect::<Vec<_>>());
        match (beyond.is_empty(), next_month) {
            (true, _) => rules.push(make(inside, parts.months.clone())?),
            (false, None) => rules.extend(beyond_february(rule, parts, &weekdays, &week(first)?, by)?),
            (false, Some(days)) if parts.interval == 1 && parts.months.len() <= 1 => {
                if !inside.is_empty() {
                    rules.push(make(inside, parts.months.clone())?);
                }
                rules.push(make(days, parts.months.iter().map(|month| month % 12 + 1).collect())?);
            }
            _ => return None,
        }
    }
    Some(rules)
}

/// Days of the week within days of the month, around the end of February: days that may be in March are numbered from
/// the start of the year.
fn beyond_february(rule: &Rule, parts: &Parts, weekdays: &[(i16, u8)], days: &[i16], by: i32) -> Option<Vec<Rule>> {
    if parts.frequency == Frequency::Monthly && parts.interval > 1 {
        return None;
    }
    let months: Vec<i16> = if parts.months.is_empty() { (1..=12).collect() } else { parts.months.clone() };
    let (february, others): (Vec<i16>, Vec<i16>) = months.into_iter().partition(|month| *month == 2);
    if others.iter().any(|month| days.iter().any(|day| *day > length(*month))) {
        return None;
    }
    let yearly = Parts { frequency: Frequency::Yearly, weekdays: weekdays.to_vec(), ..parts.clone() };
    let numbers = Parts { months: Vec::new(), year_days: days.iter().map(|day| 31 + day).collect(), ..yearly.clone() };
    let dates = Parts { month_days: days.to_vec(), months: others.clone(), ..yearly };
    let needed = [(!others.is_empty()).then_some(dates), (!february.is_empty()).then_some(numbers)];
    let make = |parts: Parts| Rule::of(&parts, after(rule.first, by), after(rule.last, by));
    needed.into_iter().flatten().map(make).collect()
}

/// The minimum length of the month with this number.
fn length(month: i16) -> i16 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OfYear {
    /// A day of a month that exists in every year.
    Date(i16, i16),
    /// 29 February.
    LeapDay,
    /// Days after 29 February, in March.
    AfterLeapDay(i16),
    /// The day with this number: 60 is 29 February or 1 March.
    Number(i16),
}

impl OfYear {
    /// The day `by` days after a day of a month, and whether it is in the next year; `None` if it does not exist in
    /// every year.
    fn behind(month: i16, day: i16, by: i32) -> Option<Self> {
        if (month, day) == (2, 29) {
            return match by16(0, by)? {
                0 => Some(Self::LeapDay),
                by @ 1..=31 => Some(Self::AfterLeapDay(by)),
                _ => None,
            };
        }
        let (mut month, mut day) = (month, i32::from(day) + by);
        while day > i32::from(length(month)) {
            if month == 2 {
                return by16(31, day).filter(|number| *number <= 365).map(Self::Number);
            }
            day -= i32::from(length(month));
            month = month % 12 + 1;
        }
        by16(0, day).map(|day| Self::Date(month, day))
    }

    /// The key of the days that share a rule.
    fn group(self) -> (u8, i16) {
        match self {
            Self::Date(month, _) => (0, month),
            Self::LeapDay => (1, 0),
            Self::AfterLeapDay(day) => (2, day),
            Self::Number(_) => (3, 0),
        }
    }

    /// Adds the day to the rule of its group.
    fn add_to(self, parts: &mut Parts) {
        match self {
            Self::Date(month, day) => {
                parts.months = vec![month];
                parts.month_days.push(day);
            }
            Self::LeapDay => (parts.months, parts.month_days) = (vec![2], vec![29]),
            Self::AfterLeapDay(day) => {
                (parts.months, parts.month_days, parts.year_days) = (vec![3], vec![day], vec![60 + day]);
            }
            Self::Number(number) => parts.year_days.push(number),
        }
    }
}

/// A rule of days of the year. Days in the same month and the same years share a rule.
fn dates(rule: &Rule, parts: &Parts, offsets: Offsets, budget: &mut Budget) -> Result<Option<Vec<Rule>>, Exhausted> {
    if parts.month_days.iter().all(|day| *day < 0) {
        return Ok(month_days_from_end(rule, parts, offsets));
    }
    if parts.month_days.iter().any(|day| *day < 0) {
        return Ok(None);
    }
    let months = if parts.months.is_empty() { (1..=12).collect() } else { parts.months.clone() };
    let mut groups: BTreeMap<_, (civil::Date, civil::Date, Vec<OfYear>)> = BTreeMap::new();
    for (month, day) in months.iter().flat_map(|month| parts.month_days.iter().map(|day| (*month, *day))) {
        let one = Parts { months: vec![month], month_days: vec![day], ..parts.clone() };
        let Some(one) = Rule::of(&one, rule.first, rule.last) else { return Ok(None) };
        let Some(first) = yearly(&one, 1, budget)? else { continue };
        let last = if rule.last > LAST { rule.last } else { yearly(&one, -1, budget)?.unwrap_or(first) };
        for by in offsets.0..=offsets.1 {
            let Some(day) = OfYear::behind(month, day, by) else { return Ok(None) };
            let (first, last) = (after(first, by), after(last, by));
            let group = groups.entry((day.group(), first.year(), last.year()));
            let (from, to, days) = group.or_insert_with(|| (first, last, Vec::new()));
            (*from, *to) = (first.min(*from), last.max(*to));
            days.push(day);
        }
    }
    let rules = groups.into_values().map(|(first, last, mut days)| {
        days.sort_unstable();
        days.dedup();
        let mut parts = Parts { months: Vec::new(), month_days: Vec::new(), ..parts.clone() };
        days.into_iter().for_each(|day| day.add_to(&mut parts));
        Rule::of(&parts, first, last)
    });
    Ok(rules.collect())
}

/// The first or last day of a rule that occurs once a year.
fn yearly(rule: &Rule, step: i16, budget: &mut Budget) -> Result<Option<civil::Date>, Exhausted> {
    let (Some(month), Some(day)) = (rule.parts.months.first(), rule.parts.month_days.first()) else { return Ok(None) };
    let (first, last) = (rule.first.year(), rule.last.min(LAST).year());
    let mut year = if step > 0 { first } else { last };
    while (first..=last).contains(&year) {
        budget.spend(1)?;
        let (month, day) = (i8::try_from(*month).unwrap_or(0), i8::try_from(*day).unwrap_or(0));
        if let Some(day) = civil::Date::new(year, month, day).ok().filter(|day| rule.makes(*day)) {
            return Ok(Some(day));
        }
        year += step;
    }
    Ok(None)
}
