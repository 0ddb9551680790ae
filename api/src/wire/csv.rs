//! Comma-separated values (RFC 4180) as spreadsheets write them: UTF-8 with or without a byte order mark, `,` or `;`,
//! quotes, lines that end with CRLF or LF. No cell has a line break, so a line is a row.

use std::borrow::Cow;

/// The line `bytes` as a text without the end of the line.
///
/// # Errors
/// It is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, &'static str> {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| "The line is not UTF-8; write the file in UTF-8.")
}

/// The separator that the first line of a file uses: `,`, or `;` where there is no `,`.
pub fn separator(header: &str) -> char {
    if header.contains(';') && !header.contains(',') { ';' } else { ',' }
}

/// The cells of a line, without white space around them unless it is in quotes.
///
/// # Errors
/// What is wrong with its quotes.
pub fn cells(line: &str, separator: char) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(from) = rest {
        let cell;
        (cell, rest) = next_cell(from, separator)?;
        cells.push(cell);
    }
    Ok(cells)
}

/// The first cell of `text`, and what follows its separator.
fn next_cell(text: &str, separator: char) -> Result<(Cow<'_, str>, Option<&str>), &'static str> {
    let Some(quoted) = text.trim_start().strip_prefix('"') else {
        return Ok(match text.split_once(separator) {
            Some((cell, rest)) => (cell.trim().into(), Some(rest)),
            None => (text.trim().into(), None),
        });
    };
    let mut end = 0;
    loop {
        end += quoted[end..].find('"').ok_or("A quote is not closed; a cell has no line break.")?;
        match quoted[end + 1..].starts_with('"') {
            true => end += 2,
            false => break,
        }
    }
    let cell = match &quoted[..end] {
        cell if cell.contains('"') => Cow::from(cell.replace("\"\"", "\"")),
        cell => Cow::from(cell),
    };
    let behind = quoted[end + 1..].trim_start();
    match behind.strip_prefix(separator) {
        Some(rest) => Ok((cell, Some(rest))),
        None if behind.is_empty() => Ok((cell, None)),
        None => Err("A closing quote must end the cell; write a quote in it twice."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_separators_outside_of_quotes() {
        for (line, expected) in [
            ("", vec![""]),
            ("a, b ,", vec!["a", "b", ""]),
            (r#""a,b", "say ""hi""" ,c"#, vec!["a,b", r#"say "hi""#, "c"]),
            (r#"a"b,"""#, vec![r#"a"b"#, ""]),
        ] {
            let found = cells(line, ',');
            assert_eq!(
                found.map(|cells| cells.into_iter().map(Cow::into_owned).collect::<Vec<_>>()).ok(),
                Some(expected.into_iter().map(str::to_owned).collect())
            );
        }
        for wrong in ["\"a", "\"a\"b,c", "a,\"\"\""] {
            assert!(cells(wrong, ',').is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_line_says_which_separator_is_used() {
        assert_eq!(["a;b", "a,b;c", "a"].map(separator), [';', ',', ',']);
    }
}
