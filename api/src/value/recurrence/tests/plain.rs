//! A plain evaluator of RFC 5545, section 3.3.10: lists the days of each period, filters them by each part, and counts
//! the rest. Slow, and independent of the compiled form.

use std::collections::BTreeSet;

use jiff::{ToSpan, civil};

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

struct Rule<'a>(&'a str);

impl Rule<'_> {
    fn part(&self, name: &str) -> Option<&str> {
        self.0
            .split(';')
            .find_map(|part| part.split_once('=').filter(|(known, _)| *known == name))
            .map(|(_, value)| value)
    }

    fn list(&self, name: &str) -> Option<Vec<i64>> {
        self.part(name).map(|value| value.split(',').map(|item| item.parse().expect("a number")).collect())
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.part(name).map(|value| value.parse().expect("a number"))
    }

    fn week_start(&self) -> i64 {
        place(self.part("WKST").unwrap_or("MO"))
    }
}

fn place(weekday: &str) -> i64 {
    WEEKDAYS.iter().position(|known| *known == weekday).expect("a day of the week") as i64
}

fn weekday(date: civil::Date) -> i64 {
    date.weekday().to_monday_zero_offset().into()
}

fn series(first: civil::Date, count: i64) -> Vec<civil::Date> {
    first.series(1.day()).take(usize::try_from(count).expect("a length")).collect()
}

/// The first day of the week that `date` is in.
fn week_of(date: civil::Date, start: i64) -> civil::Date {
    date - ((weekday(date) - start).rem_euclid(7)).days()
}

/// The week number of `date`, and the number of weeks in the week's year.
fn week(date: civil::Date, start: i64) -> (i64, i64) {
    let first = |year: i16| week_of(civil::date(year, 1, 4), start);
    let year = (date.year() - 1..=date.year() + 1).rev().find(|year| first(*year) <= date).expect("a year");
    let weeks = |from: civil::Date, to: civil::Date| i64::from((to - from).get_days()) / 7;
    (weeks(first(year), date) + 1, weeks(first(year), first(year + 1)))
}

/// Whether a list that counts from both ends contains the `n`-th of `count`.
fn names(list: &[i64], n: i64, count: i64) -> bool {
    list.contains(&n) || list.contains(&(n - count - 1))
}

fn month_of(date: civil::Date) -> Vec<civil::Date> {
    series(date.first_of_month(), date.days_in_month().into())
}

fn year_of(date: civil::Date) -> Vec<civil::Date> {
    series(date.first_of_year(), date.days_in_year().into())
}

fn by_day(rule: &Rule<'_>, value: &str, date: civil::Date) -> bool {
    let in_month = rule.part("FREQ") == Some("MONTHLY") || rule.part("BYMONTH").is_some();
    value.split(',').any(|item| {
        let (ordinal, day) = item.split_at(item.len() - 2);
        let Ok(ordinal) = ordinal.parse::<i64>() else { return weekday(date) == place(day) };
        let around = if in_month { month_of(date) } else { year_of(date) };
        let days: Vec<_> = around.into_iter().filter(|date| weekday(*date) == place(day)).collect();
        let at = days.iter().position(|day| *day == date);
        at.is_some_and(|at| names(&[ordinal], at as i64 + 1, days.len() as i64))
    })
}

/// Easter Sunday by the tables of the Book of Common Prayer, in Butcher's form.
fn easter(year: i64) -> civil::Date {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, g) = (b / 4, b % 4, (8 * b + 13) / 25);
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    civil::date(year as i16, month as i8, day as i8)
}

fn wanted(rule: &Rule<'_>, first: civil::Date, date: civil::Date) -> bool {
    let length = i64::from(date.days_in_month());
    let has = |name: &str, n: i64, count: i64| rule.list(name).is_none_or(|list| names(&list, n, count));
    let (number, weeks) = week(date, rule.week_start());
    let says = |names: &[&str]| names.iter().any(|name| rule.part(name).is_some());
    let open = !says(&["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYEASTER"]);
    let from_first = match rule.part("FREQ").expect("a frequency") {
        "WEEKLY" => weekday(date) == weekday(first),
        "YEARLY" if says(&["BYWEEKNO"]) => weekday(date) == weekday(first),
        "YEARLY" if says(&["BYMONTH"]) => date.day() == first.day(),
        "YEARLY" => (date.month(), date.day()) == (first.month(), first.day()),
        "MONTHLY" => date.day() == first.day(),
        _ => true,
    };
    has("BYMONTH", date.month().into(), 1000)
        && has("BYMONTHDAY", date.day().into(), length)
        && has("BYYEARDAY", date.day_of_year().into(), date.days_in_year().into())
        && has("BYWEEKNO", number, weeks)
        && rule.part("BYDAY").is_none_or(|value| by_day(rule, value, date))
        && rule.number("BYEASTER").is_none_or(|days| {
            let feast = easter(date.year().into()) + days.days();
            feast == date
        })
        && (!open || from_first)
}

fn period(rule: &Rule<'_>, first: civil::Date, number: i64) -> Vec<civil::Date> {
    match rule.part("FREQ").expect("a frequency") {
        "DAILY" => vec![first + number.days()],
        "WEEKLY" => series(week_of(first, rule.week_start()) + number.weeks(), 7),
        "MONTHLY" => month_of(first.first_of_month() + number.months()),
        _ => year_of(first.first_of_year() + number.years()),
    }
}

/// The days up to `horizon` that `rule` generates from `first`. The rule is in upper case and without `UNTIL`.
pub(super) fn made(rule: &str, first: civil::Date, horizon: civil::Date) -> BTreeSet<civil::Date> {
    let rule = Rule(rule);
    let interval = rule.number("INTERVAL").unwrap_or(1);
    let mut made = BTreeSet::new();
    for number in (0..).step_by(usize::try_from(interval).expect("an interval")) {
        let days = period(&rule, first, number);
        if days[0] > horizon {
            break;
        }
        let days: Vec<_> = days.into_iter().filter(|date| wanted(&rule, first, *date)).collect();
        let count = days.len() as i64;
        let counts = |at: usize| rule.list("BYSETPOS").is_none_or(|list| names(&list, at as i64 + 1, count));
        made.extend(days.iter().enumerate().filter(|(at, date)| counts(*at) && **date >= first).map(|(_, date)| *date));
    }
    let count = rule.number("COUNT").map_or(usize::MAX, |count| usize::try_from(count).expect("a count"));
    made.into_iter().take(count).filter(|date| *date <= horizon).collect()
}
