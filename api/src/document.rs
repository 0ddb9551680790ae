//! The published document: what poem-openapi generates, finished into a clean OpenAPI 3.0.3 document.
//!
//! The same bytes are checked in under `spec/`, printed by `call-acceptance openapi`, served, and shown by Swagger UI.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::{
    Apis,
    access::Rule,
    examples,
    spec_only::SpecOnly,
    wire::problem::{Fault, Problem, ProblemCode, Refusal},
};

/// The identifier of a request in examples.
const REQUEST_ID: &str = "0193a0c0-3a52-7c40-8a3e-7f2b9f6d1c55";

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

    /// Who may call it; `None` when it needs no token.
    pub fn access(&self) -> Option<Rule> {
        Rule::from_json(&self.object["x-access"])
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
    document["security"] = json!([]);
    secure(&mut document);
    order_tags(&mut document);
    slash_paths(&mut document["paths"]);
    tidy(&mut document);
    close_requests(&mut document);
    share_headers(&mut document);
    let schemas = document["components"]["schemas"].clone();
    admit_null(&mut document, &schemas);
    add_schema_examples(&mut document["components"]["schemas"]);
    for operation in operations_mut(&mut document) {
        add_examples(operation, &schemas);
        free_optional_parameters(operation, &schemas);
    }
    drop_unused_schemas(&mut document);
    document
}

/// The problems of those who are not let in to an operation.
const BEFORE_AN_OPERATION: [ProblemCode; 4] = [
    ProblemCode::Unauthenticated,
    ProblemCode::Forbidden,
    ProblemCode::TooManyAttempts,
    ProblemCode::ProviderUnavailable,
];

/// Each operation's rule of access, which its security requirement spells, becomes what OpenAPI knows: the schemes, the
/// answers of those who are not let in, and the rule itself in `x-access` and in words.
fn secure(document: &mut Value) {
    for operation in operations_mut(document) {
        let spelled = operation["security"][0].as_object().and_then(|requirement| requirement.keys().next());
        let rule = spelled.and_then(|text| serde_json::from_str(text).ok()).and_then(|rule| Rule::from_json(&rule));
        let Some(rule) = rule else { continue };
        operation["security"] = json!([{ "token": [] }, { "basic": [] }]);
        operation["x-access"] = rule.to_json();
        let description = operation["description"].as_str().unwrap_or_default().trim_end();
        operation["description"] = format!("{description}\n\n{}", rule.describe()).into();
        let Some(responses) = operation["responses"].as_object_mut() else { continue };
        for code in BEFORE_AN_OPERATION {
            let (status, title) = code.meaning();
            let told = format!("`{}`: {title}.", code.as_str());
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let answer = responses.entry(status.as_str()).or_insert_with(
                || json!({ "description": "", "content": { "application/problem+json": { "schema": schema } } }),
            );
            let known = answer["description"].as_str().unwrap_or_default();
            answer["description"] = format!("{known} {told}").trim_start().into();
        }
        responses.sort_keys();
    }
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of this server, `ca_<id>_<secret>`, or an access token (JWT) of the OpenID provider that it trusts.",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The same token as user name (`<id>`) and password (`<secret>`), for clients that can send nothing else.",
        },
    });
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
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
fn close_requests(document: &mut Value) {
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

/// Headers of answers stand once, with their bounds; an answer that asks to come back says when.
fn share_headers(document: &mut Value) {
    let headers = json!({
        "X-Request-Id": {
            "description": "Identifier of the request: the one that it came with, or a new one.",
            "required": true,
            "schema": { "type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9._:/+=@-]+$" },
            "example": REQUEST_ID,
        },
        "Retry-After": {
            "description": "Seconds to wait before the request is sent again.",
            "required": true,
            "schema": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 3600 },
            "example": 1,
        },
        "WWW-Authenticate": {
            "description": "How to say who sends the request (RFC 6750).",
            "required": true,
            "schema": { "type": "string", "maxLength": 500, "pattern": "^Bearer .*$" },
            "example": "Bearer realm=\"call-acceptance\"",
        },
        "ETag": {
            "description": "Revision of the user's service; after a write, the one that the write made.",
            "required": true,
            "schema": { "type": "string", "maxLength": 22, "pattern": "^\"[0-9]+\"$" },
            "example": "\"1764000000000000\"",
        },
        "Location": {
            "description": "Path of the new thing.",
            "required": true,
            "schema": { "type": "string", "format": "uri-reference", "maxLength": 8192, "pattern": "^/[A-Za-z0-9._~%/-]+/$" },
            "example": "/api/v1/tenants/foo/",
        },
    });
    let responses = operations_mut(document).filter_map(|operation| operation["responses"].as_object_mut()).flatten();
    for (status, response) in responses {
        let special = match status.as_str() {
            "401" => Some("WWW-Authenticate"),
            "429" | "503" => Some("Retry-After"),
            _ => None,
        };
        for name in ["X-Request-Id"].into_iter().chain(special) {
            response["headers"][name] = Value::Null;
        }
        for (name, header) in response["headers"].as_object_mut().into_iter().flatten() {
            if headers.get(name).is_some() {
                *header = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
    }
    document["components"]["headers"] = headers;
}

/// Where null is meant, all that applies admits it: `nullable` counts only beside a `type`, and only for the schema that
/// it stands in (OpenAPI 3.0.3, Schema Object). A named text is repeated in place; a named object, which clients have a
/// type for, becomes nullable itself.
fn admit_null(document: &mut Value, schemas: &Value) {
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
    let kind = Kind::of(operation);
    let answered = examples::of_answer(operation["operationId"].as_str().unwrap_or_default());
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let reference = parameter["schema"]["$ref"].as_str().unwrap_or_default().to_owned();
        let schema = named(schemas, &reference);
        if parameter.get("description").is_none() {
            parameter["description"] = schema["description"].clone();
        }
        if parameter["in"] == "path" {
            parameter["example"] = kind.example(&reference).unwrap_or_else(|| schema["example"].clone());
        }
    }
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.keys().next().cloned());
    let example_of = |schema: &Value| kind.example(schema["$ref"].as_str().unwrap_or_default()).unwrap_or_default();
    for body in operation.get_mut("requestBody").into_iter().flat_map(contents) {
        body["example"] = example_of(&body["schema"]);
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        let description = response["description"].as_str().unwrap_or_default().to_owned();
        if let Some(problem) = response.pointer_mut("/content/application~1problem+json") {
            problem["example"] = problem_example(status, &description, body.as_deref());
            continue;
        }
        for answer in contents(response) {
            answer["example"] = answered.clone().unwrap_or_else(|| example_of(&answer["schema"]));
        }
    }
}

