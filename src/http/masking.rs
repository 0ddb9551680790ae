//! What of a path may be logged: neither phone numbers nor secrets in full, however they are written.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use regex::Regex;

/// A number has so many digits and more.
const FEWEST_DIGITS: usize = 7;
/// So many digits of a number stay at its start, and at its end.
const SHOWN: (usize, usize) = (3, 2);
/// So many marks may stand between two digits of a number.
const MOST_MARKS: usize = 3;

/// A token, should somebody put one into a path.
static SECRET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(ca_[0-9a-f]{32}_)[A-Za-z0-9_-]+").expect("the pattern is right"));

/// The path as it may be logged.
pub fn masked(path: &str) -> String {
    let path = SECRET.replace_all(path, "${1}…");
    let characters = characters(&path);
    let mut masked = String::with_capacity(path.len());
    let mut at = 0;
    while at < characters.len() {
        match number(&characters, at) {
            Some(digits) => {
                let (first, last) = (digits[SHOWN.0 - 1], digits[digits.len() - SHOWN.1]);
                characters[at..=first].iter().for_each(|(_, raw)| masked.push_str(raw));
                masked.push('…');
                let end = digits[digits.len() - 1];
                characters[last..=end].iter().filter(|(c, _)| c.is_numeric()).for_each(|(_, raw)| masked.push_str(raw));
                at = end + 1;
            }
            None => {
                masked.push_str(characters[at].1);
                at += 1;
            }
        }
    }
    masked
}

/// The characters that a path stands for, each with how it is written in it.
fn characters(path: &str) -> Vec<(char, &str)> {
    let mut characters = Vec::with_capacity(path.len());
    let mut rest = path;
    while !rest.is_empty() {
        let (character, length) = first(rest);
        let (raw, after) = rest.split_at(length);
        characters.push((character, raw));
        rest = after;
    }
    characters
}

/// The first character, and the length of what it is written with.
fn first(text: &str) -> (char, usize) {
    let own = text.chars().next().unwrap_or_default();
    let octets = text.as_bytes();
    // A character has up to four octets, each written with three.
    let encoded = (1..=4).filter(|count| octets.get((count - 1) * 3) == Some(&b'%')).find_map(|count| {
        let written = text.get(..count * 3)?;
        let decoded = percent_decode_str(written).decode_utf8().ok()?;
        let mut decoded = decoded.chars();
        let only = decoded.next().filter(|_| decoded.next().is_none())?;
        Some((only, written.len()))
    });
    encoded.unwrap_or((own, own.len_utf8()))
}

/// Where the digits of the number are that starts at `start`, if one does.
fn number(characters: &[(char, &str)], start: usize) -> Option<Vec<usize>> {
    let is = |at: usize, kind: fn(char) -> bool| characters.get(at).is_some_and(|(character, _)| kind(*character));
    if !is(start, char::is_numeric) || (start > 0 && is(start - 1, char::is_alphanumeric)) {
        return None;
    }
    let mut digits = vec![start];
    let mut at = start + 1;
    let mut marks = 0;
    while marks <= MOST_MARKS && at < characters.len() && characters[at].1 != "/" && !is(at, char::is_alphabetic) {
        if is(at, char::is_numeric) {
            digits.push(at);
            marks = 0;
        } else {
            marks += 1;
        }
        at += 1;
    }
    // Digits that a letter follows belong to a word.
    let mut after = at;
    while digits.last().is_some_and(|last| last + 1 == after && is(at, char::is_alphabetic)) {
        digits.pop();
        after -= 1;
    }
    Some(digits).filter(|digits| digits.len() >= FEWEST_DIGITS)
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_number_is_logged_in_full(number in "[0-9]([ .()-]{0,2}[0-9]){6,14}", around in "[a-z/]{0,8}") {
            let path = format!("/{around}/{}", utf8_percent_encode(&number, NON_ALPHANUMERIC));
            for spelt in [format!("/{around}/{number}/x"), path] {
                let logged = percent_decode_str(&masked(&spelt)).decode_utf8_lossy().into_owned();
                let digits = logged.chars().filter(char::is_ascii_digit).count();
                prop_assert_eq!(digits, SHOWN.0 + SHOWN.1, "{} is logged as {}", spelt, logged);
            }
        }

        #[test]
        fn any_path_can_be_masked(path in "(%[0-9A-Fa-f]{0,2}|[0-9]|\\PC){0,60}") {
            masked(&path);
        }
    }

    #[test]
    fn numbers_and_secrets_are_not_logged_in_full() {
        for (path, logged) in [
            ("/users/%2B3225550100/services/", "/users/%2B322…00/services/"),
            ("/users/+3225550100/services/", "/users/+322…00/services/"),
            ("/users/3225550100%40example.com/", "/users/322…00%40example.com/"),
            ("/users/%2B32%202%20555%2001%2000/", "/users/%2B32%202…00/"),
            ("/users/+32-2-555-01-00/", "/users/+32-2…00/"),
            ("/users/02%2F555.01.00/", "/users/02%2F5…00/"),
            ("/users/(02)%20555.01.00/", "/users/(02)%205…00/"),
            ("/users/%33%32%32%35%35%35%30%31%30%30/", "/users/%33%32%32…%30%30/"),
            ("/users/%D9%A3%D9%A2%D9%A2%D9%A5%D9%A5%D9%A5%D9%A0/", "/users/%D9%A3%D9%A2%D9%A2…%D9%A5%D9%A0/"),
            ("/?calledNumber=%2B3225550100&x=1", "/?calledNumber=%2B322…00&x=1"),
            ("/users/1-2-3-4-5-6-7-8-9x/", "/users/1-2-3…78-9x/"),
            ("/users/12345678x/", "/users/12345678x/"),
            ("/users/jane/", "/users/jane/"),
            ("/users/100/200/300/400/", "/users/100/200/300/400/"),
            ("/users/%", "/users/%"),
            ("/users/%F", "/users/%F"),
            ("/tokens/0193a0c03a527c408a3e7f2b9f6d1c55/", "/tokens/0193a0c03a527c408a3e7f2b9f6d1c55/"),
            ("/ca_0193a0c03a527c408a3e7f2b9f6d1c55_a-Z_9", "/ca_0193a0c03a527c408a3e7f2b9f6d1c55_…"),
        ] {
            assert_eq!(masked(path), logged);
        }
    }
}
