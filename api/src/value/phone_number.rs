//! Phone numbers, patterns of phone numbers, and the regions of national numbers.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use rlibphonenumber::PHONE_NUMBER_UTIL;

use crate::value::text::text;

text! {
    /// A phone number in international form (ITU-T E.164).
    PhoneNumber {
        meaning: "a phone number in E.164 form",
        rule: "`+`, then 2 to 15 digits of which the first is not 0",
        length: 3..=16,
        pattern: r"^\+[1-9][0-9]{1,14}$",
        example: "+3225550100",
    }
}

text! {
    /// The short number of a user within the group.
    Extension {
        meaning: "an extension",
        rule: "1 to 20 digits",
        length: 1..=20,
        pattern: r"^[0-9]{1,20}$",
        example: "100",
    }
}

text! {
    /// A phone number with optional wildcards, which calling numbers are compared with.
    PhoneNumberPattern {
        meaning: "a phone number pattern",
        rule: "1 to 23 characters: an optional leading `+`, digits, `?` for exactly one digit, and `*` for any run of \
            digits as last character only",
        length: 1..=23,
        pattern: r"^\+?([0-9?]+\*?|\*)$",
        example: "+3225126777",
    }
}

text! {
    /// A phone number pattern in a query.
    QueriedPattern {
        meaning: "a phone number pattern in a query",
        rule: "a pattern as it is in the list; a `+` that is not percent-encoded, and so decoded as a space, counts as \
            `+`",
        length: 1..=23,
        pattern: r"^[+ ]?([0-9?]+\*?|\*)$",
        canonical: |text: &str| text.replacen(' ', "+", 1),
        example: "+3225126777",
    }
}

/// No control characters.
const LINE: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";

text! {
    /// The calling number in the form that the network delivers.
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
    /// The called number in the form that the network delivers.
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
            /// The number with `+` restored where the decoding of a query turned it into a space (WHATWG URL, section
            /// 5.1).
            pub(crate) fn with_plus(self) -> Self {
                Self(with_plus(self.0))
            }
        }
    };
}

with_plus!(CallingNumber);
with_plus!(CalledNumber);

/// `text` with `+` in place of a space where a number begins: at the start, after `<`, after the scheme of a URI and in
/// `phone-context`.
fn with_plus(text: Box<str>) -> Box<str> {
    static SPACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(^|<|\b(?:tel|sips?):|;\s*phone-context=) ([0-9(])").expect("it is a regular expression")
    });
    if !text.contains(' ') {
        return text;
    }
    match SPACE.replace_all(&text, "$1+$2") {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => text.into(),
    }
}

text! {
    /// The region whose national numbering plan applies (ISO 3166-1 alpha-2).
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
    fn a_plus_that_a_query_decoded_as_a_space_is_restored() {
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
            assert_eq!(&*with_plus(sent.into()), meant);
        }
    }
}
