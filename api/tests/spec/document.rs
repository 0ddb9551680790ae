//! The document as a whole.

use std::collections::BTreeSet;

use call_acceptance_api::document::{self, DOCUMENT, operations};
use serde_json::Value;

use crate::assert_none;

/// Calls `see` with every value of the document and its JSON pointer.
pub fn visit(value: &Value, pointer: &str, see: &mut impl FnMut(&str, &Value)) {
    see(pointer, value);
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                visit(item, &format!("{pointer}/{at}"), see);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                visit(member, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), see);
            }
        }
        _ => {}
    }
}

/// What `judge` finds wrong with the values of the document.
pub fn faults(mut judge: impl FnMut(&str, &Value) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    visit(&DOCUMENT, "", &mut |pointer, value| faults.extend(judge(pointer, value)));
    faults
}

#[test]
fn it_is_openapi_3_0_3() {
    assert_eq!(DOCUMENT["openapi"], "3.0.3");
}

#[test]
fn nothing_in_it_is_null_but_a_value_of_an_enumeration() {
    let is_listed = |pointer: &str| pointer.rsplit('/').nth(1) == Some("enum");
    assert_none(faults(|pointer, value| {
        (value.is_null() && !is_listed(pointer)).then(|| format!("{pointer} is null"))
    }));
}

#[test]
fn an_enumeration_has_null_just_when_it_may_be_null() {
    assert_none(faults(|pointer, value| {
        let has_null = value.get("enum")?.as_array()?.contains(&Value::Null);
        let nullable = value.get("nullable") == Some(&Value::Bool(true));
        (has_null != nullable).then(|| format!("{pointer}: null in the enumeration and `nullable` do not agree"))
    }));
}

#[test]
fn every_reference_leads_somewhere() {
    assert_none(faults(|pointer, value| {
        let reference = value.get("$ref")?.as_str()?;
        let found = reference.strip_prefix('#').and_then(|target| DOCUMENT.pointer(target));
        found.is_none().then(|| format!("{pointer} refers to {reference}, which is not there"))
    }));
}

#[test]
fn every_component_is_used() {
    let mut used = BTreeSet::new();
    visit(&DOCUMENT, "", &mut |_, value| {
        used.extend(value.get("$ref").and_then(Value::as_str).map(str::to_owned));
        let schemes = value.get("security").and_then(Value::as_array).into_iter().flatten();
        let schemes = schemes.filter_map(Value::as_object).flat_map(|requirement| requirement.keys());
        used.extend(schemes.map(|scheme| format!("#/components/securitySchemes/{scheme}")));
    });
    let components = DOCUMENT["components"].as_object().into_iter().flatten();
    let references = components.flat_map(|(section, entries)| {
        let names = entries.as_object().into_iter().flat_map(|entries| entries.keys());
        names.map(move |name| format!("#/components/{section}/{name}"))
    });
    assert_none(
        references.filter(|reference| !used.contains(reference)).map(|reference| format!("{reference} is unused")),
    );
}

/// Maximum length of the document in bytes, so that it remains easy to read, compare and send.
const MOST_BYTES: usize = 560_000;

#[test]
fn it_is_short() {
    let bytes = document::json().len();
    assert!(bytes <= MOST_BYTES, "it has {bytes} bytes; what stands in it twice belongs under `components`");
}

#[test]
fn shared_parts_are_defined_once() {
    let mut seen = BTreeSet::new();
    for operation in operations::all() {
        let object = operation.object();
        let parameters = object["parameters"].as_array().into_iter().flatten();
        let answers = object["responses"].as_object().into_iter().flat_map(|answers| answers.values());
        for part in parameters.chain(answers).filter(|part| part.get("$ref").is_none()) {
            assert!(seen.insert(part.to_string()), "{} repeats {part}", operation.id);
        }
    }
}

#[test]
fn media_types_are_bare() {
    assert_none(faults(|pointer, value| {
        let media_type = value.get("content")?.as_object()?.keys().find(|media_type| media_type.contains(';'))?;
        Some(format!("{pointer} has the media type {media_type:?} with a parameter"))
    }));
}

#[test]
fn tags_are_described_and_stand_in_the_order_of_their_operations() {
    let tags = DOCUMENT["tags"].as_array().expect("the document has tags");
    let undescribed = tags.iter().filter(|tag| !tag["description"].as_str().is_some_and(|text| text.ends_with('.')));
    assert_none(undescribed.map(|tag| format!("tag {} has no description of whole sentences", tag["name"])));
    let mut used: Vec<&str> = operations::all().iter().map(|operation| operation.tag).collect();
    used.dedup();
    assert_eq!(tags.iter().map(|tag| &tag["name"]).collect::<Vec<_>>(), used);
}

#[test]
fn descriptions_have_no_line_ends_within_a_paragraph() {
    assert_none(faults(|pointer, value| {
        let description = value.get("description")?.as_str()?;
        description.replace("\n\n", "").contains('\n').then(|| format!("{pointer}/description: {description:?}"))
    }));
}
