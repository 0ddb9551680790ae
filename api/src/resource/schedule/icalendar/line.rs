//! Content lines (RFC 5545, section 3.1): a name, parameters and a value.
//!
//! The `icalendar` library is not used for parsing, since it misreads lines that are not well-formed. Published files
//! have such lines (an unescaped newline in a description, white space around a `;`), and a fault should be reported
//! only where it matters.

use super::octets::Line;
use crate::wire::problem::Fault;

/// Maximum length of a written line in octets, without its end.
const MOST_OCTETS: usize = 75;

/// A property with the number of its first line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentLine {
    pub(super) number: usize,
    /// In upper case.
    name: String,
    /// Names in upper case, values without quotes.
    parameters: Vec<(String, String)>,
    value: String,
}

impl ContentLine {
    /// Parses an unfolded line.
    pub(super) fn parse(line: &Line) -> Option<Self> {
        let text = line.text.as_str();
        let (name, rest) = text.split_at(text.find([';', ':'])?);
        let name = name.trim().to_ascii_uppercase();
        if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet)) {
            return None;
        }
        // An unterminated quote is ignored.
        let colon = first_unquoted(rest, ':').or_else(|| rest.find(':'))?;
        let parameters = parameters(&rest[..colon]);
        Some(Self { number: line.number, name, parameters, value: rest[colon + 1..].to_owned() })
    }

    /// The name, in upper case.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The raw value.
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    /// The value as text, with escapes resolved (RFC 5545, section 3.3.11).
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match (character, characters.clone().next()) {
                ('\\', Some('n' | 'N')) => text.push('\n'),
                ('\\', Some(escaped @ ('\\' | ';' | ',' | ':' | '"'))) => text.push(escaped),
                (other, _) => {
                    text.push(other);
                    continue;
                }
            }
            characters.next();
        }
        text
    }

    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value as a keyword: in upper case, without surrounding white space.
    pub(super) fn word(&self) -> String {
        self.value().trim().to_ascii_uppercase()
    }

    /// Appends a line that was not folded.
    pub(super) fn append(&mut self, text: &str) {
        self.value.push('\n');
        self.value.push_str(text);
    }

    /// A fault on this line.
    pub(super) fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::on_line(self.number, detail)
    }
}

/// The position of the first `wanted` outside of quotes.
fn first_unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (character == wanted && !quoted).then_some(at)
    })
}

/// Parses the parameters of `;NAME=value;NAME=value`.
fn parameters(mut text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    while let Some(rest) = text.strip_prefix(';') {
        let (parameter, others) = rest.split_at(first_unquoted(rest, ';').unwrap_or(rest.len()));
        if let Some((name, value)) = parameter.split_once('=') {
            parameters.push((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()));
        }
        text = others;
    }
    parameters
}

/// Folds the library's output again, so that no line exceeds 75 octets.
///
/// The library does not count the space before the last part of a folded line, which may then have 76.
pub(super) fn fold(text: &str) -> String {
    let fold = |line: &str| match line.split_at(line.floor_char_boundary(MOST_OCTETS)) {
        (_, "") => format!("{line}\r\n"),
        (line, rest) => format!("{line}\r\n {rest}\r\n"),
    };
    text.split_terminator("\r\n").map(fold).collect()
}

#[cfg(test)]
mod tests {
    use icalendar::Property;

    use super::super::octets::lines;
    use super::*;

    fn parse(text: &str) -> Option<ContentLine> {
        ContentLine::parse(&Line { number: 7, text: text.to_owned() })
    }

    fn parsed(text: &str) -> ContentLine {
        parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn quotes_separate_parameters_from_values() {
        let line = parsed(r#"attendee;CN="A; B: C";x-y=1,"2";member="a:b","c:d";z=:mailto:a@b;c=d"#);
        assert_eq!(line.name(), "ATTENDEE");
        assert_eq!(line.parameter("CN"), Some("A; B: C"));
        assert_eq!(line.parameter("X-Y"), Some("1,\"2"));
        assert_eq!(line.parameter("Z"), Some(""));
        assert_eq!(line.parameter("C"), None);
        assert_eq!(line.value(), "mailto:a@b;c=d");
    }

    #[test]
    fn misplaced_white_space_and_quotes_are_tolerated() {
        let line = parsed("dtstart ; value=date ;TZID = \"Europe/Brussels\" : 20261225");
        assert_eq!((line.name(), line.word().as_str()), ("DTSTART", "20261225"));
        assert_eq!((line.parameter("VALUE"), line.parameter("TZID")), (Some("date"), Some("Europe/Brussels")));
        assert_eq!(parsed("A;B=\"c:d").value(), "d");
        assert_eq!(parsed("A;;B;C=d:x").parameter("C"), Some("d"));
    }

    #[test]
    fn a_line_without_a_name_or_a_colon_is_not_a_property() {
        for wrong in ["", "SUMMARY", ":x", ";A=b:x", "A B:x", "Ä:x", "A,B:x", "A;", "A;B=c", "See https://example.com"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        for right in ["A:", "A;B:", "A;B=c:", "a;B=:", "A;B=\"\":", "BEGIN:", "end:"] {
            assert_eq!(parsed(right).value(), "", "{right}");
        }
    }

    #[test]
    fn escapes_are_resolved_in_texts() {
        assert_eq!(parsed(r"SUMMARY:a\\b\;c\,d\ne\Nf:\\n").text(), "a\\b;c,d\ne\nf:\\n");
        assert_eq!(parsed(r"SUMMARY:a\:b \t \").text(), "a:b \\t \\");
        assert_eq!(parsed(r"URL:a\,b").value(), r"a\,b");
    }

    fn written(value: &str) -> String {
        Property::new("SUMMARY", value).try_into().expect("a property is written")
    }

    #[test]
    fn the_library_folds_the_last_part_of_a_line_too_late() {
        let longest = |text: &str| text.split_terminator("\r\n").map(str::len).max();
        let text = written(&"x".repeat(150 - "SUMMARY:".len()));
        assert_eq!((longest(&text), longest(&fold(&text))), (Some(76), Some(75)));
    }

    #[test]
    fn lines_are_folded_at_75_octets_but_never_within_a_character() {
        for value in ["x", "é", "😀", "x ", "é  ", "😀 x", "  "] {
            for times in 0..160 {
                let value = format!("{}.", value.repeat(times));
                let text = fold(&written(&value));
                assert!(text.split_terminator("\r\n").all(|line| line.len() <= MOST_OCTETS), "{text}");
                let back = lines(text.as_bytes());
                assert_eq!(back, [Line { number: 1, text: format!("SUMMARY:{value}") }]);
            }
        }
    }
}
