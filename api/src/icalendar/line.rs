//! Content lines (RFC 5545, section 3.1): folding, parameters, and the escapes of texts (section 3.3.11).

use crate::problem::Fault;

/// The greatest length of a line that is written, in octets, its end aside.
const MOST_OCTETS: usize = 75;

/// A property with the line of the text that it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentLine {
    pub(super) number: usize,
    /// In capital letters.
    pub(super) name: String,
    /// Their names in capital letters, their values without quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// As it stands, escapes included.
    pub(super) value: String,
}

impl ContentLine {
    /// The property that an unfolded line holds.
    pub(super) fn parse(number: usize, octets: &[u8]) -> Result<Self, Fault> {
        let text = str::from_utf8(octets)
            .map_err(|_| Fault::on_line(number, "The line is not UTF-8; a calendar must be (RFC 5545, section 6)."))?;
        Self::parse_text(number, text).ok_or_else(|| {
            Fault::on_line(number, "The line is no property; one is `NAME:value` or `NAME;PARAMETER=value:value`.")
        })
    }

    fn parse_text(number: usize, text: &str) -> Option<Self> {
        let (head, value) = text.split_at(text.find(outside_quotes(':'))?);
        let mut parts = head.split(outside_quotes(';'));
        let name = parts.next().unwrap_or_default().to_ascii_uppercase();
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
        };
        let parameters = parts.map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (name.to_ascii_uppercase(), value.trim_matches('"').to_owned())
        });
        is_name(&name).then(|| Self { number, name, parameters: parameters.collect(), value: value[1..].to_owned() })
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as a word: in capital letters, without white space around it.
    pub(super) fn word(&self) -> String {
        self.value.trim().to_ascii_uppercase()
    }

    /// The value as a text, its escapes resolved.
    pub(super) fn text(&self) -> String {
        unescape(&self.value)
    }

    /// A fault on this line.
    pub(super) fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::on_line(self.number, detail)
    }
}

/// Whether a character is `wanted` and not between double quotes; to be asked about each character in order.
fn outside_quotes(wanted: char) -> impl FnMut(char) -> bool {
    let mut quoted = false;
    move |character| {
        quoted ^= character == '"';
        character == wanted && !quoted
    }
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

/// Adds `line` to `text`, folded, with its end.
pub(super) fn fold(line: &str, text: &mut String) {
    let mut room = MOST_OCTETS;
    for character in line.chars() {
        if character.len_utf8() > room {
            text.push_str("\r\n ");
            room = MOST_OCTETS - 1;
        }
        room -= character.len_utf8();
        text.push(character);
    }
    text.push_str("\r\n");
}

/// `text` as the value of a property.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', r"\\").replace(';', r"\;").replace(',', r"\,").replace('\n', r"\n")
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push('\n'),
                escaped => text.extend(escaped),
            },
            _ => text.push(character),
        }
    }
    text
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

    #[test]
    fn parameters_and_values_are_told_apart_by_quotes() {
        let line =
            ContentLine::parse(7, br#"attendee;CN="A; B: C";x-y=1,"2":mailto:a@b;c=d"#).expect("it is a property");
        assert_eq!(line.name, "ATTENDEE");
        assert_eq!(line.parameter("CN"), Some("A; B: C"));
        assert_eq!(line.parameter("X-Y"), Some("1,\"2"));
        assert_eq!(line.value, "mailto:a@b;c=d");
        for wrong in ["SUMMARY", ":x", "A B:x", "A;B=\"c:d", "Ä:x"] {
            let fault = ContentLine::parse(7, wrong.as_bytes()).expect_err(wrong);
            assert_eq!(fault.line, Some(7), "{wrong}");
        }
        assert!(ContentLine::parse(7, b"SUMMARY:\xff").is_err());
    }

    #[test]
    fn texts_are_escaped_and_back() {
        let text = "a\\b;c,d\ne:\"f\" \\n";
        assert_eq!(escape(text), r#"a\\b\;c\,d\ne:"f" \\n"#);
        assert_eq!(unescape(&escape(text)), text);
        assert_eq!(unescape(r"a\Nb\:c\"), "a\nb:c");
    }

    #[test]
    fn lines_are_folded_at_75_octets_and_never_within_a_character() {
        for line in ["x".repeat(75), "x".repeat(76), "é".repeat(300), format!("x{}", "😀".repeat(100))] {
            let mut text = String::new();
            fold(&line, &mut text);
            assert!(text.split_terminator("\r\n").all(|line| line.len() <= MOST_OCTETS), "{text}");
            assert_eq!(unfolded(text.as_bytes()), [(1, line)]);
        }
    }
}