/// The media types that a body or an answer can have.
fn contents(holder: &mut Value) -> impl Iterator<Item = &mut Value> {
    holder.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

/// Which examples an operation takes where the schema alone does not say.
enum Kind {
    Calendar,
    Icalendar,
    Other,
}

impl Kind {
    fn of(operation: &Value) -> Self {
        let id = operation["operationId"].as_str().unwrap_or_default();
        match id.contains("calendar_schedule") {
            true if id.contains("icalendar") => Self::Icalendar,
            true => Self::Calendar,
            false => Self::Other,
        }
    }

    fn example(&self, reference: &str) -> Option<Value> {
        let name = reference.rsplit('/').next().unwrap_or_default();
        match self {
            Self::Calendar => examples::of_calendar(name).or_else(|| examples::of(name)),
            Self::Icalendar => examples::of_icalendar(name).or_else(|| Self::Calendar.example(name)),
            Self::Other => examples::of(name),
        }
    }
}

/// An optional parameter has its schema in place and without an example: Swagger UI would fill it in and so send it.
fn free_optional_parameters(operation: &mut Value, schemas: &Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter["required"] == false && parameter["schema"].get("$ref").is_some() {
            let mut schema = named(schemas, parameter["schema"]["$ref"].as_str().unwrap_or_default()).clone();
            schema.as_object_mut().map(|schema| schema.remove("example"));
            parameter["schema"] = schema;
        }
    }
}

/// Schemas that nothing refers to any more are left out.
fn drop_unused_schemas(document: &mut Value) {
    let mut names = Vec::new();
    collect_references(&document["paths"], &document["components"]["schemas"], &mut names);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| names.contains(name));
    }
}

/// A problem with the first code that the answer's description names; of an invalid request, a fault in its body, which
/// is of this media type, or, where it has none, in its query.
fn problem_example(status: &str, description: &str, body: Option<&str>) -> Value {
    let code = ProblemCode::ALL.into_iter().find(|code| description.starts_with(&format!("`{}`", code.as_str())));
    let code = code.unwrap_or(ProblemCode::InternalError);
    let fault = match body {
        Some("application/json") => Fault::at("/name", "`name` is required."),
        Some(_) => Fault::on_line(4, "The event has no `DTSTART`."),
        None => Fault::of_parameter("page", "This operation does not know the query parameter \"page\"."),
    };
    let refusal = match status {
        "400" => Refusal { faults: vec![fault.clone()], ..Refusal::new(ProblemCode::InvalidRequest, fault.detail) },
        _ => Refusal::new(code, format!("{}.", code.meaning().1)),
    };
    json!(Problem::new(refusal, REQUEST_ID))
}

/// The list of operations: tag, operation id, method and path, a line each.
pub fn operations_table() -> String {
    let line = |operation: Operation<'_>| {
        let tag = operation.object["tags"][0].as_str().unwrap_or_default();
        format!("{tag:<26} {:<42} {:<7} {}\n", operation.id(), operation.method.to_uppercase(), operation.path)
    };
    operations().map(line).collect()
}
