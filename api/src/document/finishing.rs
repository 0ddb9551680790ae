//! Cleans up the document that poem-openapi generates: conventional names and numbers, and precise schemas.

use serde_json::{Map, Value};

use super::walk::{operations_mut, referred};

/// Cleans up the whole document: the order of tags and paths, and the form of names, numbers and texts.
pub(super) fn tidy_all(document: &mut Value) {
    order_tags(document);
    slash_paths(&mut document["paths"]);
    tidy(document);
}

/// Sorts the tags in the order of their operations, as the documentation page shows them; poem-openapi sorts them by
/// name.
fn order_tags(document: &mut Value) {
    let used: Vec<Value> = operations_mut(document).map(|operation| operation["tags"][0].clone()).collect();
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.sort_by_key(|tag| used.iter().position(|name| *name == tag["name"]));
    }
}

/// Restores the slash at the end of paths, which poem-openapi removes.
fn slash_paths(paths: &mut Value) {
    let unslashed = std::mem::take(paths);
    let slashed = unslashed.as_object().into_iter().flatten().map(|(path, item)| match path.starts_with("/api/") {
        true => (format!("{}/", path.trim_end_matches('/')), item.clone()),
        false => (path.clone(), item.clone()),
    });
    *paths = slashed.collect::<Map<_, _>>().into();
}

/// Writes header names in their usual case, integers without a fraction and descriptions without the source's line
/// breaks; removes wrappers around references and members that only state a default.
fn tidy(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0) {
                *value = (whole as i64).into();
            }
        }
        Value::Object(members) => {
            for (shouted, name) in [("ETAG", "ETag"), ("LOCATION", "Location"), ("X-REQUEST-ID", "X-Request-Id")] {
                if let Some(header) = members.remove(shouted) {
                    members.insert(name.to_owned(), header);
                }
            }
            members.retain(|key, value| {
                !matches!((key.as_str(), &*value), ("deprecated", Value::Bool(false)) | ("explode", Value::Bool(true)))
            });
            if let Some(Value::String(description)) = members.get_mut("description") {
                *description = unwrap_paragraphs(description);
            }
            members.values_mut().for_each(tidy);
            if let Some(reference) = bare_reference(members) {
                *value = reference;
            }
        }
        _ => {}
    }
}

/// Joins the lines of paragraphs, since the documentation page renders every line break.
fn unwrap_paragraphs(text: &str) -> String {
    let paragraphs: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    paragraphs.join("\n\n")
}

/// The reference that an `allOf` wraps, unless its siblings matter: in OpenAPI 3.0 a bare reference has no siblings.
fn bare_reference(members: &Map<String, Value>) -> Option<Value> {
    let parts = members.get("allOf")?.as_array()?;
    let reference = parts.first().filter(|part| part.get("$ref").is_some())?;
    let described = |part: &Value| part.as_object().is_some_and(|part| part.keys().all(|key| key == "description"));
    let matters = members.keys().any(|key| key != "allOf" && key != "description");
    (!matters && parts[1..].iter().all(described)).then(|| reference.clone())
}

/// Closes the schemas of requests, since unknown members are refused.
pub(super) fn close_requests(document: &mut Value) {
    let bodies: Vec<Value> =
        operations_mut(document).filter_map(|operation| operation.get("requestBody").cloned()).collect();
    let mut names = Vec::new();
    for body in &bodies {
        collect_references(body, &document["components"]["schemas"], &mut names);
    }
    for name in names {
        let schema = &mut document["components"]["schemas"][&name];
        if schema["type"] == "object" {
            schema["additionalProperties"] = false.into();
        }
    }
}

fn collect_references(value: &Value, schemas: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, schemas, names)),
        Value::Object(members) => {
            for (key, member) in members {
                let reference = member.as_str().filter(|_| key == "$ref");
                let name = reference.and_then(|reference| reference.strip_prefix("#/components/schemas/"));
                match name {
                    Some(name) if !names.iter().any(|known| known == name) => {
                        names.push(name.to_owned());
                        collect_references(&schemas[name], schemas, names);
                    }
                    Some(_) => {}
                    None => collect_references(member, schemas, names),
                }
            }
        }
        _ => {}
    }
}

/// Makes nullable schemas effective: `nullable` counts only beside a `type` and only for the schema that it is in
/// (OpenAPI 3.0.3, Schema Object). A referenced text is repeated in place; a referenced object, for which clients have
/// a type, becomes nullable itself.
pub(super) fn admit_null(document: &mut Value, schemas: &Value) {
    let mut objects = Vec::new();
    admit_null_in(document, schemas, &mut objects);
    for name in objects {
        let object = &mut document["components"]["schemas"][&name];
        object["nullable"] = true.into();
        // Generators that derive an optional type from the name use the title for the inner type.
        object["title"] = format!("{name}Value").into();
    }
}

fn admit_null_in(value: &mut Value, schemas: &Value, objects: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| admit_null_in(item, schemas, objects)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| admit_null_in(member, schemas, objects));
            let Some(reference) = members.get("nullable").and_then(|_| members.get("allOf")?[0]["$ref"].as_str())
            else {
                return;
            };
            let wrapped = named(schemas, reference);
            match wrapped["type"] == "object" {
                true => {
                    objects.extend(reference.rsplit('/').next().map(str::to_owned));
                    members.insert("type".to_owned(), "object".into());
                }
                false => repeat_in_place(members, wrapped),
            }
        }
        _ => {}
    }
}

fn repeat_in_place(members: &mut Map<String, Value>, wrapped: &Value) {
    members.remove("allOf");
    for (key, value) in wrapped.as_object().into_iter().flatten().filter(|(key, _)| *key != "title") {
        match (members.get_mut(key), value) {
            (Some(Value::String(own)), Value::String(more)) => *own = format!("{own} {more}"),
            _ => _ = members.insert(key.clone(), value.clone()),
        }
    }
    if let Some(values) = members.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
}

fn named<'a>(schemas: &'a Value, reference: &str) -> &'a Value {
    &schemas[reference.rsplit('/').next().unwrap_or_default()]
}

/// Opens enumerations: a set of values with a pattern is open (see [`crate::value::open_enum`]), and an `enum` would be
/// closed in generated clients.
pub(super) fn open_enumerations(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(schema) = schema.as_object_mut().filter(|schema| schema.contains_key("pattern")) else { continue };
        if let Some(values) = schema.shift_remove("enum") {
            schema.insert("x-extensible-enum".to_owned(), values);
        }
    }
}

/// Inlines the schemas of optional parameters, without examples: Swagger UI would fill in the example and send it.
pub(super) fn free_optional_parameters(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let shared = document["components"]["parameters"].as_object_mut().into_iter().flat_map(Map::values_mut);
    shared.for_each(|parameter| free_optional(parameter, &schemas));
    for operation in operations_mut(document) {
        let own = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        own.for_each(|parameter| free_optional(parameter, &schemas));
    }
}

fn free_optional(parameter: &mut Value, schemas: &Value) {
    let name = referred(&parameter["schema"]);
    if parameter["required"] == false && !name.is_empty() {
        let mut schema = schemas[name].clone();
        schema.as_object_mut().map(|schema| schema.shift_remove("example"));
        parameter["schema"] = schema;
    }
}

/// Removes schemas that nothing refers to.
pub(super) fn drop_unused_schemas(document: &mut Value) {
    let mut names = Vec::new();
    for part in ["/paths", "/components/parameters", "/components/responses"] {
        let part = document.pointer(part).unwrap_or(&Value::Null);
        collect_references(part, &document["components"]["schemas"], &mut names);
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| names.contains(name));
    }
}
