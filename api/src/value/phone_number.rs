//! Phone numbers, the patterns that criteria match them with, and the regions that national numbers belong to.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use rlibphonenumber::PHONE_NUMBER_UTIL;

use crate::value::text::text;

text! {
    /// A phone number in its international form (ITU-T E.164).
    PhoneNumber {
        meaning: "a phone number in E.164 form",
        rule: "`+`, then 2 to 15 digits of which the first is not 0",
        length: 3..=16,
        pattern: r"^\+[1-9][0-9]{1,14}$",
        example: "+3225550100",
    }
}

text! {
    /// The short number of a user inside its group.
    Extension {
        meaning: "an extension",
        rule: "1 to 20 digits",
        length: 1..=20,
        pattern: r"^[0-9]{1,20}$",
        example: "100",
    }
}

text! {
    /// What a calling number is compared with: a number, whole or with wildcards.
    PhoneNumberPattern {
        meaning: "a phone number pattern",
        rule: "1 to 23 characters: an optional leading `+`, digits, `?` for exactly one digit, and `*` for any run of \
            digits as last character only",
        length: 1..=23,
        pattern: r"^\+?([0-9?]+\*?|\*)$",
        example: "+3225126777",
    }
}

/// No control character.
const LINE: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";

text! {
    /// The number of a caller, as the network brings it.
    CallingNumber {
        meaning: "a calling number",
        rule: "at most 512 characters, no control character: E.164 with `+`, `00` or the international prefix of the \
            tenant's region, the national number with its trunk prefix, bare digits, or a `tel:` or `sip:` URI with \
            one of these; `anonymous`, `restricted`, `private`, `withheld` and the host `anonymous.invalid` say that \
            the number is withheld; anything else is no number",
        length: 0..=512,
        pattern: LINE,
        example: "+3225126777",
    }
}

text! {
    /// The number that a call is for, as the network brings it.
    CalledNumber {
        meaning: "a called number",
        rule: "1 to 512 characters, no control character: E.164 with `+`, without it, with `00` or with the \
            international prefix of `region`, a national number of `region`, or a `tel:` or `sip:` URI with one of \
            these; anything else is the number of no user",
        length: 1..=512,
        pattern: LINE,
        example: "+3225550100",
    }
}

macro_rules! with_plus {
    ($name:ident) => {
        impl $name {
            /// The number with the `+` that a query made a space of (WHATWG URL, section 5.1), where one can stand.
            pub(crate) fn with_plus(self) -> Self {
                Self(with_plus(self.0))
            }
        }
    };
}

with_plus!(CallingNumber);
with_plus!(CalledNumber);

/// `text` with a `+` for the space before digits where a number begins: at the start, in `<…>`, behind the scheme of a
/// URI and as its `phone-context`.
fn with_plus(text: String) -> String {
    static SPACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(^|<|\b(?:tel|sips?):|;\s*phone-context=) ([0-9(])").expect("it is a regular expression")
    });
    if !text.contains(' ') {
        return text;
    }
    match SPACE.replace_all(&text, "$1+$2") {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text,
    }
}

text! {
    /// The region whose national numbers a tenant's users dial (ISO 3166-1 alpha-2).
    Region {
        meaning: "a region",
        rule: "an ISO 3166-1 alpha-2 code in capital letters that has a telephone numbering plan, like `BE`",
        length: 2..=2,
        pattern: r"^[A-Z]{2}$",
        format: "iso-3166-1-alpha-2", holds: has_numbering_plan,
        example: "BE",
    }
}

fn has_numbering_plan(region: &str) -> bool {
    rlibphonenumber::Region::from_code(region)
        .is_ok_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_a_query_made_a_space_of_is_read_as_it_was_meant() {
        for (sent, meant) in [
            (" 3225550100", "+3225550100"),
            ("tel: 32-2-555-01-00", "tel:+32-2-555-01-00"),
            ("SIP: 3225550100@example.com", "SIP:+3225550100@example.com"),
            ("<sips: 3225550100@example.com>", "<sips:+3225550100@example.com>"),
            ("\"A B\" <tel: 32(0)25550100>", "\"A B\" <tel:+32(0)25550100>"),
            ("tel:5550100;phone-context= 322", "tel:5550100;phone-context=+322"),
            ("32 2 555 01 00", "32 2 555 01 00"),
            ("hotel: 100", "hotel: 100"),
            ("Bob <sip:bob@example.com>", "Bob <sip:bob@example.com>"),
        ] {
            assert_eq!(with_plus(sent.to_owned()), meant);
        }
    }
}
