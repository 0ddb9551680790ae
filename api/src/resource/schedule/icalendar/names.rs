//! Names of periods, made of what published files call their events.

use std::collections::HashSet;

use super::MAX_EVENTS;
use crate::value::{name::PeriodName, time::Date};

/// The greatest length of a period's name, in characters.
const MAX_NAME: usize = 40;

/// The names that are taken in the schedule.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// `summary` made into a name that is not taken: published files have long ones, and the same ones every year.
    pub(super) fn take(&mut self, summary: &str, start: &Date) -> Option<PeriodName> {
        let clean = clean(summary);
        let clean = if clean.is_empty() { start.as_str() } else { &clean };
        let dated = |end: String| format!("{}{end}", shortened(clean, MAX_NAME - end.len()));
        let free = |name: &String| !self.0.contains(name);
        let name = Some(shortened(clean, MAX_NAME))
            .filter(free)
            .or_else(|| Some(dated(format!(" {start}"))).filter(free))
            .or_else(|| (2..=MAX_EVENTS + 1).map(|nth| dated(format!(" {start} {nth}"))).find(free))?;
        self.0.insert(name.clone());
        PeriodName::parse(&name).ok()
    }
}

fn clean(summary: &str) -> String {
    let replaced = summary.chars().map(|character| match character {
        '/' => '-',
        control if control.is_control() => ' ',
        other => other,
    });
    trimmed(&replaced.collect::<String>()).to_owned()
}

/// The byte order mark counts as white space in names.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

fn shortened(text: &str, most: usize) -> String {
    trimmed(&text.chars().take(most).collect::<String>()).to_owned()
}
