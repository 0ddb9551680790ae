//! Describes the faults of a body that violates its schema, so that its sender can correct it.
//!
//! The walk is linear in the length of the body and ends at [`MAX_FAULTS`] faults, so that a body with a million faults
//! stays cheap. The length of a list is checked before its items. A list that is too long is emptied, so that no later
//! check walks it.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::format::{FORMATS, reason};
use crate::{
    value::text,
    wire::problem::{Fault, MAX_FAULTS},
};

/// The compiled patterns of a schema.
pub(super) struct Patterns(HashMap<String, Regex>);

impl Patterns {
    /// All patterns within `schema`.
    pub(super) fn of(schema: &Value) -> Self {
        let mut patterns = HashMap::new();
        collect(schema, &mut patterns);
        Self(patterns)
    }

    fn is_match(&self, pattern: &str, text: &str) -> bool {
        self.0.get(pattern).is_none_or(|regex| regex.is_match(text))
    }
}

fn collect(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| collect(item, patterns)),
        Value::Object(members) => {
            if let Some(pattern) = members.get("pattern").and_then(Value::as_str)
                && !patterns.contains_key(pattern)
                && let Ok(regex) = text::compile(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            members.values().for_each(|member| collect(member, patterns));
        }
        _ => {}
    }
}

/// The faults of `body` against `schema`, a part of `root`: at most [`MAX_FAULTS`], in the order of the body.
pub(super) fn explain(root: &Value, schema: &Value, patterns: &Patterns, body: &mut Value) -> Vec<Fault> {
    let mut walk = Walk { root, patterns, pointer: String::new(), faults: Vec::new() };
    walk.value(schema, body);
    walk.faults
}

struct Walk<'a> {
    root: &'a Value,
    patterns: &'a Patterns,
    /// JSON Pointer to the current value.
    pointer: String,
    faults: Vec<Fault>,
}

impl<'a> Walk<'a> {
    fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    fn fault(&mut self, detail: impl Into<String>) {
        if !self.is_full() {
            self.faults.push(Fault::at(self.pointer.as_str(), detail));
        }
    }

    /// Walks one level deeper.
    fn below<T>(&mut self, step: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(step);
        let done = walk(self);
        self.pointer.truncate(length);
        done
    }

