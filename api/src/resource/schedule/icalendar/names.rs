//! Makes names of periods from the names of events.

use std::collections::HashMap;

use crate::value::{name::PeriodName, time::Date};

/// Maximum length of a period's name, in characters.
const MAX_NAME: usize = 40;

/// The names used in the schedule, each with the number of names made from it.
#[derive(Default)]
pub(super) struct Names(HashMap<String, usize>);

impl Names {
    /// Makes an unused name from `summary`: published files have long names, and repeat them every year.
    pub(super) fn take(&mut self, summary: &str, first: &Date) -> Option<PeriodName> {
        let clean = clean(summary, first);
        let dated = |end: String| shortened(&clean, MAX_NAME - end.len()) + &end;
        let free =
            |names: &Self, name: &str| PeriodName::parse(name).ok().filter(|name| !names.0.contains_key(name.as_str()));
        let plain = shortened(&clean, MAX_NAME);
        let with_date = dated(format!(" {first}"));
        let name = free(self, &plain).or_else(|| free(self, &with_date)).or_else(|| {
            // Starts with the number of names made before, so that no number is tried twice.
            let from = self.0.get(&with_date).copied().unwrap_or(1);
            let mut numbered = (from + 1..).map(|nth| (nth, dated(format!(" {first} {nth}")))).take(self.0.len() + 1);
            let (nth, name) = numbered.find_map(|(nth, name)| Some((nth, free(self, &name)?)))?;
            self.0.insert(with_date.clone(), nth);
            Some(name)
        })?;
        self.0.insert(name.as_str().to_owned(), 1);
        Some(name)
    }
}

/// The characters of `summary` that a name may have; the date if there are none.
fn clean(summary: &str, first: &Date) -> String {
    let replaced = summary.chars().map(|character| match character {
        '/' => '-',
        control if control.is_control() => ' ',
        other => other,
    });
    let replaced = trimmed(&replaced.collect::<String>()).to_owned();
    let right = |text: &str| PeriodName::parse(&shortened(text, MAX_NAME)).is_ok();
    if right(&replaced) {
        return replaced;
    }
    let letters = replaced.chars().filter(|character| PeriodName::parse(&format!("x{character}x")).is_ok());
    let letters = trimmed(&letters.take(MAX_NAME).collect::<String>()).to_owned();
    if right(&letters) { letters } else { first.as_str().to_owned() }
}

/// Trims white space, which in names includes the byte order mark.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

fn shortened(text: &str, most: usize) -> String {
    trimmed(&text.chars().take(most).collect::<String>()).to_owned()
}
