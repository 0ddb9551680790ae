//! Holding a request's body against its published schema.

use std::collections::{BTreeSet, HashMap};

use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value, json};

use crate::{
    value::{
        name,
        phone_number::Region,
        recurrence::RecurrenceRule,
        time::{Date, Instant, TimeZone},
    },
    wire::problem::{Failure, Fault},
};

/// The published schemas of the bodies of requests, compiled. The server makes them when it starts and puts them into every
/// request, where bodies find them.
pub struct BodySchemas(HashMap<String, BodySchema>);

struct BodySchema {
    schema: Value,
    validator: Validator,
}

impl BodySchemas {
    /// The schemas of these `names`, out of all `schemas` of the document.
    pub fn new<'a>(schemas: &Value, names: impl Iterator<Item = &'a str>) -> Self {
        let components = json!({ "schemas": json_schema(schemas) });
        let compiled = names.collect::<BTreeSet<_>>().into_iter().map(|name| {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": components });
            let validator = compile(&schema).expect("the published schemas are JSON schemas");
            (name.to_owned(), BodySchema { schema, validator })
        });
        Self(compiled.collect())
    }

    /// What is wrong with `body` by the published schema `name`: all of it, in the order of the body.
    pub fn faults(&self, name: &str, body: &Value) -> Result<Vec<Fault>, Failure> {
        let BodySchema { schema, validator } =
            self.0.get(name).ok_or_else(|| Failure::Internal(format!("no schema {name}").into()))?;
        if validator.is_valid(body) {
            return Ok(Vec::new());
        }
        let mut faults = Vec::new();
        for fault in validator.iter_errors(body).flat_map(|error| explain(&error, schema)) {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Ok(faults)
    }
}

/// A validator for a JSON schema made of the document's, with the formats that its value types have.
pub fn compile(schema: &Value) -> Result<Validator, Box<ValidationError<'static>>> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .with_format("date", |text| Date::parse(text).is_ok())
        .with_format("date-time", |text| Instant::parse(text).is_ok())
        .with_format(name::FORMAT, name::is_name)
        .with_format("iana-time-zone", |text| TimeZone::parse(text).is_ok())
        .with_format("iso-3166-1-alpha-2", |text| Region::parse(text).is_ok())
        .with_format("rrule", |text| RecurrenceRule::parse(text).is_ok())
        .build(schema)
        .map_err(Box::new)
}

/// The OpenAPI 3.0 schema as a JSON schema: `nullable` becomes an alternative, and the `type` that must stand beside it
/// is left to what it wraps, so that a fault is told once. An open enumeration is closed: the server knows its values.
pub fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(json_schema).collect(),
        Value::Object(members) => {
            let open = members.contains_key("x-extensible-enum");
            let kept = |key: &str| match key {
                "nullable" => false,
                "type" => !members.contains_key("allOf"),
                "pattern" | "minLength" | "maxLength" => !open,
                _ => true,
            };
            let renamed = |key: &str| if key == "x-extensible-enum" { "enum" } else { key }.to_owned();
            let members_kept = members.iter().filter(|(key, _)| kept(key));
            let converted: Map<_, _> = members_kept.map(|(key, value)| (renamed(key), json_schema(value))).collect();
            match members.get("nullable") {
                Some(Value::Bool(true)) => json!({ "if": { "not": { "type": "null" } }, "then": converted }),
                _ => converted.into(),
            }
        }
        other => other.clone(),
    }
}

fn explain(error: &ValidationError<'_>, root: &Value) -> Vec<Fault> {
    let pointer = error.instance_path().to_string();
    let schema = parent_schema(root, error.schema_path().as_str());
    let found = excerpt(error.instance());
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let expected = description(root, &schema["properties"][name]);
            vec![Fault::at(format!("{pointer}/{}", escape(name)), sentence(format!("`{name}` is required"), expected))]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known: Vec<_> = schema["properties"]
                .as_object()
                .into_iter()
                .flat_map(Map::keys)
                .map(|name| format!("`{name}`"))
                .collect();
            let known = known.join(", ");
            let fault = |name: &String| {
                Fault::at(
                    format!("{pointer}/{}", escape(name)),
                    format!("`{}` is not known here; known are {known}.", excerpt_text(name)),
                )
            };
            unexpected.iter().map(fault).collect()
        }
        // That it is none of the known values is a fault of its own, and says more.
        ValidationErrorKind::Type { .. } if schema["enum"].is_array() => Vec::new(),
        ValidationErrorKind::Type { .. } => {
            let expected = schema["type"].as_str().map(article).unwrap_or_default();
            let described = description(root, schema);
            vec![Fault::at(pointer, sentence(format!("{found} is not {expected}"), described))]
        }
        ValidationErrorKind::Enum { options } => {
            vec![Fault::at(pointer, format!("{found} is not one of {}.", list(options)))]
        }
        ValidationErrorKind::MaxItems { limit } => {
            let count = error.instance().as_array().map_or(0, Vec::len);
            vec![Fault::at(pointer, format!("The list has {count} items; at most {limit} are taken."))]
        }
        ValidationErrorKind::MinItems { limit } => {
            vec![Fault::at(pointer, format!("The list is too short; at least {limit} items are needed."))]
        }
        ValidationErrorKind::UniqueItems => {
            vec![Fault::at(pointer, "An item stands twice in the list; each may stand once.")]
        }
        ValidationErrorKind::Minimum { limit } => {
            vec![Fault::at(pointer, format!("{found} is too small; the least is {limit}."))]
        }
        ValidationErrorKind::Maximum { limit } => {
            vec![Fault::at(pointer, format!("{found} is too great; the greatest is {limit}."))]
        }
        _ => {
            let reason = reason(schema, error.instance());
            let general = || sentence(format!("{found} is not valid here"), description(root, schema));
            vec![Fault::at(pointer, reason.unwrap_or_else(general))]
        }
    }
}

/// What is wrong with `text` in particular, where its format knows.
fn reason(schema: &Value, text: &Value) -> Option<String> {
    let text = text.as_str().filter(|_| schema["format"] == "rrule")?;
    RecurrenceRule::parse(text).err().map(|error| format!("{error}."))
}

fn parent_schema<'a>(root: &'a Value, keyword: &str) -> &'a Value {
    let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
    root.pointer(parent).unwrap_or(&Value::Null)
}

/// The description of `schema`, or of the named schema that it stands for.
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

fn list(options: &Value) -> String {
    let options: Vec<_> = options.as_array().into_iter().flatten().map(Value::to_string).collect();
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

/// `name` as one step of a JSON pointer (RFC 6901, section 3).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
