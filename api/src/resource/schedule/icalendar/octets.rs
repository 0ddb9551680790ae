//! Decodes a file into lines, whatever its encoding, line ends and folding.

use std::borrow::Cow;

/// An unfolded line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of its first line in the file, from 1.
    pub(super) number: usize,
    /// The text, without the line end and leading white space.
    pub(super) text: String,
}

/// The unfolded lines of `octets` (RFC 5545, section 3.1). Blank lines are dropped.
///
/// Lines end with CRLF, LF or CR. A line is decoded as UTF-8, else as Windows-1252, the actual encoding of files that
/// claim to be Latin-1. A file with a UTF-16 byte order mark is decoded as UTF-16. A fold may split a character.
pub(super) fn lines(octets: &[u8]) -> Vec<Line> {
    let octets = from_utf_16(octets).map_or(Cow::Borrowed(octets), |text| Cow::Owned(text.into_bytes()));
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (at, line) in split(&octets).enumerate() {
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some((_, before))) => before.extend_from_slice(rest),
            _ if line.trim_ascii().is_empty() => {}
            _ => lines.push((at + 1, line.trim_ascii_start().to_vec())),
        }
    }
    lines.into_iter().map(|(number, line)| Line { number, text: decoded(line) }).collect()
}

/// The raw lines without line ends.
fn split(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut after_cr = false;
    octets.split_inclusive(|octet| matches!(octet, b'\n' | b'\r')).filter_map(move |line| {
        let second_half = after_cr && line == b"\n";
        after_cr = line.ends_with(b"\r");
        (!second_half).then(|| line.strip_suffix(b"\n").or_else(|| line.strip_suffix(b"\r")).unwrap_or(line))
    })
}

/// The text of a file with a UTF-16 byte order mark.
fn from_utf_16(octets: &[u8]) -> Option<String> {
    let unit = match octets {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = octets[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

fn decoded(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap_or_else(|error| error.as_bytes().iter().map(|octet| windows_1252(*octet)).collect())
}

/// The character of an octet in Windows-1252, else in ISO 8859-1.
fn windows_1252(octet: u8) -> char {
    const FROM_0X80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match octet {
        0x80..=0x9f => FROM_0X80[usize::from(octet) - 0x80],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(octets: &[u8]) -> Vec<(usize, String)> {
        lines(octets).into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn folded_lines_are_joined_and_keep_the_number_of_their_first_line() {
        let expected = [(1, "A:one two".to_owned()), (4, "B:three".to_owned()), (7, "C:four".to_owned())];
        for end in ["\r\n", "\n", "\r"] {
            let text = ["A:one", " ", "  two", "B:th", "\tree", "", "C:four", ""].join(end);
            assert_eq!(unfolded(text.as_bytes()), expected);
            assert_eq!(unfolded(format!("\u{feff}{text}").as_bytes()), expected);
        }
    }

    #[test]
    fn a_fold_after_empty_lines_is_recognised() {
        assert_eq!(unfolded(b"A:one\r\n\r\n  two\r\r\n three"), [(1, "A:one twothree".to_owned())]);
    }

    #[test]
    fn a_fold_may_split_a_character() {
        let [first, second] = "é".as_bytes() else { panic!("é has two octets") };
        let text = [b"SUMMARY:No".as_slice(), &[*first], b"\r\n ", &[*second], b"l"].concat();
        assert_eq!(unfolded(&text), [(1, "SUMMARY:Noél".to_owned())]);
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_windows_1252() {
        let text = [b"A:No\xebl \x96 5 \x80\n".as_slice(), "B:Noël".as_bytes()].concat();
        assert_eq!(unfolded(&text), [(1, "A:Noël – 5 €".to_owned()), (2, "B:Noël".to_owned())]);
    }

    #[test]
    fn a_byte_order_mark_selects_utf_16() {
        let units: Vec<u16> = "\u{feff}A:é\r\nB:😀".encode_utf16().collect();
        let expected = [(1, "A:é".to_owned()), (2, "B:😀".to_owned())];
        assert_eq!(unfolded(&units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>()), expected);
        assert_eq!(unfolded(&units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>()), expected);
    }
}
