//! The layout of the document as text: whatever fits on one line is on one line, which keeps the text short and diffs
//! small.

use serde_json::Value;

/// Maximum length of a line that holds more than one value.
const WIDTH: usize = 120;

/// `document` as JSON, with a line break at the end.
pub fn write(document: &Value) -> String {
    let mut text = String::new();
    write_value(document, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value that starts at `column` on its line and whose members are indented deeper than `indent`.
fn write_value(value: &Value, indent: usize, column: usize, text: &mut String) {
    let room = WIDTH.saturating_sub(column);
    match value {
        Value::Array(items) if !items.is_empty() && !fits(value, room) => {
            let items = items.iter().map(|item| (String::new(), item));
            write_members('[', items, ']', indent, text);
        }
        Value::Object(members) if !members.is_empty() && !fits(value, room) => {
            let members = members.iter().map(|(name, member)| (format!("{}: ", Value::from(name.as_str())), member));
            write_members('{', members, '}', indent, text);
        }
        _ => write_line(value, text),
    }
}

fn write_members<'a>(
    open: char,
    members: impl Iterator<Item = (String, &'a Value)>,
    close: char,
    indent: usize,
    text: &mut String,
) {
    text.push(open);
    let deeper = indent + 2;
    for (at, (name, member)) in members.enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.extend(std::iter::repeat_n(' ', deeper));
        text.push_str(&name);
        write_value(member, deeper, deeper + name.chars().count(), text);
    }
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
    text.push(close);
}

/// Whether the value and a comma fit within `room` characters.
fn fits(value: &Value, room: usize) -> bool {
    length(value, room).is_some_and(|length| length < room)
}

/// The length of the value on one line, in characters; `None` if it exceeds `most`.
fn length(value: &Value, most: usize) -> Option<usize> {
    let mut total: usize = 0;
    let mut add = |more: usize| {
        total += more;
        (total <= most).then_some(())
    };
    match value {
        Value::Array(items) => {
            for item in items {
                add(2 + length(item, most)?)?;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                add(4 + Value::from(name.as_str()).to_string().chars().count() + length(member, most)?)?;
            }
            add(2)?;
        }
        other => add(other.to_string().chars().count())?,
    }
    Some(total)
}

fn write_line(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                write_line(item, text);
            }
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at == 0 { "{ " } else { ", " });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(": ");
                write_line(member, text);
            }
            text.push_str(" }");
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_on_one_line_and_all_else_on_several() {
        let long = "x".repeat(100);
        let document = json!({ "a": [1, { "b": null }], "c": { "d": {}, "e": [], "f": long }, "g\"": "é" });
        let expected = format!(
            "{{\n  \"a\": [1, {{ \"b\": null }}],\n  \"c\": {{\n    \"d\": {{}},\n    \"e\": [],\n    \"f\": \
            \"{long}\"\n  }},\n  \"g\\\"\": \"é\"\n}}\n"
        );
        assert_eq!(write(&document), expected);
        assert_eq!(serde_json::from_str::<Value>(&expected).ok(), Some(document));
    }

    #[test]
    fn a_line_may_have_the_maximum_length() {
        for (length, lines) in [(101, 3), (102, 5)] {
            let text = "x".repeat(length);
            let written = write(&json!({ "a": { "b": text } }));
            assert_eq!(written.lines().count(), lines, "{written}");
        }
    }
}
