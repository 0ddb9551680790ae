//! Phone numbers, the patterns that criteria match them with, and the regions that national numbers belong to.

use std::str::FromStr;

use crate::text::text;

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

text! {
    /// The region whose national numbers a tenant's users dial (ISO 3166-1 alpha-2).
    Region {
        meaning: "a region",
        rule: "an ISO 3166-1 alpha-2 code in capital letters that has a telephone numbering plan, like `BE`",
        length: 2..=2,
        pattern: r"^[A-Z]{2}$",
        format: "iso-3166-1-alpha-2", holds: |text| phonenumber::country::Id::from_str(text).is_ok(),
        example: "BE",
    }
}
