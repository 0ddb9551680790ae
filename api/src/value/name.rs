//! Identifiers and names.
//!
//! Lengths are those of the field (BroadWorks, Webex Calling): tenant and group 30, user 161, criteria 50,
//! schedule and period 40 characters.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::text::text;

/// No control character, no `/`, no white space at either end.
const NAME: &str = r"^[^\s/\x00-\x1F\x7F-\x9F]([^/\x00-\x1F\x7F-\x9F]*[^\s/\x00-\x1F\x7F-\x9F])?$";
/// No control character, no white space at either end.
const LABEL: &str = r"^[^\s\x00-\x1F\x7F-\x9F]([^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F])?$";

/// The format of names in the published document: the part of their rule that a pattern cannot say.
pub const FORMAT: &str = "name";

/// Letters and symbols that are shown as nothing (Unicode, property Default_Ignorable_Code_Point, and the empty Braille
/// pattern).
const BLANKS: [char; 5] = ['\u{115F}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{FFA0}'];
/// Joiners, which some scripts need inside words.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Whether `text` can name something in a path: it is neither `.` nor `..`, which clients resolve away and so hit the
/// parent (RFC 3986, section 5.2.4), it has a visible character, and no format characters but the joiners.
pub fn is_name(text: &str) -> bool {
    let hidden = |c: char| c.general_category() == GeneralCategory::Format && !JOINERS.contains(&c);
    !matches!(text, "." | "..") && text.chars().any(is_visible) && !text.chars().any(hidden)
}

fn is_visible(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Punctuation, Symbol};
    matches!(c.general_category_group(), Letter | Number | Punctuation | Symbol) && !BLANKS.contains(&c)
}

/// The text in normalization form C, in which what looks the same is the same, as names are kept and compared.
pub fn composed(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

text! {
    /// Identifier of a tenant, unique in the system; case-sensitive.
    TenantId {
        meaning: "a tenant's identifier",
        rule: "1 to 30 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=30,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "foo",
    }
}

text! {
    /// Identifier of a group, unique in its tenant; case-sensitive.
    GroupId {
        meaning: "a group's identifier",
        rule: "1 to 30 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=30,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "foogroup",
    }
}

text! {
    /// Identifier of a user, unique in its group; case-sensitive.
    UserId {
        meaning: "a user's identifier",
        rule: "1 to 161 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=161,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "foouser",
    }
}

text! {
    /// Name of a criteria, unique in its user's service; case-sensitive.
    CriteriaName {
        meaning: "a criteria's name",
        rule: "1 to 50 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=50,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "foocriteria",
    }
}

text! {
    /// Name of a schedule, unique among the schedules of its owner and type; case-sensitive.
    ScheduleName {
        meaning: "a schedule's name",
        rule: "1 to 40 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=40,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "Every Friday",
    }
}

text! {
    /// Name of a period, unique in its schedule; case-sensitive.
    PeriodName {
        meaning: "a period's name",
        rule: "1 to 40 characters with a visible one among them, no control or format character, no `/`, no white \
            space at either end, not `.` or `..`",
        length: 1..=40,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "Friday",
    }
}

text! {
    /// A name or label for people to read.
    Label {
        meaning: "a label for people to read",
        rule: "1 to 80 characters, no control character, no white space at either end",
        length: 1..=80,
        pattern: LABEL,
        example: "Foo Telecom",
    }
}

text! {
    /// An e-mail address, checked for its form only.
    EmailAddress {
        meaning: "an e-mail address",
        rule: "3 to 254 characters, a local part, `@` and a domain, without white space",
        length: 3..=254,
        pattern: r"^[^\s@\x00-\x1F\x7F-\x9F]+@[^\s@\x00-\x1F\x7F-\x9F]+$",
        example: "foo.user@example.com",
    }
}

text! {
    /// A text that is accepted in a request and ignored, so that what was read can be sent back.
    Ignored {
        meaning: "accepted and ignored",
        rule: "at most 1,000 characters",
        length: 0..=1000,
        pattern: r"^[\s\S]*$",
        example: "test",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_path_can_carry_or_nobody_can_see_is_none() {
        for text in
            [".", "..", "\u{200B}", "\u{200D}", "a\u{202E}b", "\u{FEFF}a", "\u{AD}", "\u{3164}", "\u{301}", "a/b", " a"]
        {
            assert!(TenantId::parse(text).is_err(), "{text:?}");
        }
        for text in ["...", ".a", "a.", "é", "می\u{200C}خواهم", "👩\u{200D}🔬", "नि", "-", "1"] {
            assert!(TenantId::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        let composed = CriteriaName::parse("No\u{EB}l").expect("a name");
        let decomposed = CriteriaName::parse("Noe\u{308}l").expect("a name");
        assert_eq!(composed, decomposed);
        assert_eq!(decomposed.as_str(), "No\u{EB}l");
    }

    #[test]
    fn a_name_is_within_its_length_as_it_is_sent_and_as_it_is_kept() {
        assert!(GroupId::parse(&"é".repeat(30)).is_ok());
        assert!(GroupId::parse(&"e\u{301}".repeat(16)).is_err());
        // One character that normalization form C makes two of.
        assert!(GroupId::parse(&"\u{958}".repeat(16)).is_err());
    }
}
