//! The text of a rule.

use super::parse::Parts;
use crate::value::text::text;

text! {
    /// A recurrence rule (RFC 5545, section 3.3.10), daily or slower; normalized to upper case.
    RecurrenceRule {
        meaning: "a recurrence rule",
        rule: "an RRULE of RFC 5545 without its `RRULE:` label, in upper or lower case, FREQ one of DAILY, WEEKLY, \
            MONTHLY and YEARLY, no BYHOUR, BYMINUTE or BYSECOND; BYEASTER counts days from Easter Sunday",
        length: 10..=2000,
        pattern: r"^[A-Za-z]+=[A-Za-z0-9,+-]+(;[A-Za-z]+=[A-Za-z0-9,+-]+)*$",
        format: "rrule", holds: |text| Parts::parse(text).is_ok(),
        reason: |text: &str| Parts::parse(text).err().or_else(|| too_long(text)),
        canonical: |text: &str| text.to_ascii_uppercase(),
        example: "FREQ=YEARLY;BYEASTER=0",
    }
}

fn too_long(text: &str) -> Option<String> {
    let (_, most) = RecurrenceRule::RULE.length;
    let count = text.chars().count();
    (count > most).then(|| format!("it has {count} characters; at most {most} are allowed"))
}

impl RecurrenceRule {
    /// The parsed rule.
    pub fn parts(&self) -> Parts {
        Parts::parse(self.as_str()).expect("a recurrence rule has been parsed before")
    }

    /// `UNTIL` as written, if the rule has it: a day `YYYYMMDD`, a local time `YYYYMMDDTHHMMSS`, or a UTC time with `Z`
    /// at the end.
    pub fn until(&self) -> Option<&str> {
        self.as_str().split(';').find_map(|part| part.strip_prefix("UNTIL="))
    }
}
