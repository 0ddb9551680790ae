//! What poem-openapi generates is made clean: names and numbers as people write them, and schemas that say what they
//! mean.

use serde_json::{Map, Value};

use super::walk::{operations_mut, referred};

/// The whole document in the form that is published: tags and paths in order, names, numbers and texts as they are
/// read.
pub(super) fn tidy_all(document: &mut Value) {
    order_tags(document);
    slash_paths(&mut document["paths"]);
    tidy(document);
}

/// The tags stand in the order of their operations, which is that of the docs page; poem-openapi sorts them by name.
fn order_tags(document: &mut Value) {
    let used: Vec<Value> = operations_mut(document).map(|operation| operation["tags"][0].clone()).collect();
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.sort_by_key(|tag| used.iter().position(|name| *name == tag["name"]));
    }
}

/// The paths of the API end with a slash, which poem-openapi takes off.
fn slash_paths(paths: &mut Value) {
    let unslashed = std::mem::take(paths);
    let slashed = unslashed.as_object().into_iter().flatten().map(|(path, item)| match path.starts_with("/api/") {
        true => (format!("{}/", path.trim_end_matches('/')), item.clone()),
        false => (path.clone(), item.clone()),
    });
    *paths = slashed.collect::<Map<_, _>>().into();
}

/// Header names as people write them, whole numbers without a fraction, descriptions without the line ends of the
/// source, a reference bare of what only repeats it, and nothing said that goes without saying.
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

/// Paragraphs on one line each: the docs page shows every line end as a break.
fn unwrap_paragraphs(text: &str) -> String {
    let paragraphs: Vec<_> = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    paragraphs.join("\n\n")
}

/// The reference that an `allOf` wraps, unless what stands beside it matters: in OpenAPI 3.0 nothing may stand beside
/// a bare one.
fn bare_reference(members: &Map<String, Value>) -> Option<Value> {
    let parts = members.get("allOf")?.as_array()?;
    let reference = parts.first().filter(|part| part.get("$ref").is_some())?;
    let described = |part: &Value| part.as_object().is_some_and(|part| part.keys().all(|key| key == "description"));
    let matters = members.keys().any(|key| key != "allOf" && key != "description");
    (!matters && parts[1..].iter().all(described)).then(|| reference.clone())
}

/// What a request may not say is refused, and so the schemas of requests are closed.
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

/// Where null is meant, all that applies admits it: `nullable` counts only beside a `type`, and only for the schema
/// that it stands in (OpenAPI 3.0.3, Schema Object). A named text is repeated in place; a named object, which clients
/// have a type for, becomes nullable itself.
pub(super) fn admit_null(document: &mut Value, schemas: &Value) {
    let mut objects = Vec::new();
    admit_null_in(document, schemas, &mut objects);
    for name in objects {
        let object = &mut document["components"]["schemas"][&name];
        object["nullable"] = true.into();
        // Generators that make an optional type of the name take the title for what is in it.
        object["title"] = format!("{name}Value").into();
    }
}

fn admit_null_in(value: &mut Value, schemas: &Value, objects: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| admit_null_in(item, schemas, objects)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| admit_null_in(member, schemas, objects));
            let Some(reference) = members.get("nullable").and_then(|_| members["allOf"][0]["$ref"].as_str()) else {
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

/// A set of values that has a pattern too is open (see [`crate::value::open_enum`]): generators of clients would close
/// an `enum`.
pub(super) fn open_enumerations(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(schema) = schema.as_object_mut().filter(|schema| schema.contains_key("pattern")) else { continue };
        if let Some(values) = schema.shift_remove("enum") {
            schema.insert("x-extensible-enum".to_owned(), values);
        }
    }
}

/// An optional parameter has its schema in place and without an example: Swagger UI would fill it in and so send it.
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

/// Schemas that nothing refers to any more are left out.
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
