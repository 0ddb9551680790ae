//! Every schema is closed where it must be, and has bounds.

use std::collections::BTreeSet;

use call_acceptance_api::document::{DOCUMENT, operations};
use serde_json::{Map, Value};

use crate::{
    assert_none,
    document::{faults as faults_of_values, visit},
};

/// Every schema of the document with its JSON pointer: the named ones, those of parameters, headers and media types,
/// and those inside of them; never what an example says.
fn schemas() -> Vec<(String, &'static Value)> {
    let mut found = Vec::new();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().into_iter().flatten() {
        collect(schema, format!("/components/schemas/{name}"), &mut found);
    }
    let mut pointers = Vec::new();
    visit(&DOCUMENT, "", &mut |pointer, _| {
        if pointer.ends_with("/schema") {
            pointers.push(pointer.to_owned());
        }
    });
    for pointer in pointers {
        let schema = DOCUMENT.pointer(&pointer).expect("a value that was seen is there");
        collect(schema, pointer, &mut found);
    }
    found
}

fn collect(schema: &'static Value, pointer: String, found: &mut Vec<(String, &'static Value)>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter) {
        collect(property, format!("{pointer}/properties/{name}"), found);
    }
    if let Some(items) = schema.get("items") {
        collect(items, format!("{pointer}/items"), found);
    }
    for (at, part) in schema.get("allOf").and_then(Value::as_array).into_iter().flatten().enumerate() {
        collect(part, format!("{pointer}/allOf/{at}"), found);
    }
    found.push((pointer, schema));
}

/// The faults that `judge` finds in schemas with a type of their own; a wrapper has the bounds of what it wraps.
fn faults(judge: impl Fn(&str, &Value) -> Option<String>) -> Vec<String> {
    let own = schemas().into_iter().filter(|(_, schema)| schema.get("allOf").is_none());
    own.filter_map(|(pointer, schema)| judge(&pointer, schema).map(|fault| format!("{pointer}: {fault}"))).collect()
}

fn has(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).is_some()
}

/// The names of the schemas that `value` refers to, and of those that they refer to.
fn reachable(value: &Value, names: &mut BTreeSet<String>) {
    let mut next = Vec::new();
    visit(value, "", &mut |_, value| {
        let reference = value.get("$ref").and_then(Value::as_str);
        next.extend(reference.and_then(|reference| reference.rsplit('/').next()).map(str::to_owned));
    });
    let new: Vec<String> = next.into_iter().filter(|name| names.insert(name.clone())).collect();
    for name in new {
        reachable(&DOCUMENT["components"]["schemas"][&name], names);
    }
}

/// The names of the schemas that a request can bring: in its body or a parameter.
fn requested() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for operation in operations::all() {
        for part in ["requestBody", "parameters"] {
            reachable(&operation.object()[part], &mut names);
        }
    }
    names
}

#[test]
fn requests_are_closed() {
    let open = requested().into_iter().filter(|name| {
        let schema = &DOCUMENT["components"]["schemas"][name];
        schema["type"] == "object" && schema.get("additionalProperties") != Some(&Value::Bool(false))
    });
    assert_none(open.map(|name| format!("{name} takes members that it does not name")));
}

#[test]
fn objects_are_named() {
    assert_none(faults(|pointer, schema| {
        let named = pointer.strip_prefix("/components/schemas/").is_some_and(|name| !name.contains('/'));
        (schema["type"] == "object" && !named).then(|| "an object without a name of its own".to_owned())
    }));
}

#[test]
fn named_schemas_and_their_members_are_described() {
    let named = DOCUMENT["components"]["schemas"].as_object().into_iter().flatten();
    assert_none(named.flat_map(|(name, schema)| {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter);
        let members = properties.map(move |(member, schema)| (format!("{name}.{member}"), schema));
        let all = std::iter::once((name.clone(), schema)).chain(members);
        let undescribed = all.filter(|(_, schema)| {
            !has(schema, "$ref") && !schema["description"].as_str().is_some_and(|text| text.ends_with('.'))
        });
        undescribed.map(|(name, _)| format!("{name} has no description of whole sentences")).collect::<Vec<_>>()
    }));
}

