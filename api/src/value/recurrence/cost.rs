//! The cost of evaluating a period, and the budget of a schedule.
//!
//! A user's criteria can refer to hundreds of schedules, all of which a decision may evaluate. A schedule may therefore
//! cost at most 2 µs, and `COUNT` may be followed for a limited number of years. The unit is the evaluation of a simple
//! period, about 2 ns. The benchmark of screening contains the most expensive schedules that can be stored.

use jiff::civil;

use super::{parse::Frequency, rule::Recurrence, written::RecurrenceRule};

/// The maximum cost of all periods of a schedule.
pub const BUDGET: u32 = 1000;

/// The cost of a period without a rule, or with a rule of only days of the week, days of the month and months.
pub const SIMPLE: u32 = 1;

/// The cost of a rule with an interval, ordinals, weeks, days of the year, or exceptions.
const INVOLVED: u32 = 5;
/// Additional cost of computing Easter Sunday.
const EASTER: u32 = 5;
/// Number of exception dates that add the cost of a simple period.
const EXCEPTIONS: u32 = 5;
/// Additional cost of `BYSETPOS` for each month whose days are evaluated.
const POSITION: u32 = 5;
/// The same if the rule has ordinals, weeks, days of the year or Easter.
const INVOLVED_POSITION: u32 = 30;
/// Number of years followed for `COUNT` that add the cost of a simple period.
const YEARS: u32 = 4;

/// The cost of a period with `rule` from the day `first`, for whole days or parts of days, with a number of exception
/// dates. The computation stops once the cost exceeds `most`.
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

/// The error for a period of this `cost` when the periods before it cost `spent`.
pub fn refusal(spent: u32, cost: u32) -> String {
    format!(
        "The rule costs {cost} or more, and the periods before it cost {spent}; a schedule may cost {BUDGET}. A \
         period costs {SIMPLE}. A rule costs {INVOLVED} if it has more than months, days of the month and days of \
         the week, unless it occurs on one day of the year; {EASTER} more with Easter, and 1 more for each \
         {EXCEPTIONS} days in `exceptDates`. BYSETPOS costs {POSITION} more, or {INVOLVED_POSITION} with ordinals, \
         weeks, days of the year or Easter; with FREQ=YEARLY for each month. COUNT costs 1 more for each {YEARS} \
         years up to its last day, unless the rule occurs on one day of the year. Use UNTIL in place of COUNT, \
         dates, simpler rules, or several schedules."
    )
}
