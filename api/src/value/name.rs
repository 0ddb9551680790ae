//! Identifiers and names.
//!
//! The maximum lengths are those of BroadWorks and Webex Calling: tenant and group 30, user 161, criteria 50, schedule
//! and period 40 characters.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::text::text;

/// No control characters, no `/`, no white space at either end.
const NAME: &str = r"^[^\s/\x00-\x1F\x7F-\x9F]([^/\x00-\x1F\x7F-\x9F]*[^\s/\x00-\x1F\x7F-\x9F])?$";
/// No control characters, no white space at either end.
const LABEL: &str = r"^[^\s\x00-\x1F\x7F-\x9F]([^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F])?$";

/// The OpenAPI `format` of names: the part of the rule that a pattern cannot express.
pub const FORMAT: &str = "name";

/// Letters and symbols without a visible glyph (Unicode property Default_Ignorable_Code_Point, and the empty Braille
/// pattern).
const BLANKS: [char; 5] = ['\u{115F}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{FFA0}'];
/// Joiners, which some scripts need within words.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];

/// Whether `text` can be a name in a path. It has a visible character and no format characters except the joiners, and
/// is neither `.` nor `..`: clients resolve those away and hit the parent (RFC 3986, section 5.2.4).
pub fn is_name(text: &str) -> bool {
    let hidden = |c: char| c.general_category() == GeneralCategory::Format && !JOINERS.contains(&c);
    let is_shown = match text.is_ascii() {
        true => text.bytes().any(|byte| byte.is_ascii_graphic()),
        false => text.chars().any(is_visible) && !text.chars().any(hidden),
    };
    is_shown && !matches!(text, "." | "..")
}

fn is_visible(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Punctuation, Symbol};
    matches!(c.general_category_group(), Letter | Number | Punctuation | Symbol) && !BLANKS.contains(&c)
}

/// The text in Unicode normalization form C. Names are stored and compared in this form, so that names that look the
/// same are equal.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.nfc().collect() }
}

text! {
    /// Identifier of a tenant, unique in the system; case-sensitive.
    TenantId {
        meaning: "a tenant's identifier",
        rule: "1 to 30 characters, at least one of them visible, no control or format characters, no `/`, no white \
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
        rule: "1 to 30 characters, at least one of them visible, no control or format characters, no `/`, no white \
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
        rule: "1 to 161 characters, at least one of them visible, no control or format characters, no `/`, no white \
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
        rule: "1 to 50 characters, at least one of them visible, no control or format characters, no `/`, no white \
               space at either end, not `.` or `..`",
        length: 1..=50,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "foocriteria",
    }
}

/// Several names of criteria as one text, which takes less memory than each on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaNames(Box<str>);

impl CriteriaNames {
    /// No name has it.
    const SEPARATOR: char = '/';

    /// The names in their order. Each is found by going through those before it.
    pub fn iter(&self) -> impl Iterator<Item = CriteriaName> {
        self.0.split_terminator(Self::SEPARATOR).map(|name| CriteriaName(name.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> FromIterator<&'a CriteriaName> for CriteriaNames {
    fn from_iter<I: IntoIterator<Item = &'a CriteriaName>>(names: I) -> Self {
        let mut text = String::new();
        for name in names {
            text.push_str(name.as_str());
            text.push(Self::SEPARATOR);
        }
        // A copy: shrinking in place would keep the spare capacity allocated.
        Self(text.as_str().into())
    }
}

text! {
    /// Name of a schedule, unique among the schedules of its owner and type; case-sensitive.
    ScheduleName {
        meaning: "a schedule's name",
        rule: "1 to 40 characters, at least one of them visible, no control or format characters, no `/`, no white \
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
        rule: "1 to 40 characters, at least one of them visible, no control or format characters, no `/`, no white \
               space at either end, not `.` or `..`",
        length: 1..=40,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "Friday",
    }
}

text! {
    /// Name of a number list, unique among the number lists of its owner; case-sensitive.
    NumberListName {
        meaning: "a number list's name",
        rule: "1 to 40 characters, at least one of them visible, no control or format characters, no `/`, no white \
               space at either end, not `.` or `..`",
        length: 1..=40,
        pattern: NAME,
        format: "name", holds: is_name,
        canonical: composed,
        example: "Nuisance callers",
    }
}

text! {
    /// A name or label for people to read.
    Label {
        meaning: "a label for people to read",
        rule: "1 to 80 characters, no control characters, no white space at either end",
        length: 1..=80,
        pattern: LABEL,
        example: "Foo Telecom",
    }
}

text! {
    /// An e-mail address. Only its form is checked.
    EmailAddress {
        meaning: "an e-mail address",
        rule: "3 to 254 characters, a local part, `@` and a domain, without white space",
        length: 3..=254,
        pattern: r"^[^\s@\x00-\x1F\x7F-\x9F]+@[^\s@\x00-\x1F\x7F-\x9F]+$",
        example: "foo.user@example.com",
    }
}

text! {
    /// A text that is accepted in requests and ignored, so that clients can send back what they have read.
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
    fn a_name_that_cannot_stand_in_a_path_or_is_invisible_is_refused() {
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
    fn names_that_look_the_same_are_equal() {
        let composed = CriteriaName::parse("No\u{EB}l").expect("a name");
        let decomposed = CriteriaName::parse("Noe\u{308}l").expect("a name");
        assert_eq!(composed, decomposed);
        assert_eq!(decomposed.as_str(), "No\u{EB}l");
    }

    #[test]
    fn the_length_of_a_name_is_limited_before_and_after_normalization() {
        assert!(GroupId::parse(&"é".repeat(30)).is_ok());
        assert!(GroupId::parse(&"e\u{301}".repeat(16)).is_err());
        // Normalization form C turns this character into two.
        assert!(GroupId::parse(&"\u{958}".repeat(16)).is_err());
    }
}
