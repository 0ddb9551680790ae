//! Content lines (RFC 5545, section 3.1). The library takes each one apart: its name, its parameters, its value and the
//! escapes of texts.
//!
//! Ours are what it does not give:
//! - [`unfold`]: the library unfolds without the numbers of the lines, and so could not tell where a fault is.
//! - [`ContentLine::parse`] refuses what the library reads as something else than was written, and takes `BEGIN` and `END`,
//!   which the library knows in whole components only.
//! - [`fold`]: the library may leave the last part of a folded line one octet too long.

use icalendar::{Property, parser};

use crate::wire::problem::Fault;

/// The greatest length of a line that is written, in octets, its end aside.
const MOST_OCTETS: usize = 75;

/// A property with the line of the text that it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentLine {
    pub(super) number: usize,
    /// Its name is in capital letters.
    property: Property,
}

impl ContentLine {
    /// The property that an unfolded line holds.
    pub(super) fn parse(number: usize, octets: &[u8]) -> Result<Self, Fault> {
        let text = str::from_utf8(octets)
            .map_err(|_| Fault::on_line(number, "The line is not UTF-8; a calendar must be (RFC 5545, section 6)."))?;
        property(text).map(|property| Self { number, property }).ok_or_else(|| {
            Fault::on_line(number, "The line is no property; one is `NAME:value` or `NAME;PARAMETER=value:value`.")
        })
    }

    /// The name, in capital letters.
    pub(super) fn name(&self) -> &str {
        self.property.key()
    }

    /// The value; the escapes are resolved in one that is a text.
    pub(super) fn value(&self) -> &str {
        self.property.value()
    }

    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.property.params().values();
        parameters.find(|parameter| parameter.key().eq_ignore_ascii_case(name)).map(|parameter| parameter.value())
    }

    /// The value as a word: in capital letters, without white space around it.
    pub(super) fn word(&self) -> String {
        self.value().trim().to_ascii_uppercase()
    }

    /// A fault on this line.
    pub(super) fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::on_line(self.number, detail)
    }
}

/// The property that `text` is as a whole.
fn property(text: &str) -> Option<Property> {
    let (name, rest) = text.split_at(text.find([';', ':'])?);
    // The library resolves the escapes of texts that it knows by name, in capital letters only.
    let name = name.to_ascii_uppercase();
    if matches!(name.as_str(), "BEGIN" | "END") {
        return Some(Property::new(name, rest.strip_prefix(':')?));
    }
    let line = format!("{name}{rest}");
    let property = parser::Property::try_from(line.as_str()).ok()?;
    (is_name(&name) && is_whole(&property, rest)).then(|| property.into())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
}

/// Whether all of the line was read, `rest` being what is behind its name.
///
/// Of a line that it cannot follow, the library gives the name alone, and it looks for the end of a parameter within
/// quotes where these do not go around all of the parameter's values.
fn is_whole(property: &parser::Property, rest: &str) -> bool {
    let name_alone = property.params.is_empty() && property.val.as_str().is_empty();
    let mut values = property.params.iter().filter_map(|parameter| parameter.val.as_ref());
    (rest == ":" || !name_alone) && values.all(|value| value.as_str().matches('"').count() % 2 == 0)
}

/// The lines of `text`, unfolded, each with the number of the line that it starts on, from 1. Empty lines are left out.
///
/// Lines are octets here: a fold may stand within a character (RFC 5545, section 3.1).
pub(super) fn unfold(text: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (at, line) in text.split(|octet| *octet == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, before))) => before.extend_from_slice(rest),
            _ if line.trim_ascii().is_empty() => {}
            _ => lines.push((at + 1, line.trim_ascii_start().to_vec())),
        }
    }
    lines
}

