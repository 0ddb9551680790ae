//! Warnings about the numbers that a criteria lists.

use std::collections::HashMap;

use call_acceptance_api::{
    resource::warning::{Warning, WarningCode},
    value::phone_number::PhoneNumberPattern,
};

use super::{
    callers::is_wild,
    outlook::{Outlook, warning},
    wording,
};
use crate::rules::screening::pattern::texts;

/// How many numbers are read to find out about patterns that no number matches.
pub(super) const MOST_READS: usize = 10_000;
/// Patterns with more `?` are not looked into.
const MOST_WILD: usize = 3;

/// Adds the warnings about the numbers of the criteria at the place `of`; takes from `reads` what it reads.
pub(super) fn find(outlook: &Outlook<'_>, of: usize, reads: &mut usize, warnings: &mut Vec<Warning>) {
    let rule = &outlook.rules.all[of];
    if !rule.is_specific() {
        return;
    }
    let patterns = &rule.kept.from_dn_criteria.phone_numbers;
    let about =
        |code, detail| Warning { criteria: Some(rule.kept.name.clone()), ..warning(code, rule.service, detail) };
    let mut written: HashMap<String, &PhoneNumberPattern> = HashMap::new();
    let (mut twice, mut own, mut never) = (Vec::new(), None, Vec::new());
    for pattern in patterns {
        let text = texts(pattern.as_str(), &outlook.reader).0.into_owned();
        if outlook.subject.own_number.is_some_and(|number| number.as_str() == text) {
            own = Some(pattern);
        }
        if is_wild(pattern) && is_never_written(outlook, &text, reads) {
            never.push(pattern.as_str());
        }
        if let Some(first) = written.insert(text, pattern) {
            twice.push((first.as_str(), pattern.as_str()));
        }
    }
    if !twice.is_empty() {
        warnings.push(about(WarningCode::DuplicateCaller, wording::twice(&twice)));
    }
    warnings.extend(own.map(|pattern| about(WarningCode::OwnNumberListed, wording::own(pattern.as_str()))));
    if !never.is_empty() {
        warnings.push(about(WarningCode::PatternNeverMatches, wording::never_written(&never)));
    }
}

/// Whether no caller has a number that this text of a pattern with wildcards matches. False where it is not known.
fn is_never_written(outlook: &Outlook<'_>, text: &str, reads: &mut usize) -> bool {
    if let Some(digits) = text.strip_prefix('+') {
        // E.164: 2 to 15 digits, of which the first is not 0.
        let fixed = digits.trim_end_matches('*').len();
        if digits.starts_with('0') || fixed > 15 || (fixed < 2 && fixed == digits.len()) {
            return true;
        }
    }
    // An extension can begin with any digits, and be of any length.
    if text.ends_with('*') || text.matches('?').count() > MOST_WILD {
        return false;
    }
    for form in filled(text) {
        let Some(left) = reads.checked_sub(1) else { return false };
        *reads = left;
        if outlook.reader.can_write(&form) {
            return false;
        }
    }
    true
}

/// The texts with a digit for each `?`.
fn filled(text: &str) -> impl Iterator<Item = String> {
    let wild = u32::try_from(text.matches('?').count()).unwrap_or_default();
    (0..10_u32.pow(wild)).map(move |number| {
        let mut digits = number;
        let digit = |c: char| {
            if c != '?' {
                return c;
            }
            let digit = char::from_digit(digits % 10, 10).unwrap_or('0');
            digits /= 10;
            digit
        };
        text.chars().map(digit).collect()
    })
}
