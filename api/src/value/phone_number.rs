//! Phone numbers, the patterns that criteria match them with, and the regions that national numbers belong to.

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
        rule: "1 to 23 characters: an optional leading `+`, digits, `?` for exactly one digit, and `*` for any run of digits as last character only",
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
        rule: "at most 512 characters, no control character: E.164 with `+` or `00`, the national number with its trunk prefix, bare digits, or a `tel:` or `sip:` URI with one of these; anything else is no number and matches no pattern",
        length: 0..=512,
        pattern: LINE,
        example: "+3225126777",
    }
}

text! {
    /// The number that a call is for, as the network brings it.
    CalledNumber {
        meaning: "a called number",
        rule: "1 to 512 characters, no control character: E.164 with `+` or `00`, or a `tel:` or `sip:` URI with it; anything else is the number of no user",
        length: 1..=512,
        pattern: LINE,
        example: "+3225550100",
    }
}

macro_rules! with_plus {
    ($name:ident) => {
        impl $name {
            /// The number with the `+` that a query made a space of (WHATWG URL, section 5.1), where it starts with one.
            pub(crate) fn with_plus(self) -> Self {
                match self.0.strip_prefix(' ') {
                    Some(digits) => Self(format!("+{digits}")),
                    None => self,
                }
            }
        }
    };
}

with_plus!(CallingNumber);
with_plus!(CalledNumber);

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
