//! What a period costs those who wait for a decision, and how much the periods of a schedule may cost.
//!
//! A user can refer to hundreds of schedules, and a decision asks each of them, so that one may take 2 µs and one rule
//! with `COUNT` may be followed for so many years only. The unit is what a look at a simple period takes, about 2 ns.
//! The benchmark of screening has the dearest schedules that can be stored.

use jiff::civil;

use super::{parse::Frequency, rule::Recurrence, written::RecurrenceRule};

/// What the periods of a schedule may cost in all.
pub const BUDGET: u32 = 1000;

/// What a period without a rule costs, and one whose rule asks for days of the week, of the month and months only.
pub const SIMPLE: u32 = 1;

/// What a rule costs that asks for more: an interval, ordinals, weeks, days of the year, or exceptions.
const INVOLVED: u32 = 5;
/// What it costs beside to find Easter Sunday.
const EASTER: u32 = 5;
/// How many days a rule may leave out for the cost of a simple period.
const EXCEPTIONS: u32 = 5;
/// What `BYSETPOS` costs beside for each month whose days must be looked at.
const POSITION: u32 = 5;
/// The same where the rule has ordinals, weeks, days of the year or Easter.
const INVOLVED_POSITION: u32 = 30;
/// How many years `COUNT` may be followed for the cost of a simple period.
const YEARS: u32 = 4;

/// What the period with `rule` from the day `first` on costs, for whole days or parts of them, with as many days that
/// do not count; more than `most` where it is more, but perhaps not all of it.
pub fn of(rule: &RecurrenceRule, first: civil::Date, whole_day: bool, exceptions: usize, most: u32) -> u32 {
    let parts = rule.parts();
    let recurrence = Recurrence::without_end(&parts, first);
    let exceptions = u32::try_from(exceptions).unwrap_or(u32::MAX).div_ceil(EXCEPTIONS);
    let look = match recurrence.anniversary() {
        Some(_) if whole_day => SIMPLE,
        _ if recurrence.plain().is_some() && exceptions == 0 => SIMPLE,
        _ => INVOLVED + exceptions + if parts.easter.is_some() { EASTER } else { 0 } + position(&recurrence),
    };
    let count = parts.count.map_or(0, |count| {
        let years = most.saturating_add(1).saturating_mul(YEARS);
        let (_, looks) = recurrence.last_of(count, i32::try_from(years).unwrap_or(i32::MAX));
        looks.unsigned_abs().div_ceil(YEARS)
    });
    look + count
}

fn position(recurrence: &Recurrence) -> u32 {
    let conditions = &recurrence.conditions;
    let month = if conditions.ordinals.is_none() && conditions.rare.is_none() { POSITION } else { INVOLVED_POSITION };
    match recurrence.every {
        _ if recurrence.positions.is_none() => 0,
        Frequency::Daily | Frequency::Weekly | Frequency::Monthly => month,
        Frequency::Yearly => month * conditions.months.count_ones(),
    }
}

/// What is said of a period of this `cost` where those before it have `spent` the rest of the budget.
pub fn refusal(spent: u32, cost: u32) -> String {
    format!(
        "The rule costs {cost} or more, and the periods before it {spent} of the {BUDGET} that a schedule may cost. \
         A period costs {SIMPLE}; a rule costs {INVOLVED} if it asks for more than months, days of the month and days \
         of \
         the week and is not of one day in the year, {EASTER} more if it asks for Easter too, and 1 more for each \
         {EXCEPTIONS} days in `exceptDates`; BYSETPOS costs {POSITION} more, or {INVOLVED_POSITION} with ordinals, \
         weeks, days of the year or Easter, with FREQ=YEARLY for each month; COUNT costs 1 more for each {YEARS} \
         years up \
         to its last day, but not if the rule is of one day in the year. Use UNTIL in place of COUNT, dates, simpler \
         rules, or more schedules."
    )
}