/// What the library has written, with no line over 75 octets.
///
/// The library does not count the space before the last part of a folded line, which so can have 76.
pub(super) fn fold(text: &str) -> String {
    let fold = |line: &str| match line.split_at(line.floor_char_boundary(MOST_OCTETS)) {
        (_, "") => format!("{line}\r\n"),
        (line, rest) => format!("{line}\r\n {rest}\r\n"),
    };
    text.split_terminator("\r\n").map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(text: &[u8]) -> Vec<(usize, String)> {
        unfold(text).into_iter().map(|(number, line)| (number, String::from_utf8_lossy(&line).into_owned())).collect()
    }

    #[test]
    fn folded_lines_are_joined_and_keep_the_number_of_their_first_line() {
        let expected = [(1, "A:one two".to_owned()), (4, "B:three".to_owned()), (7, "C:four".to_owned())];
        for end in ["\r\n", "\n"] {
            let text = ["A:one", " ", "  two", "B:th", "\tree", "", "C:four", ""].join(end);
            assert_eq!(unfolded(text.as_bytes()), expected);
            assert_eq!(unfolded(format!("\u{feff}{text}").as_bytes()), expected);
        }
    }

    #[test]
    fn a_fold_within_a_character_is_no_harm() {
        let [first, second] = "é".as_bytes() else { panic!("é has two octets") };
        let text = [b"SUMMARY:No".as_slice(), &[*first], b"\r\n ", &[*second], b"l"].concat();
        assert_eq!(unfolded(&text), [(1, "SUMMARY:Noél".to_owned())]);
    }

    fn parsed(line: &str) -> ContentLine {
        ContentLine::parse(7, line.as_bytes()).unwrap_or_else(|fault| panic!("{line}: {fault:?}"))
    }

    #[test]
    fn parameters_and_values_are_told_apart_by_quotes() {
        let line = parsed(r#"attendee;CN="A; B: C";x-y=1,"2";member="a:b","c:d";z=:mailto:a@b;c=d"#);
        assert_eq!(line.name(), "ATTENDEE");
        assert_eq!(line.parameter("CN"), Some("A; B: C"));
        assert_eq!(line.parameter("X-Y"), Some("1,\"2\""));
        assert_eq!(line.parameter("MEMBER"), Some(r#""a:b","c:d""#));
        assert_eq!(line.parameter("Z"), Some(""));
        assert_eq!(line.parameter("C"), None);
        assert_eq!(line.value(), "mailto:a@b;c=d");
    }

    #[test]
    fn a_line_that_the_library_would_read_in_part_is_refused() {
        for wrong in [
            "",
            "SUMMARY",
            ":x",
            ";A=b:x",
            "A B:x",
            "A B:",
            "Ä:x",
            "A,B:x",
            "A;",
            "A;B",
            "A;B=c",
            "A;B C=d:x",
            "A;B=\"c:d",
            "A;B=\"c\"d:x",
            "A;B=c,\"d:e\":x",
            "A;B=c,\"d;e\":x",
            "A;B=\"d:e\",c:x",
            "A;B=\"c;B=d:x",
            "BEGIN",
            "END;A=b:VEVENT",
        ] {
            let fault = ContentLine::parse(7, wrong.as_bytes()).expect_err(wrong);
            assert_eq!(fault.line, Some(7), "{wrong}");
        }
        assert!(ContentLine::parse(7, b"SUMMARY:\xff").is_err());
        for right in ["A:", "A;B:", "A;B=c:", "a;B=:", "A;B=\"\":", "BEGIN:", "end:"] {
            assert_eq!(parsed(right).value(), "", "{right}");
        }
    }

    #[test]
    fn escapes_are_resolved_in_texts() {
        for name in ["SUMMARY", "summary", "SUMMARY;LANGUAGE=fr", "Summary;value=text", "X-A", "A;VALUE=TEXT"] {
            assert_eq!(parsed(&format!(r"{name}:a\\b\;c\,d\ne\Nf:\\n")).value(), "a\\b;c,d\ne\nf:\\n", "{name}");
        }
        assert_eq!(parsed(r"SUMMARY:a\:b \t \").value(), "a:b \\t \\");
        assert_eq!(parsed(r"URL:a\,b").value(), r"a\,b");
    }

    fn written(value: &str) -> String {
        Property::new("SUMMARY", value).try_into().expect("a property is written")
    }

    #[test]
    fn the_library_leaves_the_last_part_of_a_line_too_long() {
        let longest = |text: &str| text.split_terminator("\r\n").map(str::len).max();
        let text = written(&"x".repeat(150 - "SUMMARY:".len()));
        assert_eq!((longest(&text), longest(&fold(&text))), (Some(76), Some(75)));
    }

    #[test]
    fn lines_are_folded_at_75_octets_and_never_within_a_character() {
        for value in ["x", "é", "😀", "x ", "é  ", "😀 x", "  "] {
            for times in 0..160 {
                let value = format!("{}.", value.repeat(times));
                let text = fold(&written(&value));
                assert!(text.split_terminator("\r\n").all(|line| line.len() <= MOST_OCTETS), "{text}");
                assert_eq!(unfolded(text.as_bytes()), [(1, format!("SUMMARY:{value}"))]);
            }
        }
    }
}
