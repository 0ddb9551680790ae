//! Recurrence rules of events, with first and last day, and the days that they generate.

use std::sync::Arc;

use jiff::{ToSpan as _, civil, tz};

use crate::value::{
    recurrence::{Day, Frequency, Parts, Recurrence, RecurrenceRule, Times},
    text::NotValid,
};

/// The first day that schedules support.
pub(super) const FIRST: civil::Date = civil::date(1970, 1, 1);
pub(super) const LAST: civil::Date = civil::date(2199, 12, 31);

/// The days of the week as written in rules, from Monday.
pub(super) const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The number of days that may still be evaluated for a calendar. Bounds the time for reading a file.
pub(super) struct Budget(u32);

/// Cost of evaluating a day with `BYSETPOS`, in days.
const COST_OF_POSITIONS: usize = 10;
/// Cost of evaluating a whole year at once, in days.
const DAYS_FOR_A_YEAR: usize = 100;

/// The error when the budget of a calendar is exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    /// About 50 ms.
    pub(super) const FULL: Self = Self(3_000_000);

    /// Spends `days`; once the budget is exceeded, it stays exhausted.
    pub(super) fn spend(&mut self, days: usize) -> Result<(), Exhausted> {
        let left = u32::try_from(days).ok().and_then(|days| self.0.checked_sub(days));
        self.0 = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Exhausted)
    }
}

/// A rule with its first and last day.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The rule as written, without `COUNT` and `UNTIL`.
    text: RecurrenceRule,
    /// The parsed rule.
    pub(super) parts: Parts,
    /// The day from which intervals count. The rule generates no earlier day, and this one only if it matches.
    pub(super) first: civil::Date,
    /// The last day on which the rule may occur.
    pub(super) last: civil::Date,
    recurrence: Arc<Recurrence>,
}

impl Rule {
    /// Parses a rule without `COUNT` and `UNTIL`.
    pub(super) fn parse(text: &str, first: civil::Date, last: Option<civil::Date>) -> Result<Self, NotValid> {
        let text = RecurrenceRule::parse(text)?;
        let recurrence = Recurrence::compile(&text, first, Times::WHOLE_DAY, &[], &tz::TimeZone::UTC);
        Ok(Self { parts: text.parts(), text, first, last: last.unwrap_or(FOREVER), recurrence: Arc::new(recurrence) })
    }

    /// The rule with these parts.
    pub(super) fn of(parts: &Parts, first: civil::Date, last: civil::Date) -> Option<Self> {
        Self::parse(&written(parts), first, Some(last)).ok()
    }

    /// The same rule from one of its later days.
    pub(super) fn from(&self, first: civil::Date) -> Option<Self> {
        Self::parse(self.text.as_str(), first, Some(self.last)).ok()
    }

    /// Whether the rule generates `day`.
    pub(super) fn makes(&self, day: civil::Date) -> bool {
        day <= self.last && self.recurrence.occurs_on(&Day::of(day))
    }

    /// The first day of the rule from `from`.
    pub(super) fn next(&self, from: civil::Date, budget: &mut Budget) -> Result<Option<civil::Date>, Exhausted> {
        self.find(from.max(self.first), 1, budget)
    }

    /// The last day of the rule up to `to`.
    pub(super) fn previous(&self, to: civil::Date, budget: &mut Budget) -> Result<Option<civil::Date>, Exhausted> {
        self.find(to.min(self.last).min(LAST), -1, budget)
    }

    fn find(&self, from: civil::Date, step: i32, budget: &mut Budget) -> Result<Option<civil::Date>, Exhausted> {
        let cost = if self.parts.positions.is_empty() { 1 } else { COST_OF_POSITIONS };
        let mut day = from;
        while (self.first..=self.last.min(LAST)).contains(&day) {
            budget.spend(cost)?;
            if self.makes(day) {
                return Ok(Some(day));
            }
            day = day.saturating_add(step.days());
        }
        Ok(None)
    }

    /// The `count`-th day of the rule, or the last day that schedules support.
    pub(super) fn nth(&self, count: u32, budget: &mut Budget) -> Result<civil::Date, Exhausted> {
        budget.spend(DAYS_FOR_A_YEAR)?;
        let before = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
        let day = self.recurrence.days(LAST.year()).nth(before).unwrap_or(LAST);
        let years = usize::try_from(day.year() - self.first.year()).unwrap_or_default();
        budget.spend(years.saturating_mul(DAYS_FOR_A_YEAR))?;
        Ok(day)
    }

    /// The same rule up to `last`.
    pub(super) fn until(&self, last: civil::Date) -> Self {
        Self { last, ..self.clone() }
    }

    /// The rule in the form of a period.
    pub(super) fn to_period(&self) -> Result<RecurrenceRule, NotValid> {
        match self.last {
            FOREVER => Ok(self.text.clone()),
            last => RecurrenceRule::parse(&format!("{};UNTIL={}", self.text, basic(last))),
        }
    }
}

/// The last day of a rule without end.
pub(super) const FOREVER: civil::Date = civil::Date::MAX;

/// A `DATE` (RFC 5545, section 3.3.4).
pub(super) fn basic(day: civil::Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// The text of a rule, without `COUNT` and `UNTIL`.
fn written(parts: &Parts) -> String {
    let frequency = match parts.frequency {
        Frequency::Daily => "DAILY",
        Frequency::Weekly => "WEEKLY",
        Frequency::Monthly => "MONTHLY",
        Frequency::Yearly => "YEARLY",
    };
    let mut text = format!("FREQ={frequency}");
    let mut add = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            text.push_str(&format!(";{name}={}", values.join(",")));
        }
    };
    let numbers = |numbers: &[i16]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let weekday = |(ordinal, day): &(i16, u8)| {
        let ordinal = if *ordinal == 0 { String::new() } else { ordinal.to_string() };
        format!("{ordinal}{}", WEEKDAYS[usize::from(*day) % 7])
    };
    add("INTERVAL", Some(parts.interval).filter(|interval| *interval > 1).iter().map(ToString::to_string).collect());
    add("BYMONTH", numbers(&parts.months));
    add("BYWEEKNO", numbers(&parts.weeks));
    add("BYYEARDAY", numbers(&parts.year_days));
    add("BYMONTHDAY", numbers(&parts.month_days));
    add("BYDAY", parts.weekdays.iter().map(weekday).collect());
    add("BYSETPOS", numbers(&parts.positions));
    add("BYEASTER", parts.easter.iter().map(ToString::to_string).collect());
    if parts.week_start != 0 {
        add("WKST", vec![WEEKDAYS[usize::from(parts.week_start) % 7].to_owned()]);
    }
    text
}
