//! Every operation has what readers and generators of clients need.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use call_acceptance_api::{
    document::{
        self, DOCUMENT,
        operations::{self, Operation, Place},
    },
    wire::{problem::ProblemCode, validation},
};
use jsonschema::Validator;
use poem::http::Method;
use serde_json::{Map, Value, json};

use crate::assert_none;

/// What `judge` finds wrong with the operations, each fault with its operation.
fn faults<F>(judge: impl Fn(&'static Operation) -> F) -> Vec<String>
where
    F: IntoIterator<Item = String>,
{
    let of = |operation: &'static Operation| {
        let name = format!("{} {} ({})", operation.method, operation.path, operation.id);
        judge(operation).into_iter().map(move |fault| format!("{name}: {fault}")).collect::<Vec<_>>()
    };
    operations::all().iter().flat_map(of).collect()
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &'static Value> + use<> {
    operation.object().get("parameters").and_then(Value::as_array).into_iter().flatten().map(document::resolve)
}

fn responses(operation: &Operation) -> impl Iterator<Item = (&'static String, &'static Value)> + use<> {
    let responses = operation.object()["responses"].as_object().into_iter().flat_map(Map::iter);
    responses.map(|(status, response)| (status, document::resolve(response)))
}

fn media_types(holder: &Value) -> impl Iterator<Item = (&String, &Value)> {
    holder.get("content").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The validator of a schema that may refer to others, compiled once.
fn validator(schema: &Value) -> Arc<Validator> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let compile = || {
        let mut schema = validation::json_schema(schema);
        schema["components"] = json!({ "schemas": validation::json_schema(&DOCUMENT["components"]["schemas"]) });
        Arc::new(validation::compile(&schema).expect("a schema of the document compiles"))
    };
    COMPILED.lock().expect("no test panics with the lock").entry(schema.to_string()).or_insert_with(compile).clone()
}

/// What is wrong with the examples of a parameter, a header or a media type by its schema.
fn example_fault(holder: &Value) -> Option<String> {
    let named = holder["examples"].as_object().into_iter().flatten();
    let examples: Vec<&Value> = holder
        .get("example")
        .into_iter()
        .chain(named.map(|(_, example)| &document::resolve(example)["value"]))
        .collect();
    if examples.is_empty() {
        return Some("has no example".to_owned());
    }
    let validator = validator(&holder["schema"]);
    let error = examples.into_iter().find_map(|example| validator.iter_errors(example).next())?;
    Some(format!("its example breaks its schema at {:?}: {error}", error.instance_path().to_string()))
}

#[test]
fn identifiers_are_snake_case_and_unique() {
    let snake_case = |id: &str| {
        let words = id.split('_').all(|word| !word.is_empty());
        words && id.chars().all(|character| character.is_ascii_lowercase() || character == '_')
    };
    assert_none(faults(|operation| (!snake_case(operation.id)).then(|| "its identifier is not snake_case".to_owned())));
    let mut seen = BTreeSet::new();
    let twice = operations::all().iter().map(|operation| operation.id).filter(|id| !seen.insert(*id));
    assert_none(twice.map(|id| format!("{id} stands twice")));
}

#[test]
fn summaries_are_short_and_have_no_full_stop() {
    assert_none(faults(|operation| {
        let summary = text(operation.object(), "summary");
        let right = !summary.is_empty() && summary.chars().count() <= 80 && !summary.ends_with('.');
        (!right).then(|| format!("summary {summary:?}"))
    }));
}

#[test]
fn descriptions_are_whole_sentences() {
    assert_none(faults(|operation| {
        let description = text(operation.object(), "description");
        (!description.ends_with('.')).then(|| format!("description {description:?}"))
    }));
}

#[test]
fn each_has_one_tag_that_the_document_declares() {
    let declared: Vec<&Value> = DOCUMENT["tags"].as_array().into_iter().flatten().map(|tag| &tag["name"]).collect();
    assert_none(faults(|operation| {
        let tags = operation.object()["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
        let right = matches!(tags, [tag] if declared.contains(&tag));
        (!right).then(|| format!("tags {tags:?}"))
    }));
}

#[test]
fn paths_start_with_the_version_and_end_with_a_slash() {
    assert_none(faults(|operation| {
        let of_the_api = operation.path.starts_with("/api/v1/") && operation.path.ends_with('/');
        (!of_the_api && !operation.path.starts_with("/health/")).then(|| "its path".to_owned())
    }));
}

#[test]
fn parameters_are_those_of_the_path_and_described() {
    assert_none(faults(|operation| {
        let in_path: Vec<&str> =
            operation.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
        let declared: Vec<&str> = operation.parameters_in(Place::Path).map(|parameter| parameter.name).collect();
        let mut faults = Vec::new();
        if in_path != declared {
            faults.push(format!("its path has the parameters {in_path:?}, it declares {declared:?}"));
        }
        for parameter in parameters(operation) {
            let name = text(parameter, "name");
            if !text(parameter, "description").ends_with('.') {
                faults.push(format!("parameter {name} has no description of whole sentences"));
            }
            if !parameter.get("schema").is_some_and(Value::is_object) {
                faults.push(format!("parameter {name} has no schema"));
            }
        }
        faults
    }));
}

#[test]
fn path_parameters_have_examples_that_pass() {
    assert_none(faults(|operation| {
        let in_path = parameters(operation).filter(|parameter| parameter["in"] == "path");
        let fault = |parameter| Some(format!("parameter {} {}", text(parameter, "name"), example_fault(parameter)?));
        in_path.filter_map(fault).collect::<Vec<_>>()
    }));
}

#[test]
fn bodies_have_examples_that_pass() {
    assert_none(faults(|operation| {
        let body = operation.object().get("requestBody");
        let fault = |(media_type, content)| Some(format!("body {media_type} {}", example_fault(content)?));
        body.into_iter().flat_map(media_types).filter_map(fault).collect::<Vec<_>>()
    }));
}

#[test]
fn answers_are_described_and_have_examples_that_pass() {
    assert_none(faults(|operation| {
        let fault = |(status, response): (&String, &Value)| {
            let undescribed = text(response, "description").is_empty();
            let described = undescribed.then(|| format!("answer {status} has no description"));
            let examples = media_types(response)
                .filter_map(|(media_type, content)| {
                    Some(format!("answer {status} {media_type} {}", example_fault(content)?))
                })
                .collect::<Vec<_>>();
            described.into_iter().chain(examples)
        };
        responses(operation).flat_map(fault).collect::<Vec<_>>()
    }));
}

#[test]
fn errors_have_an_example_for_each_of_their_codes() {
    assert_none(faults(|operation| {
        let errors = responses(operation).filter(|(status, _)| status.starts_with(['4', '5']));
        let fault = |(status, response): (&String, &Value)| {
            let named = ProblemCode::named_in(text(response, "description"));
            let examples =
                response["content"]["application/problem+json"]["examples"].as_object().into_iter().flatten();
            let shown: BTreeSet<&str> = examples
                .map(|(_, example)| &document::resolve(example)["value"])
                .filter(|problem| problem["status"].as_u64() == status.parse().ok())
                .map(|problem| text(problem, "code"))
                .collect();
            let right = !named.is_empty() && shown == named.iter().map(|code| code.as_str()).collect();
            (!right).then(|| format!("answer {status} names {named:?}, and has examples of {shown:?}"))
        };
        errors.filter_map(fault).collect::<Vec<_>>()
    }));
}

#[test]
fn every_answer_carries_the_request_identifier() {
    assert_none(faults(|operation| {
        let without = responses(operation).filter(|(_, response)| response["headers"].get("X-Request-Id").is_none());
        without.map(|(status, _)| format!("answer {status} has no X-Request-Id")).collect::<Vec<_>>()
    }));
}

#[test]
fn headers_have_examples_that_pass() {
    let headers = DOCUMENT["components"]["headers"].as_object().into_iter().flatten();
    assert_none(headers.filter_map(|(name, header)| Some(format!("header {name} {}", example_fault(header)?))));
}

#[test]
fn examples_of_schemas_pass() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().into_iter().flatten();
    let with_example = schemas.filter(|(_, schema)| schema.get("example").is_some());
    assert_none(with_example.filter_map(|(name, schema)| {
        let holder =
            json!({ "schema": { "$ref": format!("#/components/schemas/{name}") }, "example": schema["example"] });
        Some(format!("schema {name}: {}", example_fault(&holder)?))
    }));
}

#[test]
fn each_operation_under_api_states_its_access_rule_and_refusals() {
    assert_none(faults(|operation| {
        let secured = operation.object()["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
        let answers = ["401", "403", "429"].map(|status| operation.answer(status).is_some());
        let right = match operation.path.starts_with("/api/") {
            true => operation.access.is_some() && secured && answers == [true; 3],
            false => operation.access.is_none() && !secured && answers == [false; 3],
        };
        (!right).then(|| "its rule of access, its security and its answers 401, 403 and 429 do not agree".to_owned())
    }));
}

#[test]
fn operations_that_change_something_are_closed_to_read_only_tokens() {
    assert_none(faults(|operation| {
        let asks = operation.path.ends_with("/decision/") || operation.path.ends_with("/decisions/");
        let asks = asks || operation.path.ends_with("/preview/");
        let changes = operation.method != Method::GET && !asks;
        let wrong = operation.access.is_some_and(|rule| rule.changes() != changes);
        wrong.then(|| "its rule of access".to_owned())
    }));
}