#[test]
fn strings_have_a_maximum_length_or_a_set_of_values() {
    assert_none(faults(|_, schema| {
        let bounded = has(schema, "maxLength") || has(schema, "enum");
        (schema["type"] == "string" && !bounded).then(|| "a string of any length".to_owned())
    }));
}

/// Only what the server writes may be free text.
#[test]
fn strings_of_requests_have_a_pattern_or_a_set_of_values() {
    let requested = requested();
    assert_none(faults(|pointer, schema| {
        let name = pointer.strip_prefix("/components/schemas/").and_then(|rest| rest.split('/').next());
        let of_a_request = match name {
            Some(name) => requested.contains(name),
            None => pointer.contains("/parameters/") || pointer.contains("/requestBody/"),
        };
        let said = has(schema, "pattern") || has(schema, "enum");
        (of_a_request && schema["type"] == "string" && !said).then(|| "a string of any characters".to_owned())
    }));
}

#[test]
fn lists_have_a_maximum_length() {
    assert_none(faults(|_, schema| {
        (schema["type"] == "array" && !has(schema, "maxItems")).then(|| "a list of any length".to_owned())
    }));
}

#[test]
fn integers_have_a_format_and_bounds() {
    assert_none(faults(|_, schema| {
        let bounded = ["format", "minimum", "maximum"].iter().all(|keyword| has(schema, keyword));
        (schema["type"] == "integer" && !bounded).then(|| "an integer without a format or bounds".to_owned())
    }));
}

#[test]
fn nullable_stands_beside_a_type() {
    let untyped = schemas().into_iter().filter(|(_, schema)| has(schema, "nullable") && !schema["type"].is_string());
    assert_none(untyped.map(|(pointer, _)| format!("{pointer}: nullable without a type")));
}

#[test]
fn schemas_referenced_by_a_nullable_one_admit_null() {
    let schemas = schemas().into_iter().filter(|(_, schema)| has(schema, "nullable") && has(schema, "allOf"));
    let strict = schemas.filter(|(_, schema)| {
        let target = schema["allOf"][0]["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(&reference[1..]));
        target.is_none_or(|target| target["nullable"] != true)
    });
    assert_none(strict.map(|(pointer, _)| format!("{pointer}: refers to what is never null")));
}

#[test]
fn what_admits_null_is_referred_to_only_where_null_is_meant() {
    assert_none(faults_of_values(|pointer, value| {
        let reference = value.get("$ref")?.as_str()?;
        let nullable = DOCUMENT.pointer(&reference[1..])?["nullable"] == true;
        let meant = pointer
            .strip_suffix("/allOf/0")
            .and_then(|wrapper| DOCUMENT.pointer(wrapper))
            .is_some_and(|wrapper| wrapper["nullable"] == true);
        (nullable && !meant).then(|| format!("{pointer}: refers to {reference}, which admits null"))
    }));
}

#[test]
fn nothing_in_responses_is_nullable() {
    let mut answered = BTreeSet::new();
    for operation in operations::all() {
        reachable(&operation.object()["responses"], &mut answered);
    }
    let nullable = schemas().into_iter().filter(|(pointer, schema)| {
        let name = pointer.strip_prefix("/components/schemas/").and_then(|rest| rest.split('/').next());
        has(schema, "nullable") && name.is_some_and(|name| answered.contains(name))
    });
    assert_none(nullable.map(|(pointer, _)| format!("{pointer}: left out, never null")));
}

#[test]
fn there_are_no_unions() {
    assert_none(faults_of_values(|pointer, value| {
        let keyword = ["oneOf", "anyOf", "not", "discriminator"].into_iter().find(|keyword| has(value, keyword))?;
        Some(format!("{pointer} has {keyword}"))
    }));
}

#[test]
fn nothing_stands_beside_a_reference() {
    assert_none(faults_of_values(|pointer, value| {
        let members = value.as_object().filter(|members| members.contains_key("$ref"))?;
        (members.len() > 1).then(|| format!("{pointer}: {value}"))
    }));
}