    /// Resolves references of `schema`; `None` if `value` is null and may be.
    fn resolve(&self, mut schema: &'a Value, value: &Value) -> Option<&'a Value> {
        loop {
            if let Some(name) = schema["$ref"].as_str() {
                schema = self.root.pointer(name.trim_start_matches('#'))?;
            } else if let Some(only) = schema["allOf"].as_array().and_then(|all| all.first()) {
                schema = only;
            } else if schema.get("if").is_some() {
                // A nullable schema is written as: if the value is not null, then the schema applies.
                schema = Some(&schema["then"]).filter(|_| !value.is_null())?;
            } else {
                return Some(schema);
            }
        }
    }

    fn value(&mut self, schema: &'a Value, value: &mut Value) {
        let Some(schema) = self.resolve(schema, value).filter(|_| !self.is_full()) else { return };
        if let Some(known) = schema["enum"].as_array() {
            if !known.contains(value) {
                self.fault(format!("{} is not one of {}.", excerpt(value), list(known)));
            }
            return;
        }
        match (schema["type"].as_str(), value) {
            (Some("object"), Value::Object(members)) => self.object(schema, members),
            (Some("array"), Value::Array(items)) => self.array(schema, items),
            (Some("string"), Value::String(text)) => self.text(schema, text),
            (Some("integer" | "number"), Value::Number(number)) if is_of(schema, number) => self.number(schema, number),
            (Some("boolean"), Value::Bool(_)) | (None, _) => {}
            (Some(_), Value::Null) => {
                let fault = "null is not allowed here; leave the member out".to_owned();
                self.fault(sentence(fault, description(self.root, schema)));
            }
            (Some(kind), value) => {
                let fault = format!("{} is not {}", excerpt(value), article(kind));
                self.fault(sentence(fault, description(self.root, schema)));
            }
        }
    }

    fn object(&mut self, schema: &'a Value, members: &mut Map<String, Value>) {
        let known = schema["properties"].as_object();
        for (name, value) in members.iter_mut() {
            if self.is_full() {
                return;
            }
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.below(&escape(name), |walk| walk.value(schema, value)),
                None if schema["additionalProperties"] == false => {
                    let known: Vec<_> = known.into_iter().flat_map(Map::keys).map(|name| format!("`{name}`")).collect();
                    let detail =
                        format!("`{}` is unknown here; known members are {}.", excerpt_text(name), known.join(", "));
                    self.below(&escape(name), |walk| walk.fault(detail));
                }
                None => {}
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| !members.contains_key(*name)) {
            let expected = known.and_then(|known| known.get(name)).and_then(|schema| description(self.root, schema));
            let detail = sentence(format!("`{name}` is required"), expected);
            self.below(&escape(name), |walk| walk.fault(detail));
        }
    }

    fn array(&mut self, schema: &'a Value, items: &mut Vec<Value>) {
        let (count, limit) = (items.len() as u64, |name: &str| schema[name].as_u64());
        if let Some(most) = limit("maxItems").filter(|most| count > *most) {
            items.clear();
            return self.fault(format!("The list has {count} items; at most {most} are allowed."));
        }
        if let Some(least) = limit("minItems").filter(|least| count < *least) {
            return self.fault(format!("The list has {count} items; at least {least} are required."));
        }
        for (at, item) in items.iter_mut().enumerate() {
            if self.is_full() {
                return;
            }
            self.below(&at.to_string(), |walk| walk.value(&schema["items"], item));
        }
        if schema["uniqueItems"] == true {
            self.unique(items);
        }
    }

    fn unique(&mut self, items: &[Value]) {
        let mut seen: HashMap<&Value, usize> = HashMap::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if let Some(first) = seen.get(item) {
                let detail =
                    format!("{} appears twice in the list, at {first} and {at}; it is allowed once.", excerpt(item));
                self.below(&at.to_string(), |walk| walk.fault(detail));
            } else {
                seen.insert(item, at);
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        let length = text.chars().count() as u64;
        let right = schema["minLength"].as_u64().is_none_or(|least| length >= least)
            && schema["maxLength"].as_u64().is_none_or(|most| length <= most)
            && schema["pattern"].as_str().is_none_or(|pattern| self.patterns.is_match(pattern, text))
            && schema["format"].as_str().is_none_or(|format| is_in(format, text));
        if !right {
            let general = || {
                let fault = format!("{} is not valid here", excerpt_text(&Value::from(text).to_string()));
                sentence(fault, description(self.root, schema))
            };
            let reason = schema["format"].as_str().and_then(|format| reason(format, text));
            self.fault(reason.unwrap_or_else(general));
        }
    }

    fn number(&mut self, schema: &Value, number: &serde_json::Number) {
        let value = number.as_f64().unwrap_or_default();
        let found = excerpt_text(&number.to_string());
        if let Some(least) = schema["minimum"].as_f64().filter(|least| value < *least) {
            self.fault(format!("{found} is too small; the minimum is {least}."));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| value > *most) {
            self.fault(format!("{found} is too large; the maximum is {most}."));
        }
    }
}

fn is_of(schema: &Value, number: &serde_json::Number) -> bool {
    schema["type"] != "integer" || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn is_in(format: &str, text: &str) -> bool {
    FORMATS.iter().find(|(name, _)| *name == format).is_none_or(|(_, holds)| holds(text))
}

/// The description of `schema`, or of the schema that it refers to.
fn description<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a str> {
    let named = schema["$ref"].as_str().and_then(|name| root.pointer(name.trim_start_matches('#')));
    named.unwrap_or(schema)["description"].as_str()
}

fn sentence(fault: String, expected: Option<&str>) -> String {
    match expected {
        Some(expected) => format!("{fault}. {expected}"),
        None => format!("{fault}."),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "object" | "array" | "integer" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

fn list(options: &[Value]) -> String {
    let options: Vec<_> = options.iter().map(Value::to_string).collect();
    options.join(", ")
}

fn excerpt(value: &Value) -> String {
    match value {
        Value::Object(_) => "An object".to_owned(),
        Value::Array(_) => "An array".to_owned(),
        other => excerpt_text(&other.to_string()),
    }
}

fn excerpt_text(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `name` as a reference token of a JSON Pointer (RFC 6901, section 3).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
