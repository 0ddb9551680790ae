//! The published document: what poem-openapi generates, finished into a clean OpenAPI 3.0.3 document.
//!
//! The same bytes are checked in under `spec/`, printed by `call-acceptance openapi`, served, and shown by Swagger UI.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::{
    Apis, examples,
    problem::{Fault, Problem, ProblemCode, Refusal},
    spec_only::SpecOnly,
};

/// The published document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let generated = crate::service(SpecOnly::<Apis>::default()).spec();
    finish(serde_json::from_str(&generated).expect("poem-openapi generates JSON"))
});

/// The published document as JSON, indented, with a line end behind it.
pub fn json() -> String {
    format!("{:#}\n", *DOCUMENT)
}

/// The published document as YAML.
pub fn yaml() -> String {
    serde_saphyr::to_string(&*DOCUMENT).expect("a JSON document can be written as YAML")
}

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The path with its parameters in braces.
    pub path: &'a str,
    /// The method in small letters.
    pub method: &'a str,
    /// The operation object.
    pub object: &'a Value,
}

impl<'a> Operation<'a> {
    /// The operation's identifier.
    pub fn id(&self) -> &'a str {
        self.object["operationId"].as_str().unwrap_or_default()
    }

    /// The operation's parameters that stand at `place`: `path`, `query` or `header`.
    pub fn parameters(&self, place: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        let parameters = self.object["parameters"].as_array().into_iter().flatten();
        parameters.filter(move |parameter| parameter["in"] == place).filter_map(|parameter| parameter["name"].as_str())
    }
}

/// Every operation of the document, in its order.
pub fn operations() -> impl Iterator<Item = Operation<'static>> {
    let paths = DOCUMENT["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(|(method, object)| Operation { path, method, object })
    })
}

/// Turns the generated document into the published one: OpenAPI 3.0.3, no wrappers around references, `nullable`
/// beside a type, closed request schemas, shared headers, and an example for every parameter, body and answer.
fn finish(mut document: Value) -> Value {
    document["openapi"] = "3.0.3".into();
    slash_paths(&mut document["paths"]);
    tidy(&mut document);
    close_requests(&mut document);
    share_headers(&mut document);
    let schemas = document["components"]["schemas"].clone();
    type_nullables(&mut document, &schemas);
    add_schema_examples(&mut document["components"]["schemas"]);
    let operations = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        add_examples(operation, &schemas);
    }
    document
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

/// Header names as people write them, whole numbers without a fraction, a reference bare of what only repeats it, and
/// nothing said that goes without saying.
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
            members
                .retain(|key, value| !(key == "deprecated" && value == &false || key == "explode" && value == &true));
            members.values_mut().for_each(tidy);
            if let Some(reference) = bare_reference(members) {
                *value = reference;
            }
        }
        _ => {}
    }
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
fn close_requests(document: &mut Value) {
    let bodies = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flat_map(Map::values);
    let mut names = Vec::new();
    for operation in bodies {
        collect_references(&operation["requestBody"], &document["components"]["schemas"], &mut names);
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
                let name = member.as_str().filter(|_| key == "$ref").and_then(|reference| reference.rsplit('/').next());
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

/// Headers that many answers have stand once; an answer that asks to come back says when.
fn share_headers(document: &mut Value) {
    let integer = json!({ "type": "integer", "format": "int32", "minimum": 1 });
    let request_id = json!({ "type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._:/+=@-]+$" });
    document["components"]["headers"] = json!({
        "X-Request-Id": { "description": "Identifier of the request: the one that it came with, or a new one.", "required": true, "schema": request_id },
        "Retry-After": { "description": "Seconds to wait before the request is sent again.", "required": true, "schema": integer },
    });
    let operations = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for (status, response) in operations.filter_map(|operation| operation["responses"].as_object_mut()).flatten() {
        response["headers"]["X-Request-Id"] = json!({ "$ref": "#/components/headers/X-Request-Id" });
        if status == "503" {
            response["headers"]["Retry-After"] = json!({ "$ref": "#/components/headers/Retry-After" });
        }
    }
}

/// `nullable` counts only beside a `type` (OpenAPI 3.0.3, Schema Object), and so it takes that of what it wraps.
fn type_nullables(value: &mut Value, schemas: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| type_nullables(item, schemas)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| type_nullables(member, schemas));
            if members.contains_key("nullable") && !members.contains_key("type") {
                let kind =
                    members["allOf"][0]["$ref"].as_str().map(|reference| named(schemas, reference)["type"].clone());
                members.insert("type".to_owned(), kind.unwrap_or_default());
            }
        }
        _ => {}
    }
}

fn named<'a>(schemas: &'a Value, reference: &str) -> &'a Value {
    &schemas[reference.rsplit('/').next().unwrap_or_default()]
}

fn add_schema_examples(schemas: &mut Value) {
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if let Some(example) = examples::of(name) {
            schema["example"] = example;
        }
    }
}

fn add_examples(operation: &mut Value, schemas: &Value) {
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        let reference = parameter["schema"]["$ref"].as_str().unwrap_or_default();
        let schema = named(schemas, reference);
        if parameter["description"].is_null() {
            parameter["description"] = schema["description"].clone();
        }
        if parameter["in"] == "path" {
            parameter["example"] = schema["example"].clone();
        }
    }
    if let Some(content) = operation.get_mut("requestBody") {
        content["content"]["application/json"]["example"] =
            example_of(&content["content"]["application/json"]["schema"]);
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response.pointer("/content/application~1problem+json").is_some() {
            let description = response["description"].as_str().unwrap_or_default();
            let example = problem_example(status, description);
            response["content"]["application/problem+json"]["example"] = example;
        } else if response.get("content").is_some_and(|content| content.get("application/json").is_some()) {
            response["content"]["application/json"]["example"] =
                example_of(&response["content"]["application/json"]["schema"]);
        }
    }
}

fn example_of(schema: &Value) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.and_then(examples::of).unwrap_or_default()
}

/// A problem with the first code that the answer's description names.
fn problem_example(status: &str, description: &str) -> Value {
    let code = ProblemCode::ALL.into_iter().find(|code| description.starts_with(&format!("`{}`", code.as_str())));
    let code = code.unwrap_or(ProblemCode::InternalError);
    let (detail, faults) = match code {
        ProblemCode::InvalidRequest | ProblemCode::MalformedJson if status == "400" => (
            "\"+32 2\" is not valid here.".to_owned(),
            vec![Fault::at("/fromDnCriteria/phoneNumbers/3", "\"+32 2\" is not valid here.")],
        ),
        code => (format!("{}.", code.meaning().1), Vec::new()),
    };
    let code = if faults.is_empty() { code } else { ProblemCode::InvalidRequest };
    json!(Problem::new(Refusal { code, detail, faults }, "0193a0c0-3a52-7c40-8a3e-7f2b9f6d1c55"))
}

/// The list of operations: tag, operation id, method and path, a line each.
pub fn operations_table() -> String {
    let line = |operation: Operation<'_>| {
        let tag = operation.object["tags"][0].as_str().unwrap_or_default();
        format!("{tag:<26} {:<38} {:<7} {}\n", operation.id(), operation.method.to_uppercase(), operation.path)
    };
    operations().map(line).collect()
}
